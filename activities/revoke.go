package activities

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/registry"
)

// revokeAll writes down that there is no way back, ends every key in old, and
// proves each dead. It fills res. Keys that only a person can end it lists
// there, unless they are dead already.
func (b *bench) revokeAll(ctx context.Context, old []keyturn.Issued, res *RetireKeyResult) error {
	var automatic []keyturn.Issued
	for _, i := range old {
		if !b.endedByHand(i) {
			automatic = append(automatic, i)
			continue
		}
		if err := b.lookEnded(ctx, i, res); err != nil {
			return err
		}
	}
	if len(automatic) == 0 {
		return nil
	}
	revoker, err := providers.As[providers.Revoker](b.Providers, b.run.Issuer)
	if err != nil {
		return err
	}
	if err := b.markRevoking(ctx, automatic); err != nil {
		return err
	}
	for _, i := range automatic {
		err := revoker.Revoke(ctx, b.principal(), i.RemoteID)
		if keyturn.KindOf(err) == keyturn.Unsupported { // not for this kind of key
			if err := b.lookEnded(ctx, i, res); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		proven, err := b.proveDead(ctx, i)
		if err != nil {
			return err
		}
		res.ended(i, !proven)
	}
	return nil
}

// lookEnded enters in res whether a key that a person must end is dead.
func (b *bench) lookEnded(ctx context.Context, i keyturn.Issued, res *RetireKeyResult) error {
	gone, unproven, err := b.gone(ctx, i, keyturn.EndOld)
	switch {
	case err != nil && !keyturn.KindOf(err).Retryable(), ctx.Err() != nil:
		return err
	case gone:
		res.ended(i, unproven)
	default:
		res.ByHand = append(res.ByHand, i.RemoteID)
	}
	return nil
}

func (res *RetireKeyResult) ended(i keyturn.Issued, unproven bool) {
	res.Ended = append(res.Ended, i.RemoteID)
	if unproven {
		res.Unproven = append(res.Unproven, i.RemoteID)
	}
}

func (b *bench) markRevoking(ctx context.Context, old []keyturn.Issued) error {
	var ids []string
	for _, i := range old {
		if i.State != keyturn.Revoking {
			ids = append(ids, i.RemoteID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	all := strings.Join(ids, " ")
	return b.save(ctx, note{name: registry.Revoking + "/" + all, what: registry.Revoking, detail: all}, func(k *keyturn.Key) error {
		for _, id := range ids {
			if l := k.Remote(id); l != nil {
				l.State = keyturn.Revoking
			}
		}
		return nil
	})
}

// proveDead tries a revoked value until it is refused. It reports false where
// there is nothing to try, no way to try it, or nobody left it could belong to,
// and fails where the value still works after the vendor's settling time.
func (b *bench) proveDead(ctx context.Context, i keyturn.Issued) (bool, error) {
	for pause := range b.pauses() {
		refused, tried, err := b.refused(ctx, i)
		if err != nil || refused || !tried {
			return refused, err
		}
		if pause == 0 {
			break
		}
		if err := sleep(ctx, pause); err != nil {
			return false, err
		}
	}
	return false, b.notYet(max(5*time.Second, b.info.Settle/4), "%s still accepts key %s although it was revoked", b.info.Title, i.RemoteID)
}

// complete closes the intent: the new generation is the only one, or, after a
// Revoke, the key is out of service.
func (b *bench) complete(ctx context.Context, res *RetireKeyResult) error {
	if b.run.Operation != keyturn.Revoke && b.key.Intent.Asked > 1 {
		// More than one request was made. What a slow listing hid before
		// shows by now.
		if err := b.revokeOrphans(ctx); err != nil {
			return err
		}
	}
	old := b.superseded()
	expires, now := b.nextExpiry(), b.Now().UTC()
	err := b.save(ctx, note{what: registry.Completed, detail: res.summary(), tell: []registry.Audience{registry.ToOwner}}, func(k *keyturn.Key) error {
		for _, i := range old {
			strike(k, i)
		}
		if b.run.Operation == keyturn.Revoke {
			k.Retired = now
		} else {
			k.Rotated, k.Expires = now, expires
		}
		k.Intent = nil
		return nil
	})
	if err != nil {
		return err
	}
	if cur := b.key.Current(); cur != nil {
		res.New, res.Expires = *cur, b.key.Expires
	}
	b.forget(ctx, old)
	return nil
}

// summary is the evidence that goes into the key's history.
func (res *RetireKeyResult) summary() string {
	var out []string
	for _, id := range res.Ended {
		if slices.Contains(res.Unproven, id) {
			out = append(out, id+" revoked, its death not tried")
		} else {
			out = append(out, id+" revoked, its value is refused")
		}
	}
	return strings.Join(out, "; ")
}

// forget destroys the stored values of dead keys. They open nothing any more,
// so one that stays behind is untidy, not dangerous: it is left to the store's
// own limit on versions.
func (b *bench) forget(ctx context.Context, dead []keyturn.Issued) {
	for _, i := range dead {
		if i.Version != "" {
			_ = b.store.Destroy(ctx, b.ref(), i.Version)
		}
	}
}
