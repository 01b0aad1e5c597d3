package workflows

import (
	"errors"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
)

// byHand asks a person for a step and waits, for as long as it takes, until it
// was taken and stood up to the checks. Whoever says so is answered. When half
// of the time is gone, all of it, and half as much again, somebody is reminded:
// one timer at a time. Until the old key may be dead it can be called off.
func (o *operation) byHand(ctx workflow.Context, step keyturn.ManualStep) error {
	defer o.control.desk.open(step)()
	phase := AwaitingEnd
	if step == keyturn.SupplyValue {
		phase = AwaitingSupply
	}
	if step == keyturn.EndOld {
		o.sealed = "a person was asked to end the old key, which may be dead: the only way is forward"
	}
	o.enter(ctx, phase, steps[step])
	o.publish(ctx)
	o.patient = true
	defer func() { o.patient = false }()
	h := &hand{operation: o, step: step, longer: o.control.longer, news: o.control.desk.news}
	if err := h.ask(ctx); err != nil {
		return err
	}
	for {
		if err := h.await(ctx); err != nil {
			return err
		}
		if h.longer != o.control.longer || h.unasked && h.due(ctx, h.again) {
			if err := h.ask(ctx); err != nil {
				return err
			}
			continue
		}
		if done, err := h.look(ctx); done || err != nil {
			return err
		}
	}
}

// steps is what a person is asked for, for the UI.
var steps = map[keyturn.ManualStep]string{
	keyturn.SupplyValue: "a person makes the new key and stores its value",
	keyturn.EndOld:      "a person ends the old key at its issuer",
	keyturn.EndNew:      "a person ends the new key at its issuer, because this is undone",
}

// hand is one step that a person is asked for.
type hand struct {
	*operation
	step   keyturn.ManualStep
	manual keyturn.Manual
	closed bool          // the ticket was closed before it could be waited for
	rung   int           // how many reminders were sent
	longer time.Duration // the extensions that the due date holds
	news   int           // how much news of the ticket was looked at
	next   time.Time     // when the ticket is looked at again, once all reminders were sent
	// unasked says that the ticket could not be opened. Asking is tried again at
	// again; meanwhile the step can be taken all the same.
	unasked bool
	again   time.Time
	pause   time.Duration
}

// lookDaily is how often the ticket is looked at when all reminders were sent,
// in case its webhook was lost.
const lookDaily = 24 * time.Hour

func (h *hand) input() activities.StepInput { return activities.StepInput{Run: h.run, Step: h.step} }

func (h *hand) due(ctx workflow.Context, at time.Time) bool { return !workflow.Now(ctx).Before(at) }

// interrupt is interruptible where calling off is possible.
func (h *hand) interrupt(ctx workflow.Context, step func(workflow.Context) error) error {
	if h.sealed != "" {
		return step(ctx)
	}
	return h.interruptible(ctx, step)
}

// aside is for what must not hold up a person for long, although a tracker is
// down or a test does not answer.
func (h *hand) aside(ctx workflow.Context, summary string) workflow.ActivityOptions {
	opts := remote(ctx, h.order.Issuer, summary)
	opts.ScheduleToCloseTimeout = 10 * time.Minute
	return opts
}

// goesOn reports whether err is one that ends the wait.
func goesOn(err error) bool {
	return err == nil || !errors.Is(err, errAborted) && !temporal.IsCanceledError(err) && kindOf(err) != keyturn.Conflict
}

// ask asks for the step, or moves its due date. Where the tracker does not
// answer it tells the owner, and asks again later.
func (h *hand) ask(ctx workflow.Context) error {
	in := h.input()
	if extra := h.control.longer - h.longer; extra > 0 {
		in.Due = h.manual.Due.Add(extra)
	}
	h.longer = h.control.longer
	err := h.interrupt(ctx, func(ctx workflow.Context) error {
		out, err := call(ctx, h.aside(ctx, "ask a person"), people.AskForStep, in)
		if err == nil {
			h.closed = !out.Idle
			h.show(ctx, out.Manual)
		}
		return err
	})
	if !goesOn(err) {
		return err
	}
	h.unasked = err != nil
	if h.unasked {
		h.pause = min(max(2*h.pause, 5*time.Minute), time.Hour)
		h.again = workflow.Now(ctx).Add(h.pause)
		why := "nobody could be asked by ticket: " + sentence(err)
		h.enter(ctx, h.status.Phase, steps[h.step]+"; "+why)
		h.tellStuck(ctx, why, "")
		return nil
	}
	h.pause, h.status.Detail = 0, steps[h.step]
	for h.rung > 0 && workflow.Now(ctx).Before(h.reminder(h.rung)) {
		h.rung-- // there is more time now: the reminder comes again
	}
	return nil
}

