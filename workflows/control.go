package workflows

import (
	"errors"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/keyturn/keyturn"
)

// control is what people have said to a workflow so far.
type control struct {
	approved, rejected *Word
	aborted            *Word
	expedited          *Word
	longer             time.Duration // the sum of the extensions
	override           bool          // windows and freezes do not hold it any more
	desk               desk          // what is claimed of steps by hand
	said               int           // rises with every word, so that waits look up
	// closed names why abort is refused; empty while it is possible.
	closed func() string
	// waiting says whether there is a wait that can be cut short or lengthened.
	waiting func() bool
	// approving says whether an approval is asked for, and requester who asked
	// for the operation: nobody approves what they asked for themselves.
	approving func() bool
	requester string
}

// listen registers the updates. Each is checked before it is accepted, so that
// a word that comes too late is refused with the reason.
func (c *control) listen(ctx workflow.Context) error {
	word := func(name string, check func(Word) error, set func(Word)) error {
		return workflow.SetUpdateHandlerWithOptions(ctx, name, func(_ workflow.Context, w Word) error {
			set(w)
			c.said++
			return nil
		}, workflow.UpdateHandlerOptions{Validator: func(w Word) error {
			if w.Actor == "" {
				return refuse("say who you are: actor is empty")
			}
			return check(w)
		}})
	}
	return errors.Join(
		word(UpdateApprove, c.mayApprove, func(w Word) { c.approved = &w }),
		word(UpdateReject, c.mayReject, func(w Word) { c.rejected = &w }),
		word(UpdateAbort, c.mayAbort, func(w Word) { c.aborted = &w }),
		word(UpdateExpedite, c.mayExpedite, func(w Word) { c.expedited, c.override = &w, c.override || w.Override }),
		c.desk.listen(ctx),
		workflow.SetUpdateHandlerWithOptions(ctx, UpdateExtend, func(_ workflow.Context, e Extension) error {
			c.longer += time.Duration(e.For)
			c.said++
			return nil
		}, workflow.UpdateHandlerOptions{Validator: func(e Extension) error {
			const most = 90 * 24 * time.Hour
			switch {
			case e.Actor == "":
				return refuse("say who you are: actor is empty")
			case e.For <= 0 || time.Duration(e.For) > most:
				return refuse("extend by more than nothing and at most 90d, not " + e.For.String())
			case c.aborted != nil:
				return refuse("it is being undone already")
			}
			return c.mayWait(e.Word)
		}}),
	)
}

func (c *control) mayApprove(w Word) error {
	if c.approving() && w.Actor == c.requester {
		return refuse("somebody else than " + c.requester + " has to approve it")
	}
	return c.mayReject(w)
}

func (c *control) mayReject(Word) error {
	if !c.approving() {
		return refuse("no approval is asked for")
	}
	return nil
}

func (c *control) mayAbort(Word) error {
	if why := c.closed(); why != "" {
		return refuse(why)
	}
	return nil
}

func (c *control) mayWait(Word) error {
	if !c.waiting() {
		return refuse("there is nothing to wait for just now")
	}
	return nil
}

// mayExpedite refuses to hurry a person: it would cut the soaks short instead.
func (c *control) mayExpedite(w Word) error {
	if c.desk.step != "" {
		return refuse("a person is asked to take a step by hand; when it is done, say so with: keyturn manual confirm")
	}
	return c.mayWait(w)
}

func refuse(why string) error {
	return temporal.NewNonRetryableApplicationError(why, string(keyturn.Invalid), nil)
}

// wait sleeps until the time that until gives, and looks again whenever
// somebody speaks or done turns true. It returns early when done does, and
// with an error when ctx is cancelled.
func (c *control) wait(ctx workflow.Context, summary string, until func() time.Time, done func() bool) error {
	for !done() {
		left := until().Sub(workflow.Now(ctx))
		if left <= 0 {
			return nil
		}
		timed, cancel := workflow.WithCancel(ctx)
		timer := workflow.NewTimerWithOptions(timed, left, workflow.TimerOptions{Summary: summary})
		said := c.said
		err := workflow.Await(ctx, func() bool { return timer.IsReady() || c.said != said || done() })
		cancel()
		if err != nil {
			return err
		}
	}
	return nil
}
