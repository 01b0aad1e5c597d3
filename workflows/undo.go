package workflows

import (
	"errors"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/keyturn/keyturn"
)

// undo remembers how to take back what a workflow has done.
type undo struct {
	steps []func(workflow.Context) error
}

func (u *undo) add(step func(workflow.Context) error) { u.steps = append(u.steps, step) }

// all takes everything back, latest first. A step must succeed before the one
// before it is taken back: revoking the new key while consumers could not be
// put back on the old one would take both away. It stops with a Final error
// where there is no way back.
func (u *undo) all(ctx workflow.Context) error {
	for _, step := range slices.Backward(u.steps) {
		if err := step(ctx); err != nil {
			return err
		}
	}
	u.steps = nil
	return nil
}

// kindOf reads the kind of an activity's error.
func kindOf(err error) keyturn.Kind {
	var app *temporal.ApplicationError
	if errors.As(err, &app) {
		return keyturn.Kind(app.Type())
	}
	return keyturn.KindOf(err)
}

// sentence is what an activity's error says, in our own words.
func sentence(err error) string {
	var app *temporal.ApplicationError
	var timeout *temporal.TimeoutError
	switch {
	case errors.As(err, &app):
		return app.Message()
	case errors.As(err, &timeout):
		return "it was not done in time"
	}
	return err.Error()
}

// persist does step until it succeeds or there is no way to do it at all
// (Final). Between attempts it says what is wrong, and tries again when
// somebody says so, or by itself after five minutes, doubling up to an hour.
func (o *operation) persist(ctx workflow.Context, step func(workflow.Context) error) error {
	for pause := 5 * time.Minute; ; pause = min(2*pause, time.Hour) {
		err := step(ctx)
		if err == nil || kindOf(err) == keyturn.Final {
			return err
		}
		before := o.status.Phase
		o.needsHuman(ctx, sentence(err), kindOf(err))
		said := o.control.said
		again := workflow.Now(ctx).Add(pause)
		if err := o.control.wait(ctx, "trying again by itself", func() time.Time { return again },
			func() bool { return o.control.said != said }); err != nil {
			return err
		}
		o.enter(ctx, before, "trying again")
	}
}
