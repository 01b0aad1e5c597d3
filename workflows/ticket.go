package workflows

import (
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
)

// noteTicket keeps the ticket of an operation whose intent is closed.
func (o *operation) noteTicket(t keyturn.TicketRef) {
	if t.ID != "" {
		o.ticket = t
	}
}

// closeTicket says on the operation's ticket how it ended, and closes it. A
// tracker that does not answer for an hour is not waited for any longer.
func (o *operation) closeTicket(ctx workflow.Context) {
	if o.ticket.ID == "" && o.status.Manual != nil {
		o.ticket = o.status.Manual.Ticket
	}
	if o.ticket.ID == "" {
		return
	}
	free, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	opts := remote(free, o.order.Issuer, "close the ticket")
	opts.ScheduleToCloseTimeout = time.Hour
	in := activities.CloseTicketInput{Run: o.run, Ticket: o.ticket, Text: o.ending()}
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
