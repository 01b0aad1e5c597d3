package workflows

import (
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
)

// retireOnce runs RetireKey until it ends or somebody speaks. The activity
// holds by itself while the old key is switched off; a word interrupts it. It
// returns nothing when it was interrupted before it revoked anything, with in
// changed to what was said.
func (o *operation) retireOnce(ctx workflow.Context, in *activities.RetireKeyInput) (*activities.RetireKeyResult, error) {
	o.run.Urgent = o.order.Now || o.order.Urgent || o.control.override
	in.Run = o.run
	o.enter(ctx, Retiring, "the old key is switched off where that can be, then revoked and tried")
	o.patient = true
	defer func() { o.patient = false }()
	longer, said := o.control.longer, o.control.said
	inner, cancel := workflow.WithCancel(ctx)
	defer cancel()
	future := workflow.ExecuteActivity(
		workflow.WithActivityOptions(inner, forward(ctx, o.order.Issuer, "switch off, revoke, prove dead")), keys.RetireKey, *in)
	if err := workflow.Await(ctx, func() bool { return future.IsReady() || o.control.said != said }); err != nil {
		// The workflow itself is cancelled: find out how far the activity came.
		free, stop := workflow.NewDisconnectedContext(ctx)
		defer stop()
		ctx = free
	}
	if !future.IsReady() {
		cancel()
	}
	var out activities.RetireKeyResult
	err := future.Get(ctx, &out)
	switch {
	case err == nil:
		o.noteTicket(out.Ticket)
		return &out, nil
	case o.control.said == said, !temporal.IsCanceledError(err) && kindOf(err) != keyturn.NotYet:
		// An attempt that asks to be called again just as it is cancelled is not called
		// again, and was interrupted all the same.
		return nil, err
	case o.control.aborted != nil && o.sealed == "":
		return nil, errAborted
	}
	in.Force = in.Force || o.control.expedited != nil
	in.Longer += o.control.longer - longer
	return nil, nil
}

// letThem waits where ending the old keys is up to the calendar or to a person.
// It reports whether it did, so that RetireKey is to be asked again.
func (o *operation) letThem(ctx workflow.Context, out *activities.RetireKeyResult, in *activities.RetireKeyInput) (bool, error) {
	var err error
	switch {
	case out.Held != nil:
		err = o.hold(ctx, out.Held)
	case len(out.ByHand) > 0:
		err = o.byHand(ctx, keyturn.EndOld)
	default:
		return false, nil
	}
	return true, err
}

// The ways back.

func (o *operation) undoInput() activities.UndoInput {
	why := "undone"
	if o.status.Detail != "" {
		why = o.status.Detail
	}
	return activities.UndoInput{Run: o.run, Generation: o.status.Generation, Why: why}
}

func (o *operation) discard(ctx workflow.Context) error {
	in := o.undoInput()
	return o.persist(ctx, func(ctx workflow.Context) error {
		for {
			out, err := call(ctx, forward(ctx, o.order.Issuer, "undo: end the new key"), keys.DiscardKey, in)
			o.noteTicket(out.Ticket)
			if err != nil || !out.ByHand {
				return err
			}
			if err := o.byHand(ctx, keyturn.EndNew); err != nil {
				return err
			}
		}
	})
}

func (o *operation) restore(ctx workflow.Context) error {
	in := o.undoInput()
	return o.persist(ctx, func(ctx workflow.Context) error {
		_, err := call(ctx, forward(ctx, o.order.Issuer, "undo: put consumers back on the old value"), keys.RestoreSecret, in)
		return err
	})
}

func (o *operation) enable(ctx workflow.Context) error {
	in := o.undoInput()
	return o.persist(ctx, func(ctx workflow.Context) error {
		_, err := call(ctx, forward(ctx, o.order.Issuer, "undo: switch the old key on"), keys.EnableOld, in)
		return err
	})
}
