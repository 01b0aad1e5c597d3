package activities

import (
	"context"
	"fmt"
	"strings"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/tickets"
)

// openTicket opens a leak's ticket, once, in the tracker of the first team of its key
// that has one.
func (a *Leaks) openTicket(ctx context.Context, l registry.Leak) error {
	if l.Ticket.ID != "" || a.People == nil {
		return nil
	}
	name := a.People.Tracker
	if l.Key != "" {
		k, err := a.Keys.Registry.Get(ctx, l.Key)
		if err != nil {
			return err
		}
		for _, team := range []string{k.Audit.Team, k.Owner.Team} {
			if t, ok := a.People.Teams[team]; ok {
				name = t
			}
		}
	}
	t, ok := a.People.Trackers[name]
	if !ok {
		return nil // none is configured
	}
	places, err := a.places(ctx, l)
	if err != nil {
		return err
	}
	ref, err := t.Open(ctx, tickets.Ticket{
		Key: "leak/" + l.ID, Title: "Leaked: " + named(l), Body: leakBody(l, places), Urgent: true,
	})
	if err != nil {
		return err
	}
	_, err = a.change(ctx, l.ID, func(l *registry.Leak) {
		l.Ticket = keyturn.TicketRef{Tracker: name, ID: ref.ID, URL: ref.URL}
	})
	return err
}

// mostPlaces is how many places a ticket names.
const mostPlaces = 20

// places are where a value was found, a line each.
func (a *Leaks) places(ctx context.Context, l registry.Leak) ([]string, error) {
	var out []string
	for h, err := range a.Keys.Registry.LeakHits(ctx, l.ID) {
		if err != nil {
			return nil, err
		}
		if len(out) == mostPlaces {
			return append(out, "and more"), nil
		}
		line := h.Source
		for _, s := range []string{h.Repo, h.Place, h.URL} {
			if s != "" {
				line += ", " + s
			}
		}
		out = append(out, plainText(line))
	}
	return out, nil
}

// plainText keeps a tracker from reading a stranger's text as its own markup.
func plainText(s string) string {
	return strings.NewReplacer("`", "'", "<", "(", ">", ")", "[", "(", "]", ")", "@", " at ", "|", "/").Replace(s)
}

func leakBody(l registry.Leak, places []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "The value of %s was found where it should not be.\n\n", named(l))
	if l.Key != "" {
		b.WriteString("Keyturn replaces it and ends the old value by itself. ")
	} else {
		b.WriteString("Keyturn does not know whose it is and cannot replace it. ")
	}
	fmt.Fprintf(&b, "How far it is: `keyturn leaks show %s`\n\nFound in:\n\n", l.ID)
	for _, p := range places {
		fmt.Fprintf(&b, "- `%s`\n", p)
	}
	b.WriteString("\nRemove it there, too. Whoever has seen it may have kept it: removing it ends nothing.\n")
	return b.String()
}

// settleTicket makes a leak's ticket be there and be closed.
func (a *Leaks) settleTicket(ctx context.Context, l registry.Leak, text string) error {
	if loud(l) {
		if err := a.openTicket(ctx, l); err != nil {
			return err
		}
		var err error
		if l, err = a.Keys.Registry.Leak(ctx, l.ID); err != nil {
			return err
		}
	}
	return a.closeTicket(ctx, l, text)
}

// closeTicket says on a leak's ticket how it ended, and closes it.
func (a *Leaks) closeTicket(ctx context.Context, l registry.Leak, text string) error {
	if l.Ticket.ID == "" || a.People == nil {
		return nil
	}
	t, ok := a.People.Trackers[l.Ticket.Tracker]
	if !ok {
		return keyturn.Errorf(keyturn.Unavailable, "close a leak's ticket", "no tracker named %q is configured on this worker; give every worker the same tickets section", l.Ticket.Tracker)
	}
	err := t.Comment(ctx, l.Ticket.ID, tickets.Comment{Key: "leak/" + l.ID + "/closed", Text: text})
	if err == nil {
		err = t.Set(ctx, l.Ticket.ID, tickets.Closed)
	}
	if keyturn.KindOf(err) == keyturn.NotFound {
		return nil // somebody deleted it
	}
	return err
}
