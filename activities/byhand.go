package activities

import (
	"context"
	"fmt"
	"slices"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/synthetic"
)

// HandID is what a generation made by hand is called where nobody knows the
// vendor's id for it.
func HandID(k *keyturn.Key, generation int) string {
	name := k.Scope.Principal
	if name == "" {
		name = string(k.ID)
	}
	return fmt.Sprintf("%s/g%d", name, generation)
}

// named reports whether the vendor knows a generation by its RemoteID. Asking a
// vendor about a name we made up would be answered with "no such key", which is
// no evidence of anything.
func (b *bench) named(i keyturn.Issued) bool { return i.RemoteID != HandID(&b.key, i.Generation) }

// endedByHand reports whether only a person can end a generation.
func (b *bench) endedByHand(i keyturn.Issued) bool {
	_, ok := b.provider.(providers.Revoker)
	return !ok || !b.named(i)
}

// leaveToAPerson turns an intent into one that a person carries out, because
// the provider turned out to have no API for this key. Nothing was made.
func (b *bench) leaveToAPerson(ctx context.Context) error {
	n := note{name: "by hand", what: registry.Noted, detail: b.info.Title + " has no API for this key; a person makes it"}
	return b.save(ctx, n, func(k *keyturn.Key) error {
		i := k.Intent
		i.ByHand, i.Exclusive, i.Before, i.Asked = true, false, nil, 0
		return nil
	})
}

// gone reports whether a generation that only a person can end is dead: because
// the step was confirmed and stood up to the checks, or because its value is
// refused already. unproven says that nobody could try it.
func (b *bench) gone(ctx context.Context, i keyturn.Issued, step keyturn.ManualStep) (gone, unproven bool, err error) {
	if m := b.key.Intent.Manual; m != nil && m.Step == step && m.Done {
		return true, slices.Contains(m.Unproven, i.RemoteID), nil
	}
	refused, _, err := b.refused(ctx, i)
	return refused, false, err
}

// dead reports whether a generation's value is known to be refused. What cannot
// be found out just now is not taken for death.
func (b *bench) dead(ctx context.Context, i keyturn.Issued) bool {
	refused, _, err := b.refused(ctx, i)
	return err == nil && refused
}

// mayGoBack is a Final error where going back would leave consumers on a dead
// key although the new one works: a person may have ended the old key before
// anybody asked, and an issuer that replaces keys always has.
func (b *bench) mayGoBack(ctx context.Context, old, made keyturn.Issued) error {
	if !b.key.Intent.ByHand {
		return nil
	}
	refused, tried, err := b.refused(ctx, old)
	if err != nil || tried && !refused || !tried && b.info.MaxLive != 1 {
		return nil // what cannot be found out just now must not hold up undoing
	}
	if b.dead(ctx, made) {
		return nil
	}
	return b.errorf(keyturn.Final, "the old key is dead already and the new one is not: the only way is forward")
}

// refused tries a generation's stored value once: at the vendor and, where that
// says nothing about this kind of key, with the key's own test. tried is false
// where there is nothing to try or no way to.
func (b *bench) refused(ctx context.Context, i keyturn.Issued) (refused, tried bool, err error) {
	if i.Version == "" {
		return false, false, nil
	}
	value, err := b.store.Read(ctx, b.ref(), i.Version)
	if keyturn.KindOf(err) == keyturn.NotFound {
		return false, false, nil
	}
	if err != nil {
		return false, false, err
	}
	if want := i.Fingerprints.HMSL; want != "" && b.key.Intent.ByHand && b.Fingerprints.Of(value.Secret).HMSL != want {
		return false, false, nil // another value took its place: trying that proves nothing
	}
	if v, ok := b.provider.(providers.Verifier); ok {
		err := v.Verify(ctx, i.RemoteID, value.Secret)
		switch kind := keyturn.KindOf(err); kind {
		case "", keyturn.Denied:
			return kind == keyturn.Denied, true, nil
		case keyturn.Unsupported, keyturn.NotFound:
		default:
			return false, false, err
		}
	}
	if b.key.Policy.Test == nil {
		return false, false, nil
	}
	err = b.Synthetic.Run(ctx, *b.key.Policy.Test, synthetic.Subject{KeyID: value.RemoteID, Secret: value.Secret})
	switch kind := keyturn.KindOf(err); kind {
	case "", keyturn.Denied:
		return kind == keyturn.Denied, true, nil
	case keyturn.Unsupported, keyturn.Invalid:
		return false, false, nil
	}
	return false, false, err
}
