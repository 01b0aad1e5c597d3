package activities

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/registry"
)

// attempt is how long an activity that was given up on may still be at work.
// It matches the longest StartToClose in workflows/options.go.
const attempt = 90 * time.Second

// revokeOrphans ends keys that earlier requests of this intent made and whose
// value was lost with the answer.
func (b *bench) revokeOrphans(ctx context.Context) error {
	if b.key.Intent.Asked == 0 {
		return nil
	}
	// A key made a moment ago may not be listed yet. Asking too early would
	// find nothing, mint again, and leave the first behind.
	if wait := b.info.Settle - b.Now().Sub(b.key.Intent.Minting); wait > 0 {
		return b.notYet(wait, "waiting until %s lists what an earlier request made", b.info.Title)
	}
	orphans, err := b.orphans(ctx)
	if err != nil {
		return err
	}
	for _, o := range orphans {
		if err := b.endOrphan(ctx, o); err != nil {
			return err
		}
	}
	return nil
}

// orphans lists the keys this intent's requests left at the provider and that
// are not in the ledger.
func (b *bench) orphans(ctx context.Context) ([]providers.RemoteKey, error) {
	lister, err := providers.As[providers.Lister](b.Providers, b.run.Issuer)
	if err != nil {
		return nil, err
	}
	var found []providers.RemoteKey
	for k, err := range lister.List(ctx, b.principal()) {
		if keyturn.KindOf(err) == keyturn.Unsupported {
			return nil, nil // what cannot be listed for this principal cannot be made for it either
		}
		if err != nil {
			return nil, err
		}
		if b.key.Remote(k.ID) == nil && b.isOrphan(k) {
			found = append(found, k)
		}
	}
	if b.info.Labels || len(found) == 0 {
		return found, nil
	}
	return found, b.surelyOurs(ctx, found)
}

func (b *bench) isOrphan(k providers.RemoteKey) bool {
	if b.info.Labels {
		return k.Label == b.label()
	}
	// The vendor's clock and ours differ; half a minute is generous for both.
	const skew = 30 * time.Second
	asked := b.key.Intent.Minting
	return !slices.Contains(b.key.Intent.Before, k.ID) &&
		k.Created.After(asked.Add(-skew)) && k.Created.Before(asked.Add(attempt+skew))
}

// surelyOurs refuses to guess. One request makes one key, and nobody has its
// value: a second candidate, or one that was used, is a stranger's.
func (b *bench) surelyOurs(ctx context.Context, found []providers.RemoteKey) error {
	if len(found) > 1 {
		return b.errorf(keyturn.Conflict, "%d keys of %s appeared while one was being made; a person must say whose they are", len(found), b.principal())
	}
	usage, ok := b.provider.(providers.UsageReader)
	if !ok {
		return nil
	}
	last, err := usage.LastUsed(ctx, b.principal(), found[0].ID)
	if keyturn.KindOf(err) == keyturn.Unsupported {
		return nil
	}
	if err != nil {
		return err
	}
	if !last.IsZero() {
		return b.errorf(keyturn.Conflict, "key %s of %s appeared while one was being made, but somebody uses it; adopt or remove it", found[0].ID, b.principal())
	}
	return nil
}

// endOrphan enters an orphan in the ledger and then ends it, so that nothing
// is ever deleted that the ledger does not name.
func (b *bench) endOrphan(ctx context.Context, o providers.RemoteKey) error {
	issued := keyturn.Issued{RemoteID: o.ID, State: keyturn.Revoking, Created: o.Created}
	err := b.save(ctx, note{name: registry.Orphaned + "/" + o.ID, what: registry.Orphaned, detail: o.ID}, func(k *keyturn.Key) error {
		if k.Remote(o.ID) == nil {
			k.Ledger = append(k.Ledger, issued)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return b.end(ctx, issued)
}

// end revokes a key that is in the ledger and strikes it out.
func (b *bench) end(ctx context.Context, i keyturn.Issued) error {
	revoker, err := providers.As[providers.Revoker](b.Providers, b.run.Issuer)
	if err != nil {
		return err
	}
	if err := revoker.Revoke(ctx, b.principal(), i.RemoteID); err != nil {
		return err
	}
	return b.struck(ctx, i)
}

// struck strikes a key that is dead out of the ledger.
func (b *bench) struck(ctx context.Context, i keyturn.Issued) error {
	return b.save(ctx, note{name: registry.Revoked + "/" + i.RemoteID, what: registry.Revoked, detail: i.RemoteID}, func(k *keyturn.Key) error {
		strike(k, i)
		return nil
	})
}

// nth names the n-th event of a kind within a run.
func nth(what string, n int) string { return fmt.Sprintf("%s/%d", what, n) }
