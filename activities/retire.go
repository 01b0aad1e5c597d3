package activities

import (
	"context"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/registry"
)

// RetireKeyInput asks that every older generation be ended or, when the
// operation is Revoke, every generation.
type RetireKeyInput struct {
	Run Run `json:"run"`
	// Force skips the wait for silence and the soak with the old key switched
	// off: a leak does not wait.
	Force bool `json:"force,omitempty"`
	// Longer lengthens the soak with the old key switched off.
	Longer time.Duration `json:"longer,omitempty"`
}

// RetireKeyResult says what was ended, or why nothing was.
type RetireKeyResult struct {
	// Held says that the calendar does not allow it now; nothing was touched.
	Held *Hold `json:"held,omitempty"`
	// ByHand lists the provider's ids of keys that a person must end; those that
	// can be ended without one are.
	ByHand []string `json:"by_hand,omitempty"`
	// InUse names the old key that is still used; nothing was touched.
	InUse    string    `json:"in_use,omitempty"`
	LastUsed time.Time `json:"last_used,omitzero"`
	// Ended lists the provider's ids of the keys that are dead now.
	Ended []string `json:"ended,omitempty"`
	// Unproven lists those among them whose death could not be tried, because
	// their value is not kept or the provider offers no check.
	Unproven []string       `json:"unproven,omitempty"`
	New      keyturn.Issued `json:"new,omitzero"`
	Expires  time.Time      `json:"expires,omitzero"`
	// Ticket is the one the operation had opened, if it had.
	Ticket keyturn.TicketRef `json:"ticket,omitzero"`
}

// RetireKey ends the old generations by the evidence: each must have gone
// quiet where the provider reports use; then it is switched off where the
// provider can, and after a soak revoked; then its old value is tried and must
// be refused. Last, the registry records the outcome and the intent is closed.
//
// Once a revocation has been written down there is no way back; undoing is
// then refused as Final, and the only way is to call RetireKey again.
func (a *Keys) RetireKey(ctx context.Context, in RetireKeyInput) (RetireKeyResult, error) {
	b, err := a.open(ctx, in.Run)
	if err != nil {
		return RetireKeyResult{}, err
	}
	if res, done := b.alreadyDone(); done {
		return res, nil
	}
	if err := b.holdForRetiring(ctx); err != nil {
		return RetireKeyResult{}, err
	}
	old := b.superseded()
	if untouched(old) && in.Run.Operation != keyturn.Issue {
		if held, err := b.heldBack(ctx); err != nil || held != nil {
			return RetireKeyResult{Held: held}, err
		}
	}
	if !in.Force && in.Run.Operation == keyturn.Rotate {
		if id, last, err := b.inUse(ctx, old); err != nil || id != "" {
			return RetireKeyResult{InUse: id, LastUsed: last}, err
		}
	}
	if err := b.switchOff(ctx, old, in); err != nil {
		return RetireKeyResult{}, err
	}
	res := RetireKeyResult{}
	if err := b.revokeAll(ctx, b.superseded(), &res); err != nil {
		return RetireKeyResult{}, err
	}
	if len(res.ByHand) > 0 {
		return RetireKeyResult{ByHand: res.ByHand}, nil
	}
	if m := b.key.Intent.Manual; m != nil {
		res.Ticket = m.Ticket
	}
	return res, b.complete(ctx, &res)
}

// untouched reports whether the end of no old key has begun: what is switched
// off already is finished, whatever the calendar says.
func untouched(old []keyturn.Issued) bool {
	for _, i := range old {
		if i.State == keyturn.Disabled || i.State == keyturn.Revoking {
			return false
		}
	}
	return len(old) > 0
}

// alreadyDone recognises a run whose last save succeeded but whose answer
// never reached Temporal.
func (b *bench) alreadyDone() (RetireKeyResult, bool) {
	if b.key.Intent != nil {
		return RetireKeyResult{}, false
	}
	var res RetireKeyResult
	if cur := b.key.Current(); cur != nil {
		res.New, res.Expires = *cur, b.key.Expires
	}
	switch b.run.Operation {
	case keyturn.Revoke:
		return res, !b.key.Retired.IsZero()
	default:
		// Only this run closes its intent, so none means it was closed.
		return res, true
	}
}

