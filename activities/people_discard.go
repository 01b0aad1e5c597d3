package activities

import (
	"context"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
)

// discardable ends a generation that a person made, and reports whether a
// person has to do that.
func (b *bench) discardable(ctx context.Context) (byHand bool, err error) {
	if !b.key.Intent.ByHand {
		return false, nil
	}
	read, err := b.store.Current(ctx, b.ref())
	if err != nil && keyturn.KindOf(err) != keyturn.NotFound || read.Name == keyturn.SecretVersion(b.label()) {
		return false, err // consumers read it: discard refuses
	}
	if err := b.recordLeftover(ctx); err != nil {
		return false, err
	}
	i := b.key.Issue(b.key.Intent.Generation)
	if i == nil {
		return false, b.putBack(ctx)
	}
	if cur := b.key.Current(); cur != nil && i.State == keyturn.Staged {
		if err := b.mayGoBack(ctx, *cur, *i); err != nil {
			return false, err
		}
	}
	if err := b.putBack(ctx); err != nil {
		return false, err
	}
	if err := b.markRevoking(ctx, []keyturn.Issued{*i}); err != nil {
		return false, err
	}
	if revoker, ok := b.provider.(providers.Revoker); ok && b.named(*i) {
		err := revoker.Revoke(ctx, b.principal(), i.RemoteID)
		if keyturn.KindOf(err) != keyturn.Unsupported { // that is: not for this kind of key
			return false, err
		}
	}
	gone, _, err := b.gone(ctx, *i, keyturn.EndNew)
	return !gone, err
}

// recordLeftover enters in the ledger what a person supplied for an operation
// that is not to go on, so that it is ended like any other key.
func (b *bench) recordLeftover(ctx context.Context) error {
	if b.key.Issue(b.key.Intent.Generation) != nil {
		return nil
	}
	staged, err := b.store.Find(ctx, b.ref(), b.label())
	if keyturn.KindOf(err) == keyturn.NotFound && b.key.Current() != nil {
		var why string
		if staged, why, err = b.adoptWritten(ctx); err == nil && why != "" {
			return nil
		}
	}
	if keyturn.KindOf(err) == keyturn.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	value, err := b.store.Read(ctx, b.ref(), staged.Name)
	if err != nil {
		return err
	}
	g, err := b.sameAs(ctx, value.Secret)
	if err != nil {
		return err
	}
	if g > 0 {
		return b.putAway(ctx, staged)
	}
	return b.recordSupplied(ctx, staged, value.Secret)
}
