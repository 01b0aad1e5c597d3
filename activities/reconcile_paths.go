package activities

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// lookAtPaths compares what consumers of some keys read with what the registry
// says they do, a few at a time.
func (r *reconciliation) lookAtPaths(ctx context.Context, keys []keyturn.Key) error {
	found := make([]*registry.Finding, len(keys))
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(4)
	for n := range keys {
		group.Go(func() (err error) {
			found[n], err = r.lookAtPath(inner, &keys[n])
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for _, f := range found {
		if f == nil {
			continue
		}
		if err := r.found(ctx, *f); err != nil {
			return err
		}
	}
	return nil
}

// lookAtPath returns what is wrong with what consumers of a key read; nil if
// nothing is, or if the key has changed meanwhile.
func (r *reconciliation) lookAtPath(ctx context.Context, k *keyturn.Key) (*registry.Finding, error) {
	f, err := r.judge(ctx, k)
	if f == nil || err != nil {
		return nil, err
	}
	now, err := r.Registry.Get(ctx, k.ID)
	if err != nil {
		return nil, err
	}
	cur := now.Current()
	if now.Intent != nil || now.Storage.Secret != k.Storage.Secret || cur == nil || cur.Version != k.Current().Version {
		return nil, nil
	}
	return f, nil
}

func (r *reconciliation) judge(ctx context.Context, k *keyturn.Key) (*registry.Finding, error) {
	ref, cur := k.Storage.Secret, k.Current()
	now, err := r.read(ctx, k)
	f := &registry.Finding{Subject: ref.Store + ":" + ref.Path, Key: k.ID, Owner: k.Owner, Severity: registry.Warning}
	back := fmt.Sprintf("bring version %s back there, as docs/reconcile.md says", cur.Version)
	switch kind := keyturn.KindOf(err); {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case kind.Retryable():
		return nil, err
	case kind == keyturn.NotFound:
		f.Kind, f.Severity = EntryWithoutPath, registry.Critical
		f.Detail = fmt.Sprintf("consumers of %s read nothing: no value is stored there", k.ID)
		f.Mend = back + "; until then it cannot be rotated"
	case err != nil:
		f.Kind, f.Detail = UnreadablePath, fmt.Sprintf("what consumers of %s read is not known: %s", k.ID, err)
		f.Mend = "let Keyturn read it; docs/stores.md has the policy"
	case now.Name == cur.Version || cur.Version == "":
		return nil, nil
	default:
		f.Kind = ForeignValue
		f.Detail = fmt.Sprintf("consumers of %s read version %s, which the registry does not know, and not %s", k.ID, now.Name, cur.Version)
		f.Mend = fmt.Sprintf("if it is the same value, written again, take note of it: keyturn adopt %s --remote-id %s; otherwise ", k.ID, cur.RemoteID)
		if r.makes() {
			f.Mend += back
		} else {
			f.Mend += "take the new value over: keyturn rotate " + string(k.ID)
		}
	}
	return f, nil
}
