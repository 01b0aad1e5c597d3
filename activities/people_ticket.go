package activities

import (
	"context"
	"fmt"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/tickets"
)

// tracker returns the tracker a key's tickets are in: the one its ticket was
// opened in, else the one of the team that rotates it; nil for none.
func (a *People) tracker(b *bench) (string, tickets.Tracker, error) {
	name := a.Tracker
	for _, team := range []string{b.key.Owner.Team, b.key.Audit.Team} {
		if t, ok := a.Teams[team]; ok {
			name = t
		}
	}
	if m := b.key.Intent.Manual; m != nil && m.Ticket.Tracker != "" {
		name = m.Ticket.Tracker
	}
	if name == "" {
		return "", nil, nil
	}
	t, ok := a.Trackers[name]
	if !ok {
		return "", nil, b.errorf(keyturn.NotFound, "no tracker named %q is configured on this worker", name)
	}
	return name, t, nil
}

// ticket makes the operation's ticket be open and say what is asked now. It
// reports whether a person has closed a ticket it has only just opened, or
// opened earlier and not lived to record.
func (a *People) ticket(ctx context.Context, b *bench) (closed bool, err error) {
	name, t, err := a.tracker(b)
	if err != nil || t == nil {
		return false, err
	}
	m := b.key.Intent.Manual
	if m.Ticket.ID == "" {
		return a.openTicket(ctx, b, name, t)
	}
	err = a.sayNow(ctx, b, t)
	if keyturn.KindOf(err) != keyturn.NotFound {
		return false, err
	}
	// Somebody deleted it. The work is still to be done, so there is another.
	err = b.save(ctx, note{name: "lost/" + m.Ticket.ID, what: registry.Noted, detail: "ticket " + m.Ticket.ID + " is gone; another is opened"}, func(k *keyturn.Key) error {
		if old := k.Intent.Manual; old.Ticket.ID != "" {
			old.Ticket, old.Key = keyturn.TicketRef{}, old.Key+"/again"
		}
		return nil
	})
	if err != nil {
		return false, err
	}
	return a.openTicket(ctx, b, name, t)
}

func (a *People) openTicket(ctx context.Context, b *bench, name string, t tickets.Tracker) (closed bool, err error) {
	m := b.key.Intent.Manual
	title, body, err := a.Wording.Ticket(a.facts(b))
	if err == nil && m.Step != keyturn.SupplyValue && b.run.Operation != keyturn.Revoke {
		body, err = a.Wording.Step(a.facts(b)) // nobody is to make a key any more
	}
	if err != nil {
		return false, b.errorf(keyturn.Invalid, "the ticket's template cannot be filled in; run: keyturn-worker -check-config")
	}
	ref, err := t.Open(ctx, tickets.Ticket{Key: m.Key, Title: title, Body: body, Due: m.Due, Urgent: b.run.Urgent})
	if err != nil {
		return false, err
	}
	found := keyturn.TicketRef{Tracker: name, ID: ref.ID, URL: ref.URL}
	err = b.save(ctx, note{name: "ticket/" + ref.ID, what: registry.Noted, detail: "ticket " + ref.URL}, func(k *keyturn.Key) error {
		k.Intent.Manual.Ticket = found
		return nil
	})
	if err != nil {
		return false, err
	}
	state, err := t.State(ctx, ref.ID)
	return state == tickets.Closed, err
}

// sayNow says on a ticket that exists what is asked now, and opens it.
func (a *People) sayNow(ctx context.Context, b *bench, t tickets.Tracker) error {
	m := b.key.Intent.Manual
	text, err := a.Wording.Step(a.facts(b))
	if err != nil {
		return b.errorf(keyturn.Invalid, "the ticket's template cannot be filled in; run: keyturn-worker -check-config")
	}
	key := fmt.Sprintf("step/%s/%d", m.Step, m.Due.Unix())
	if err := t.Comment(ctx, m.Ticket.ID, tickets.Comment{Key: key, Text: text}); err != nil {
		return err
	}
	if err := t.Postpone(ctx, m.Ticket.ID, m.Due); err != nil {
		return err
	}
	return t.Set(ctx, m.Ticket.ID, tickets.Open)
}

// comment says something on the operation's ticket, if it has one, and puts it
// into a state unless that is empty. A ticket that somebody deleted is passed
// over: it is opened anew when something is next asked for.
func (a *People) comment(ctx context.Context, b *bench, c tickets.Comment, s tickets.State) error {
	_, t, err := a.tracker(b)
	m := b.key.Intent.Manual
	if err != nil || t == nil || m == nil || m.Ticket.ID == "" {
		return err
	}
	err = t.Comment(ctx, m.Ticket.ID, c)
	if err == nil && s != "" {
		err = t.Set(ctx, m.Ticket.ID, s)
	}
	if keyturn.KindOf(err) == keyturn.NotFound {
		return nil
	}
	return err
}

// facts are what a ticket's templates may say.
func (a *People) facts(b *bench) tickets.Facts {
	k, m := &b.key, b.key.Intent.Manual
	f := tickets.Facts{
		Operation: string(b.run.Operation), Step: string(m.Step), Key: string(k.ID), Purpose: k.Purpose,
		Team: k.Owner.Team, Person: k.Owner.Person, By: k.Audit.Team,
		Provider: b.info.Title, Account: k.Scope.Account, Principal: k.Scope.Principal, Permissions: k.Scope.Permissions,
		Docs: b.info.Docs, Store: k.Storage.Secret.Store, Path: k.Storage.Secret.Path,
		Due: m.Due.Format(time.DateOnly), Reason: b.run.Cause.reason(), Tested: k.Policy.Test != nil,
		Replaces: b.info.MaxLive == 1 && k.Current() != nil,
	}
	for _, c := range k.Storage.Consumers {
		f.Consumers = append(f.Consumers, c.String())
	}
	for _, i := range k.Ledger {
		if i.Generation == k.Intent.Generation && b.run.Operation != keyturn.Revoke {
			f.New = i.RemoteID
		} else {
			f.Old = append(f.Old, i.RemoteID)
		}
	}
	return f
}
