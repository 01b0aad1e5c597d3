package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
)

// RevokeKey ends a key for good, every generation of it, and takes it out of
// service. Where the provider can, the key is switched off first and may be
// switched on again by abort until the soak is over; order.Now skips that.
func RevokeKey(ctx workflow.Context, order Order) (Result, error) {
	o, err := start(ctx, keyturn.Revoke, order)
	if err != nil {
		return Result{}, err
	}
	r := &revocation{o}
	if err := r.retire(ctx); err != nil {
		free, cancel := workflow.NewDisconnectedContext(ctx)
		defer cancel()
		if !r.rollBack(free, err) {
			if err := r.persist(free, r.retire); err != nil {
				return Result{}, err
			}
		}
		ctx = free
	}
	return r.finish(ctx)
}

// revocation is one run of RevokeKey.
type revocation struct{ *operation }

func (r *revocation) retire(ctx workflow.Context) error {
	if r.sealed == "" {
		r.undo.add(r.discard)
		r.undo.add(r.enable)
	}
	in := activities.RetireKeyInput{Run: r.run, Force: r.order.Now || r.control.expedited != nil}
	for {
		out, err := r.retireOnce(ctx, &in)
		if err != nil {
			return err
		}
		if out == nil {
			continue
		}
		waited, err := r.letThem(ctx, out, &in)
		if err != nil {
			return err
		}
		if !waited {
			r.result = Result{Outcome: Revoked, Ended: out.Ended, Unproven: out.Unproven}
			return nil
		}
	}
}