// show keeps how the step stands where people look.
func (h *hand) show(ctx workflow.Context, m keyturn.Manual) {
	h.manual = m
	h.status.Manual, h.status.Until = &m, m.Due
	workflow.SetCurrentDetails(ctx, h.details())
}

// await returns when somebody says something, the ticket may have changed, or
// it is time to ask again, to remind or to look.
func (h *hand) await(ctx workflow.Context) error {
	d := &h.control.desk
	if h.closed {
		h.closed = false
		return nil
	}
	if h.rung >= 3 && !h.next.After(workflow.Now(ctx)) {
		h.next = workflow.Now(ctx).Add(lookDaily)
	}
	err := h.control.wait(ctx, "a person", h.wake, func() bool {
		return d.pending() || d.news != h.news || h.control.longer != h.longer || h.mayTurnBack()
	})
	if err == nil && h.mayTurnBack() {
		err = errAborted
	}
	return err
}

// wake is when the wait ends although nobody says anything.
func (h *hand) wake() time.Time {
	at := h.next
	if h.rung < 3 {
		at = h.reminder(h.rung + 1)
	}
	if h.unasked && (h.manual.Asked.IsZero() || h.again.Before(at)) {
		at = h.again
	}
	return at
}

// reminder is when the n-th reminder is sent: each half of the time.
func (h *hand) reminder(n int) time.Time {
	return h.manual.Asked.Add(h.manual.Due.Sub(h.manual.Asked) / 2 * time.Duration(n))
}

// look has the step checked, and reminds of it where nobody says it is done and
// it is time to. It reports whether the step is done.
func (h *hand) look(ctx workflow.Context) (done bool, err error) {
	d := &h.control.desk
	in := h.input()
	in.At, h.news = workflow.Now(ctx), d.news
	if in.Said = d.pending(); in.Said {
		in.At, in.By = d.at, d.claim.Actor
	}
	var out activities.StepResult
	err = h.interrupt(ctx, func(ctx workflow.Context) (err error) {
		out, err = call(ctx, h.aside(ctx, "check what a person did"), people.CheckStep, in)
		return err
	})
	if !goesOn(err) {
		return false, err
	}
	if err != nil { // something a person can mend, and then say it again
		out = activities.StepResult{Manual: h.manual, Why: "it could not be checked: " + sentence(err), Idle: !in.Said}
	}
	h.status.Detail = steps[h.step]
	if out.Why != "" {
		h.status.Detail += "; not accepted: " + out.Why
	}
	h.show(ctx, out.Manual)
	if in.Said {
		d.answer(out.Manual.Done, out.Why)
	}
	if out.Manual.Done || !out.Idle || h.rung >= 3 || h.manual.Asked.IsZero() || !h.due(ctx, h.reminder(h.rung+1)) {
		return out.Manual.Done, nil
	}
	return false, h.remind(ctx)
}

// remind sends the next reminder. One that cannot be sent is let go: it must
// not keep somebody from saying that the step is done.
func (h *hand) remind(ctx workflow.Context) error {
	h.rung++
	in := h.input()
	in.Rung = h.rung
	err := h.interrupt(ctx, func(ctx workflow.Context) error {
		out, err := call(ctx, h.aside(ctx, "remind a person"), people.RemindOfStep, in)
		if err == nil {
			h.show(ctx, out.Manual)
		}
		return err
	})
	if !goesOn(err) {
		return err
	}
	if err != nil {
		workflow.GetLogger(ctx).Warn("a reminder was not sent", "error", err)
	}
	return nil
}
