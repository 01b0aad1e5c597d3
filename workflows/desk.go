package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/keyturn/keyturn"
)

// desk is where claims about steps by hand come in. One step is asked for at a
// time, and one claim is looked at at a time; whoever made it is answered.
type desk struct {
	step    keyturn.ManualStep // the one asked for; empty is none
	claim   *Claim             // the one being looked at
	at      time.Time          // when it was made
	verdict *Verdict           // the answer to it
	news    int                // rises with every delivery about the ticket
}

// listen registers the update for claims and the signal for news of tickets.
func (d *desk) listen(ctx workflow.Context) error {
	news := workflow.GetSignalChannel(ctx, SignalTicket)
	workflow.Go(ctx, func(ctx workflow.Context) {
		for {
			news.Receive(ctx, nil)
			d.news++
		}
	})
	return workflow.SetUpdateHandlerWithOptions(ctx, UpdateConfirm, func(ctx workflow.Context, c Claim) (Verdict, error) {
		d.claim, d.at, d.verdict = &c, workflow.Now(ctx), nil
		// Whoever says something is answered, also while the workflow is cancelled.
		free, cancel := workflow.NewDisconnectedContext(ctx)
		defer cancel()
		err := workflow.Await(free, func() bool { return d.verdict != nil })
		if err != nil {
			return Verdict{}, err
		}
		v := *d.verdict
		d.claim, d.verdict = nil, nil
		return v, nil
	}, workflow.UpdateHandlerOptions{Validator: d.mayClaim})
}

func (d *desk) mayClaim(c Claim) error {
	switch {
	case c.Actor == "":
		return refuse("say who you are: actor is empty")
	case d.step == "":
		return refuse("nothing is asked of a person just now")
	case c.Step != "" && c.Step != d.step:
		return refuse("the step asked for now is " + string(d.step) + ", not " + string(c.Step))
	case d.claim != nil:
		return refuse("somebody else says so already, and it is being checked")
	}
	return nil
}

// pending reports whether a claim waits for an answer.
func (d *desk) pending() bool { return d.claim != nil && d.verdict == nil }

// answer answers the claim that waits, if one does.
func (d *desk) answer(accepted bool, why string) {
	if d.pending() {
		d.verdict = &Verdict{Accepted: accepted, Step: d.step, Why: why}
	}
}

// open takes claims for a step until the function it returns is called.
func (d *desk) open(step keyturn.ManualStep) (leave func()) {
	d.step = step
	return func() {
		d.answer(false, "the step is not asked for any more")
		d.step = ""
	}
}