// holdForRetiring makes sure that this run holds the intent. A revocation has
// no minting step before it, so it claims the key here.
func (b *bench) holdForRetiring(ctx context.Context) error {
	if b.holds() {
		return nil
	}
	if b.run.Operation != keyturn.Revoke {
		return b.takenOver()
	}
	if b.key.Intent != nil {
		if wait := attempt + b.info.Settle - b.Now().Sub(b.key.Intent.Minting); wait > 0 {
			return b.notYet(wait, "waiting for the last call of an operation that was cut off")
		}
		if err := b.adoptLeftovers(ctx); err != nil {
			return err
		}
		if b.key.Intent.ByHand {
			if err := b.recordLeftover(ctx); err != nil {
				return err
			}
		}
	}
	now := b.Now().UTC()
	return b.save(ctx, note{what: registry.Began, detail: b.overrode}, func(k *keyturn.Key) error {
		claim := &keyturn.Intent{
			Run: b.run.ID, Operation: keyturn.Revoke, Began: now, Reason: b.run.Cause.Reason, Now: b.run.Now, Batch: b.run.Batch,
		}
		if cut := k.Intent; cut != nil && cut.Manual != nil && cut.Run != b.run.ID {
			ticket := *cut.Manual // one ticket goes on being the key's
			ticket.Step, ticket.Done = "", true
			claim.Manual = &ticket
		}
		if k.Intent == nil || k.Intent.Run != b.run.ID {
			k.Intent = claim
		}
		return nil
	})
}

// superseded lists the generations to end: all but the current one, or all.
func (b *bench) superseded() []keyturn.Issued {
	var out []keyturn.Issued
	for _, i := range b.key.Ledger {
		if b.run.Operation == keyturn.Revoke || i.Generation != b.key.Intent.Generation {
			out = append(out, i)
		}
	}
	return out
}

// inUse returns the first old key that was used too recently, if any.
func (b *bench) inUse(ctx context.Context, old []keyturn.Issued) (string, time.Time, error) {
	usage, ok := b.provider.(providers.UsageReader)
	if !ok {
		return "", time.Time{}, nil
	}
	quiet := b.quietFor()
	for _, i := range old {
		if i.State != keyturn.Retiring || !b.named(i) {
			continue // it was found quiet before, or the vendor cannot be asked about it
		}
		last, err := usage.LastUsed(ctx, b.principal(), i.RemoteID)
		switch kind := keyturn.KindOf(err); {
		case kind == keyturn.NotFound:
			continue // somebody removed it; nobody can be using it
		case kind == keyturn.Unsupported:
			return "", time.Time{}, nil // not for this kind of key
		case err != nil:
			return "", time.Time{}, err
		}
		// What the vendor says was so UsageLag ago; a use since then may not
		// show yet.
		if !last.IsZero() && b.Now().Sub(last) < quiet+b.info.UsageLag {
			return i.RemoteID, last, nil
		}
	}
	return "", time.Time{}, nil
}

// quietFor is the silence asked for: the policy's, else half the overlap and
// at most an hour.
func (b *bench) quietFor() time.Duration {
	if q := b.key.Policy.QuietFor; q > 0 {
		return time.Duration(q)
	}
	return min(time.Hour, time.Duration(b.key.Policy.WithDefaults().Overlap)/2)
}

// switchOff disables the old keys where the provider can, and holds until they
// have been off for the soak. Somebody who needs one says so in that time.
func (b *bench) switchOff(ctx context.Context, old []keyturn.Issued, in RetireKeyInput) error {
	suspender, ok := b.provider.(providers.Suspender)
	if !ok || len(old) == 0 {
		return nil
	}
	var off []string
	for _, i := range old {
		if i.State == keyturn.Disabled || i.State == keyturn.Revoking || !b.named(i) {
			continue
		}
		err := suspender.Disable(ctx, b.principal(), i.RemoteID)
		if keyturn.KindOf(err) == keyturn.Unsupported {
			return nil // not for this kind of key
		}
		if err != nil && keyturn.KindOf(err) != keyturn.NotFound {
			return err
		}
		off = append(off, i.RemoteID)
	}
	if len(off) > 0 {
		if err := b.recordDisabled(ctx, off); err != nil {
			return err
		}
	}
	if in.Force {
		return nil
	}
	soak := time.Duration(b.key.Policy.WithDefaults().DisabledSoak) + in.Longer
	for _, i := range b.superseded() {
		if left := i.Disabled.Add(soak).Sub(b.Now()); i.State == keyturn.Disabled && left > 0 {
			return b.notYet(left, "the old key is switched off and will be revoked on %s", b.Now().Add(left).UTC().Format(time.RFC3339))
		}
	}
	return nil
}

func (b *bench) recordDisabled(ctx context.Context, ids []string) error {
	all, now := strings.Join(ids, " "), b.Now().UTC()
	return b.save(ctx, note{name: registry.Disabled + "/" + all, what: registry.Disabled, detail: all}, func(k *keyturn.Key) error {
		for _, id := range ids {
			if i := k.Remote(id); i != nil {
				i.State, i.Disabled = keyturn.Disabled, now
			}
		}
		return nil
	})
}
