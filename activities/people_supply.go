package activities

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/secrets"
)

// takeSupply looks for the value a person supplied, under the generation's
// label or at the path consumers read, and tries it. A value that stands up to
// the checks is entered in the ledger; otherwise why says what is wrong with
// it, and it is put away: consumers read what they read before.
func (b *bench) takeSupply(ctx context.Context, at time.Time) (why string, err error) {
	staged, err := b.store.Find(ctx, b.ref(), b.label())
	if keyturn.KindOf(err) == keyturn.NotFound {
		if staged, why, err = b.adoptWritten(ctx); err != nil || why != "" {
			return why, err
		}
	} else if err != nil {
		return "", err
	}
	value, err := b.store.Read(ctx, b.ref(), staged.Name)
	if keyturn.KindOf(err) == keyturn.NotFound {
		return "the value was taken away again while it was looked at; supply it once more", nil
	}
	if err != nil {
		return "", err
	}
	if why := b.wrongID(staged.RemoteID, value.Secret); why != "" {
		return why, b.putAway(ctx, staged)
	}
	g, err := b.sameAs(ctx, value.Secret)
	if err != nil {
		return "", err
	}
	if g > 0 {
		return fmt.Sprintf("the value is that of generation %d and not a new one", g), b.putAway(ctx, staged)
	}
	switch err := b.tryValue(ctx, keyturn.Issued{RemoteID: staged.RemoteID, Version: staged.Name}, value); keyturn.KindOf(err) {
	case "", keyturn.Unsupported:
	case keyturn.Denied:
		if left := at.Add(b.info.Settle).Sub(b.Now()); left > 0 {
			return "", b.notYet(min(left, 5*time.Second), "%s does not accept the new value yet", b.info.Title)
		}
		return b.refusal(err), b.putAway(ctx, staged)
	default:
		return "", err
	}
	return "", b.recordSupplied(ctx, staged, value.Secret)
}

// wrongID says why a value cannot be entered under an id.
func (b *bench) wrongID(id string, value keyturn.Secret) string {
	if value.In(id) {
		return "what was given as the key's id holds its value; give the name the provider has for the key, or none"
	}
	if old := b.key.Remote(id); old != nil && old.Generation != b.key.Intent.Generation {
		return fmt.Sprintf("the id %s is that of generation %d; give the new key's own id, or none", id, old.Generation)
	}
	return ""
}

// refusal says who does not accept a value: the vendor, or the key's own test.
func (b *bench) refusal(err error) string {
	return "the new value was tried and refused (" + err.Error() + ")"
}

// written returns the version consumers read, if a person wrote it there.
func (b *bench) written(ctx context.Context) (secrets.Version, bool, error) {
	now, err := b.store.Current(ctx, b.ref())
	if keyturn.KindOf(err) == keyturn.NotFound {
		return secrets.Version{}, false, nil
	}
	ours := now.Name == keyturn.SecretVersion(b.label()) ||
		slices.ContainsFunc(b.key.Ledger, func(i keyturn.Issued) bool { return i.Version == now.Name })
	return now, err == nil && !ours, err
}

// adoptWritten stages a copy of the value a person wrote to the path consumers
// read, so that from here on it is handled like any other.
func (b *bench) adoptWritten(ctx context.Context) (secrets.Version, string, error) {
	now, ok, err := b.written(ctx)
	if err != nil {
		return secrets.Version{}, "", err
	}
	if !ok {
		return secrets.Version{}, fmt.Sprintf("no new value is stored: supply it with keyturn manual supply %s, or write it to %s", b.key.ID, b.ref().Path), nil
	}
	value, err := b.store.Read(ctx, b.ref(), now.Name)
	if keyturn.KindOf(err) == keyturn.Invalid {
		return secrets.Version{}, "what is stored at " + b.ref().Path + " cannot be read as a value: write it to the field key", b.putBack(ctx)
	}
	if err != nil {
		return secrets.Version{}, "", err
	}
	id := value.RemoteID
	if id == "" || b.wrongID(id, value.Secret) != "" { // such as the old id, left beside the new value
		id = HandID(&b.key, b.key.Intent.Generation)
	}
	staged, err := b.store.Stage(ctx, b.ref(), secrets.Draft{Label: b.label(), RemoteID: id, Value: value.Secret, Created: b.Now().UTC()})
	return staged, "", err
}

// sameAs returns the generation that has this very value, 0 for none.
func (b *bench) sameAs(ctx context.Context, s keyturn.Secret) (int, error) {
	prints := b.Fingerprints.Of(s)
	for _, i := range b.key.Ledger {
		if i.Generation == b.key.Intent.Generation {
			continue
		}
		if i.Fingerprints.HMSL == prints.HMSL && prints.HMSL != "" {
			return i.Generation, nil
		}
		old, err := b.store.Read(ctx, b.ref(), i.Version)
		switch {
		case keyturn.KindOf(err) == keyturn.NotFound:
		case err != nil:
			return 0, err
		case old.Secret.Equal(s):
			return i.Generation, nil
		}
	}
	return 0, nil
}

// putAway takes back a value that does not stand up to the checks. Where it was
// written to the path consumers read, they are put back on the old one first.
func (b *bench) putAway(ctx context.Context, staged secrets.Version) error {
	if err := b.putBack(ctx); err != nil {
		return err
	}
	return b.store.Destroy(ctx, b.ref(), staged.Name)
}

// putBack makes consumers read the current generation's value again, if a
// person wrote another one over it. Where the old key is dead it leaves that
// one in place.
func (b *bench) putBack(ctx context.Context) error {
	cur := b.key.Current()
	now, byHand, err := b.written(ctx)
	if err != nil || !byHand || cur == nil || b.dead(ctx, *cur) {
		return err
	}
	return b.store.Promote(ctx, b.ref(), now.Name, cur.Version)
}

// recordSupplied enters the new generation in the ledger and closes the step.
func (b *bench) recordSupplied(ctx context.Context, v secrets.Version, value keyturn.Secret) error {
	prints := b.Fingerprints.Of(value)
	if b.wrongID(v.RemoteID, value) != "" { // supplied for an operation that is undone, and never looked at
		v.RemoteID = HandID(&b.key, b.key.Intent.Generation)
	}
	n := note{name: nth(registry.Supplied, b.key.Intent.Generation), what: registry.Supplied, detail: v.RemoteID}
	return b.save(ctx, n, func(k *keyturn.Key) error {
		if k.Issue(k.Intent.Generation) == nil {
			k.Ledger = append(k.Ledger, keyturn.Issued{
				Generation: k.Intent.Generation, RemoteID: v.RemoteID, Version: v.Name,
				State: keyturn.Staged, Created: v.Created, Fingerprints: prints, Parts: b.Fingerprints.PartsOf(value),
			})
		}
		if k.Intent.Manual != nil && k.Intent.Manual.Step == keyturn.SupplyValue {
			k.Intent.Manual.Done = true
		}
		return nil
	})
}
