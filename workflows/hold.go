package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/keyturn/keyturn/activities"
)

// lookAgain is how often a held operation asks the calendar again: a freeze may
// be lifted before its time.
const lookAgain = 12 * time.Hour

// whenAllowed does step until the calendar does not hold it back any more. In
// between it waits for the window to open or the freeze to end. Expedite makes
// it look again at once, and with Override go on regardless.
func (o *operation) whenAllowed(ctx workflow.Context, step func(workflow.Context) (*activities.Hold, error)) error {
	for {
		o.run.Urgent = o.order.Now || o.order.Urgent || o.control.override
		phase, detail := o.status.Phase, o.status.Detail
		held, err := step(ctx)
		if err != nil || held == nil {
			return err
		}
		if err := o.hold(ctx, held); err != nil {
			return err
		}
		o.enter(ctx, phase, detail)
	}
}

func (o *operation) hold(ctx workflow.Context, held *activities.Hold) error {
	o.enter(ctx, Held, held.Why)
	o.publish(ctx)
	o.patient = true
	defer func() { o.patient = false }()
	// A word to go on is about this wait, and not about the soaks to come.
	before, longer := o.control.expedited, o.control.longer
	defer func() { o.control.expedited, o.control.longer = before, longer }()
	until := workflow.Now(ctx).Add(lookAgain)
	if !held.Opens.IsZero() && held.Opens.Before(until) {
		until = held.Opens
	}
	if soonest := workflow.Now(ctx).Add(10 * time.Second); until.Before(soonest) {
		until = soonest // the worker's clock runs behind
	}
	o.status.Until = held.Opens
	err := o.control.wait(ctx, "the calendar", func() time.Time { return until.Add(o.control.longer - longer) }, func() bool {
		return o.mayTurnBack() || o.control.expedited != before
	})
	if err == nil && o.mayTurnBack() {
		err = errAborted
	}
	return err
}

// mayTurnBack reports whether somebody asked for abort while that is possible.
func (o *operation) mayTurnBack() bool { return o.control.aborted != nil && o.sealed == "" }
