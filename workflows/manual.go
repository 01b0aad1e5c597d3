package workflows

import (
	"fmt"
	"strings"
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
	closed, err := h.ask(ctx)
	for err == nil {
		if !closed {
			if err := h.await(ctx); err != nil {
				return err
			}
		}
		closed = false
		if h.longer != o.control.longer {
			if closed, err = h.ask(ctx); err != nil {
				return err
			}
			continue
		}
		done, err := h.look(ctx)
		if done || err != nil {
			return err
		}
	}
	return err
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
	rung   int           // how many reminders were sent
	longer time.Duration // the extensions that the due date holds
	news   int           // how much news of the ticket was looked at
}

func (h *hand) input() activities.StepInput { return activities.StepInput{Run: h.run, Step: h.step} }

// interrupt is interruptible where calling off is possible.
func (h *hand) interrupt(ctx workflow.Context, step func(workflow.Context) error) error {
	if h.sealed != "" {
		return step(ctx)
	}
	return h.interruptible(ctx, step)
}

// ask asks for the step, or moves its due date. It reports whether the ticket
// is closed already.
func (h *hand) ask(ctx workflow.Context) (closed bool, err error) {
	in := h.input()
	if extra := h.control.longer - h.longer; extra > 0 {
		in.Due = h.manual.Due.Add(extra)
	}
	h.longer = h.control.longer
	err = h.interrupt(ctx, func(ctx workflow.Context) error {
		return h.persist(ctx, func(ctx workflow.Context) error {
			out, err := call(ctx, forward(ctx, h.order.Issuer, "ask a person"), people.AskForStep, in)
			if err == nil {
				h.show(ctx, out.Manual)
				closed = !out.Idle
			}
			return err
		})
	})
	return closed, err
}

// show keeps how the step stands where people look.
func (h *hand) show(ctx workflow.Context, m keyturn.Manual) {
	h.manual = m
	h.status.Manual, h.status.Until = &m, m.Due
	workflow.SetCurrentDetails(ctx, h.details())
}

// await returns when somebody says something, the ticket may have changed, or
// it is time for a reminder.
func (h *hand) await(ctx workflow.Context) error {
	d := &h.control.desk
	something := func() bool {
		return d.pending() || d.news != h.news || h.control.longer != h.longer || h.mayTurnBack()
	}
	err := error(nil)
	if h.rung < 3 {
		err = h.control.wait(ctx, fmt.Sprintf("%d %% of the time", 50*(h.rung+1)), h.nextRung, something)
	} else {
		err = workflow.Await(ctx, something)
	}
	if err == nil && h.mayTurnBack() {
		err = errAborted
	}
	return err
}

// nextRung is when the next reminder is sent.
func (h *hand) nextRung() time.Time {
	return h.manual.Asked.Add(h.manual.Due.Sub(h.manual.Asked) / 2 * time.Duration(h.rung+1))
}

// look has the step checked, and reminds of it where nobody says it is done and
// it is time to. It reports whether the step is done.
func (h *hand) look(ctx workflow.Context) (done bool, err error) {
	d := &h.control.desk
	in := h.input()
	in.Said, in.At, h.news = d.pending(), workflow.Now(ctx), d.news
	if in.Said {
		in.At = d.at
	}
	var out activities.StepResult
	err = h.interrupt(ctx, func(ctx workflow.Context) (err error) {
		opts := forward(ctx, h.order.Issuer, "check what a person did")
		if !in.Said {
			opts = h.aside(ctx, "look at the ticket")
		}
		out, err = call(ctx, opts, people.CheckStep, in)
		return err
	})
	switch {
	case err == errAborted || temporal.IsCanceledError(err) || err != nil && kindOf(err) == keyturn.Conflict: //nolint:errorlint // our own value, never wrapped
		return false, err
	case err != nil: // something a person can mend, and then say it again
		out = activities.StepResult{Manual: h.manual, Why: sentence(err), Idle: !in.Said}
	}
	h.status.Detail = steps[h.step]
	if out.Why != "" {
		h.status.Detail += "; not accepted: " + out.Why
	}
	h.show(ctx, out.Manual)
	if in.Said {
		d.answer(out.Manual.Done, out.Why)
	}
	if out.Manual.Done || !out.Idle || h.rung >= 3 || workflow.Now(ctx).Before(h.nextRung()) {
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
	return h.interrupt(ctx, func(ctx workflow.Context) error {
		out, err := call(ctx, h.aside(ctx, "remind a person"), people.RemindOfStep, in)
		switch {
		case err == nil:
			h.show(ctx, out.Manual)
		case temporal.IsCanceledError(err):
			return err
		default:
			workflow.GetLogger(ctx).Warn("a reminder was not sent", "error", err)
		}
		return nil
	})
}

// aside is for what a tracker that is down must not hold up for long.
func (h *hand) aside(ctx workflow.Context, summary string) workflow.ActivityOptions {
	opts := remote(ctx, h.order.Issuer, summary)
	opts.ScheduleToCloseTimeout = 10 * time.Minute
	return opts
}

// closeTicket says on the operation's ticket how it ended, and closes it. A
// tracker that does not answer for an hour is not waited for any longer.
func (o *operation) closeTicket(ctx workflow.Context) {
	if o.status.Manual == nil || o.status.Manual.Ticket.ID == "" {
		return
	}
	free, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	opts := remote(free, o.order.Issuer, "close the ticket")
	opts.ScheduleToCloseTimeout = time.Hour
	in := activities.CloseTicketInput{Run: o.run, Ticket: o.status.Manual.Ticket, Text: o.ending()}
	if _, err := call(free, opts, people.CloseTicket, in); err != nil {
		workflow.GetLogger(ctx).Warn("the ticket stays open", "error", err)
	}
}

// ending is what the ticket says last.
func (o *operation) ending() string {
	r := o.result
	out := fmt.Sprintf("Closed by Keyturn: %s is %s.", o.order.Key, strings.ReplaceAll(string(r.Outcome), "_", " "))
	if len(r.Ended) > 0 {
		out += " Ended: " + strings.Join(r.Ended, ", ") + "."
	}
	if len(r.Unproven) > 0 {
		out += " Nothing could try whether these are dead: " + strings.Join(r.Unproven, ", ") + "."
	}
	if r.Outcome == RolledBack {
		out += fmt.Sprintf(" Reason: %s. If you made a key for this that you did not supply, end it.", r.Why)
	}
	return out
}
