package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
)

// RotateKey replaces a key while old and new both work, and puts everything
// back if the new one does not. Its steps, and how each is taken back:
//
//	mint     claim the key, make a new one, stage its value   discard it
//	move     prove it, promote it, wait for consumers         restore the old value
//	soak     both work; woken by expedite, extend, abort
//	retire   switch the old key off, soak, revoke, try it     switch it on again, until
//	         and close the intent                             its revocation is written down
//
// Any failure before the old key's revocation is undone and ends with the
// outcome RolledBack. After it the workflow tries until it succeeds.
func RotateKey(ctx workflow.Context, order Order) (Result, error) {
	ctx, order = latest(ctx, order)
	o, err := start(ctx, keyturn.Rotate, order)
	if err != nil {
		return Result{}, err
	}
	r := &rotation{operation: o}
	if err := r.steps(ctx); err != nil {
		free, cancel := workflow.NewDisconnectedContext(ctx)
		defer cancel()
		if !r.rollBack(free, err) {
			err = r.persist(free, r.rest)
		} else {
			err = nil
		}
		if err != nil {
			return Result{}, err
		}
		ctx = free
	}
	return r.finish(ctx)
}

// rotation is one run of RotateKey.
type rotation struct {
	*operation
	minted     activities.MintKeyResult
	unknown    []string
	extensions int
	promoted   bool // consumers were moved to the new key
}

func (r *rotation) steps(ctx workflow.Context) error {
	for _, step := range []func(workflow.Context) error{r.mint, r.move, r.soak, r.retire} {
		if err := step(ctx); err != nil || r.minted.NotDue {
			return err
		}
	}
	return nil
}

// rest is what remains where there is no way back.
func (r *rotation) rest(ctx workflow.Context) error {
	if !r.promoted {
		if err := r.promote(ctx); err != nil {
			return err
		}
	}
	return r.retire(ctx)
}

func (r *rotation) mint(ctx workflow.Context) (err error) {
	r.enter(ctx, Minting, "")
	r.undo.add(r.discard)
	r.minted, err = r.mintKey(ctx)
	if err == nil && r.minted.NotDue {
		r.result = Result{Outcome: NotDue, Why: "it was rotated since this was planned"}
	}
	if err == nil && r.minted.Replaces {
		// The value consumers read is dead: there is nothing to go back to.
		r.sealed = "the issuer ended the old key when it made the new one: the only way is forward"
		r.undo.add(func(workflow.Context) error {
			return temporal.NewNonRetryableApplicationError(r.sealed, string(keyturn.Final), nil)
		})
	}
	return err
}

func (r *rotation) move(ctx workflow.Context) error {
	if r.minted.Replaces {
		return r.persist(ctx, r.promote)
	}
	r.undo.add(r.restore)
	return r.interruptible(ctx, r.promote)
}

// promote proves the new value, makes it the one consumers read, and waits for
// them. The time they have counts from when it is allowed.
func (r *rotation) promote(ctx workflow.Context) error {
	r.enter(ctx, Moving, "")
	return r.whenAllowed(ctx, func(ctx workflow.Context) (*activities.Hold, error) {
		deadline := workflow.Now(ctx).Add(time.Duration(r.minted.Policy.ConsumerDeadline))
		out, err := call(ctx, remote(ctx, r.order.Issuer, "prove, promote, await consumers"), keys.PromoteKey,
			activities.PromoteKeyInput{Run: r.run, Generation: r.status.Generation, Deadline: deadline})
		r.unknown = out.Unknown
		r.promoted = err == nil && out.Held == nil
		return out.Held, err
	})
}

// soak is the overlap. Where something cannot be observed it is twice as long.
func (r *rotation) soak(ctx workflow.Context) error {
	overlap := time.Duration(r.minted.Policy.Overlap)
	if most := time.Duration(r.order.Overlap); most > 0 {
		overlap = min(overlap, most)
	}
	if len(r.unknown) > 0 {
		overlap *= 2
	}
	if r.order.Now || overlap == 0 || r.minted.Replaces {
		return nil
	}
	return r.overlap(ctx, overlap, "old and new both work")
}

func (r *rotation) overlap(ctx workflow.Context, d time.Duration, detail string) error {
	r.enter(ctx, Soaking, detail)
	r.publish(ctx)
	from := workflow.Now(ctx)
	longer, expedited := r.control.longer, r.control.expedited
	until := func() time.Time {
		r.status.Until = from.Add(d + r.control.longer - longer)
		workflow.SetCurrentDetails(ctx, r.details())
		return r.status.Until
	}
	r.patient = true
	defer func() { r.patient = false }()
	err := r.control.wait(ctx, "the overlap", until, func() bool {
		return r.control.aborted != nil || r.control.expedited != expedited
	})
	if err == nil && r.control.aborted != nil {
		err = errAborted
	}
	return err
}

// retire ends the old key. While that waits, with the old key switched off,
// people may still cut it short, lengthen it or call it off.
func (r *rotation) retire(ctx workflow.Context) error {
	if r.sealed == "" {
		r.undo.add(r.enable)
	}
	in := activities.RetireKeyInput{Run: r.run, Force: r.order.Now || r.control.expedited != nil}
	for {
		out, err := r.retireOnce(ctx, &in)
		if err != nil {
			return err
		}
		if out == nil {
			continue // somebody spoke; in has changed
		}
		if waited, err := r.letThem(ctx, out, &in); err != nil {
			return err
		} else if waited {
			continue
		}
		if out.InUse == "" {
			if len(out.Ended) == 0 { // it ended them before, and the answer was lost
				for _, i := range r.minted.Old {
					out.Ended = append(out.Ended, i.RemoteID)
				}
			}
			r.result = Result{
				Outcome: Rotated, Generation: r.status.Generation, New: &out.New, Ended: out.Ended,
				Unproven: out.Unproven, Unknown: r.unknown, Expires: out.Expires,
			}
			return nil
		}
		if err := r.stillInUse(ctx, out); err != nil {
			return err
		}
		in.Force = r.control.expedited != nil
	}
}

// stillInUse lengthens the overlap by half, and after MaxExtensions asks a
// person. It never revokes a key that is in use by itself.
func (r *rotation) stillInUse(ctx workflow.Context, out *activities.RetireKeyResult) error {
	detail := "old key " + out.InUse + " was last used " + out.LastUsed.UTC().Format(time.RFC3339)
	if r.extensions++; r.extensions <= r.minted.Policy.MaxExtensions {
		return r.overlap(ctx, max(time.Duration(r.minted.Policy.Overlap)/2, time.Second), detail)
	}
	r.needsHuman(ctx, detail+"; expedite to end it all the same, extend to wait, or abort", "")
	defer func() { r.patient = false }()
	said := r.control.said
	if err := workflow.Await(ctx, func() bool { return r.control.said != said }); err != nil {
		return err
	}
	if r.control.aborted != nil {
		return errAborted
	}
	return nil
}
