package activities

import (
	"context"
	"iter"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/secrets"
	"github.com/keyturn/keyturn/synthetic"
)

// PromoteKeyInput asks that consumers be moved to the run's new generation.
type PromoteKeyInput struct {
	Run Run `json:"run"`
	// Generation is the one MintKey made.
	Generation int `json:"generation"`
	// Deadline is when consumers that have not moved fail the operation.
	Deadline time.Time `json:"deadline"`
}

// PromoteKeyResult says who could not be seen to move.
type PromoteKeyResult struct {
	New keyturn.Issued `json:"new"`
	// Held says that the calendar does not allow it now; nothing was promoted.
	Held *Hold `json:"held,omitempty"`
	// Unknown names the consumers nothing can be said about. They are never
	// taken for moved; they lengthen the overlap.
	Unknown []string `json:"unknown,omitempty"`
}

// PromoteKey proves the staged value, makes it the one consumers read, and
// waits until those that can be observed use it. A value the provider still
// refuses after its settling time is a Denied error; consumers that have not
// moved by the deadline are a Behind error. Until then it is NotYet.
func (a *Keys) PromoteKey(ctx context.Context, in PromoteKeyInput) (PromoteKeyResult, error) {
	b, err := a.open(ctx, in.Run)
	if err != nil {
		return PromoteKeyResult{}, err
	}
	if !b.holds() {
		if cur := b.key.Current(); b.key.Intent == nil && cur != nil && cur.Generation == in.Generation {
			return PromoteKeyResult{New: *cur}, nil // the operation has completed
		}
		return PromoteKeyResult{}, b.takenOver()
	}
	issued := b.key.Issue(b.key.Intent.Generation)
	if issued == nil {
		return PromoteKeyResult{}, b.errorf(keyturn.NotFound, "no staged key of generation %d", b.key.Intent.Generation)
	}
	if issued.State == keyturn.Staged {
		if !issued.Killed.IsZero() {
			return PromoteKeyResult{}, b.errorf(keyturn.Denied, "the new value leaked before consumers had it, and was ended")
		}
		if !b.replaced() { // else consumers read a dead value, and waiting keeps them cut off
			if held, err := b.heldBack(ctx); err != nil || held != nil {
				return PromoteKeyResult{Held: held}, err
			}
		}
		if err := b.prove(ctx, *issued); err != nil {
			return PromoteKeyResult{}, err
		}
		if err := b.promote(ctx, *issued); err != nil {
			return PromoteKeyResult{}, err
		}
	}
	res := PromoteKeyResult{New: *b.key.Issue(b.key.Intent.Generation)}
	if in.Run.Operation == keyturn.Rotate {
		res.Unknown, err = b.awaitConsumers(ctx, in.Deadline)
	}
	return res, err
}

// prove tries the staged value: the vendor's own check, then the key's
// synthetic test. "Refused" inside the settling time means not yet.
func (b *bench) prove(ctx context.Context, i keyturn.Issued) error {
	value, err := b.store.Read(ctx, b.ref(), i.Version)
	if err != nil {
		return err
	}
	if b.key.Intent.ByHand && b.Fingerprints.Of(value.Secret).HMSL != i.Fingerprints.HMSL {
		return b.errorf(keyturn.Conflict, "somebody supplied another value after this one was accepted")
	}
	settled := b.key.Intent.Minting.Add(b.info.Settle)
	for pause := range b.pauses() {
		err := b.tryValue(ctx, i, value)
		if keyturn.KindOf(err) != keyturn.Denied || !b.Now().Before(settled) {
			return err
		}
		if pause == 0 {
			break
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
	}
	return b.notYet(5*time.Second, "%s does not accept the new key yet", b.info.Title)
}

// pauses yields how long to wait between tries in place, growing from a
// quarter of a second until Patience is used up, and at last 0: try once more,
// then give the worker slot back and ask to be called again.
func (b *bench) pauses() iter.Seq[time.Duration] {
	return func(yield func(time.Duration) bool) {
		left := b.Patience
		for pause := 250 * time.Millisecond; left >= pause; pause = min(2*pause, 5*time.Second) {
			left -= pause
			if !yield(pause) {
				return
			}
		}
		yield(0)
	}
}

func (b *bench) tryValue(ctx context.Context, i keyturn.Issued, value secrets.Value) error {
	if v, ok := b.provider.(providers.Verifier); ok {
		err := v.Verify(ctx, i.RemoteID, value.Secret)
		if err != nil && keyturn.KindOf(err) != keyturn.Unsupported { // it may not be for this kind of key
			return err
		}
	}
	if b.key.Policy.Test == nil {
		return nil
	}
	return b.Synthetic.Run(ctx, *b.key.Policy.Test, synthetic.Subject{KeyID: value.RemoteID, Secret: value.Secret})
}

// promote makes the new version current in the store and then in the ledger.
func (b *bench) promote(ctx context.Context, i keyturn.Issued) error {
	var from keyturn.SecretVersion
	if cur := b.key.Current(); cur != nil {
		from = cur.Version
	}
	if b.key.Intent.ByHand {
		// A person may have written the value to where consumers read it.
		now, byHand, err := b.written(ctx)
		if err != nil {
			return err
		}
		if byHand {
			from = now.Name
		}
	}
	if err := b.store.Promote(ctx, b.ref(), from, i.Version); err != nil {
		return err
	}
	now := b.Now().UTC()
	return b.save(ctx, note{name: nth(registry.Promoted, i.Generation), what: registry.Promoted, detail: strings.TrimSpace(i.RemoteID + " " + b.overrode)}, func(k *keyturn.Key) error {
		for n := range k.Ledger {
			if l := &k.Ledger[n]; l.Generation == i.Generation {
				l.State, l.Promoted = keyturn.Current, now
			} else if l.State == keyturn.Current {
				l.State = keyturn.Retiring
			}
		}
		return nil
	})
}

// replaced reports whether the issuer ended the old key when a person made the
// new one.
func (b *bench) replaced() bool {
	return b.key.Intent.ByHand && b.info.MaxLive == 1 && b.key.Current() != nil
}

// sleep waits for d or until ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
