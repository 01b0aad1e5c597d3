package activities

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/tickets"
)

// CheckStep looks whether a step was taken. Somebody who says so, on the
// command line or by closing the ticket, is not believed: a new value must be
// there and stand up to the checks, an ended key must be refused. Where that
// is not so, the reason is said on the ticket, and it is opened again. Nobody
// having said anything is Idle.
func (a *People) CheckStep(ctx context.Context, in StepInput) (StepResult, error) {
	b, err := a.Keys.open(ctx, in.Run)
	if err != nil {
		return StepResult{}, err
	}
	if !b.holds() {
		return StepResult{}, b.takenOver()
	}
	if err := b.writeDown(ctx, in); err != nil { // asking may not have come that far
		return StepResult{}, err
	}
	b.by = in.By
	m := b.key.Intent.Manual
	if m.Done {
		return StepResult{Manual: *m}, nil
	}
	if !in.Said {
		closed, err := a.isClosed(ctx, b)
		if err != nil || !closed {
			return StepResult{Manual: *m, Idle: true}, err
		}
	}
	var why string
	if in.Step == keyturn.SupplyValue {
		why, err = b.takeSupply(ctx, in.At)
	} else {
		why, err = b.takeEnd(ctx, in.Step, in.At)
	}
	if keyturn.KindOf(err) == keyturn.Conflict {
		why, err = b.stillOurs(ctx, err)
	}
	if err != nil {
		return StepResult{}, err
	}
	if why != "" {
		err = a.refuse(ctx, b, in, why)
	} else if in.Step == keyturn.SupplyValue {
		err = a.thank(ctx, b)
	}
	return StepResult{Manual: *b.key.Intent.Manual, Why: why}, err
}

// stillOurs tells a store that somebody wrote to meanwhile, which the person can
// mend and try again, from an operation that another took over.
func (b *bench) stillOurs(ctx context.Context, conflict error) (why string, err error) {
	if b.key, err = b.Registry.Get(ctx, b.run.Key); err != nil {
		return "", err
	}
	if !b.holds() || b.key.Intent.Manual == nil {
		return "", b.takenOver()
	}
	return conflict.Error(), nil
}

func (a *People) isClosed(ctx context.Context, b *bench) (bool, error) {
	_, t, err := a.tracker(b)
	if err != nil || t == nil || b.key.Intent.Manual.Ticket.ID == "" {
		return false, err
	}
	state, err := t.State(ctx, b.key.Intent.Manual.Ticket.ID)
	if keyturn.KindOf(err) == keyturn.NotFound {
		return false, nil // deleted: nobody says anything
	}
	return state == tickets.Closed, err
}

// refuse says why a claim is not believed.
func (a *People) refuse(ctx context.Context, b *bench, in StepInput, why string) error {
	at := fmt.Sprintf("%s/%d", in.Step, in.At.UnixMilli())
	n := note{name: registry.Refused + "/" + at, what: registry.Refused, detail: why, tell: []registry.Audience{registry.ToOwner}}
	if err := b.save(ctx, n, func(*keyturn.Key) error { return nil }); err != nil {
		return err
	}
	text := fmt.Sprintf("This is not done yet: %s.\n\nMore: `keyturn manual show %s`", why, b.key.ID)
	err := a.comment(ctx, b, tickets.Comment{Key: "refused/" + at, Text: text}, tickets.Open)
	if in.Said && ctx.Err() == nil {
		return nil // whoever said it waits for the answer, and not for the tracker
	}
	return err
}

// thank says on the ticket that the value is accepted and what comes next. The
// operation does not wait for a tracker that is down.
func (a *People) thank(ctx context.Context, b *bench) error {
	text := "Checked and accepted: the new value is stored. Keyturn now makes it the one consumers read."
	if b.run.Operation == keyturn.Rotate && !b.replaced() {
		text += " Leave the old key alone: you are asked for it here when consumers have moved."
	}
	_ = a.comment(ctx, b, tickets.Comment{Key: nth("accepted", b.key.Intent.Generation), Text: text}, "")
	return ctx.Err()
}

// RemindOfStep tells that the time for a step is running out, or is over: the
// owner when half of it is gone, the team when all of it is, and security when
// half as much again is. What is not done in time is recorded as missed, and is
// still waited for.
func (a *People) RemindOfStep(ctx context.Context, in StepInput) (StepResult, error) {
	b, err := a.Keys.open(ctx, in.Run)
	if err != nil {
		return StepResult{}, err
	}
	if !b.holds() || b.key.Intent.Manual == nil || b.key.Intent.Manual.Step != in.Step {
		return StepResult{}, b.takenOver()
	}
	m := b.key.Intent.Manual
	due := m.Due.Format(time.DateOnly)
	n := note{tell: []registry.Audience{registry.ToOwner}}
	switch in.Rung {
	case 1:
		n.what, n.detail = registry.Reminded, "half the time is gone; due "+due
	case 2:
		n.what, n.detail, n.tell = registry.Overdue, "was due "+due, append(n.tell, registry.ToTeam)
	default:
		n.what, n.detail, n.tell, n.urgent = registry.Escalated, "long overdue; was due "+due, append(n.tell, registry.ToTeam, registry.ToSecurity), true
	}
	n.detail = asked[in.Step] + ": " + n.detail
	n.name = fmt.Sprintf("%s/%s/%d", n.what, in.Step, m.Due.Unix())
	err = b.save(ctx, n, func(k *keyturn.Key) error {
		k.Intent.Manual.Missed = k.Intent.Manual.Missed || in.Rung > 1
		return nil
	})
	if err != nil {
		return StepResult{}, err
	}
	key := fmt.Sprintf("%s/%s/%d", n.what, in.Step, m.Due.Unix())
	return StepResult{Manual: *b.key.Intent.Manual, Idle: true}, a.comment(ctx, b, tickets.Comment{Key: key, Text: "Still to do: " + n.detail + "."}, "")
}

// CloseTicketInput says how an operation with a ticket ended.
type CloseTicketInput struct {
	Run    Run               `json:"run"`
	Ticket keyturn.TicketRef `json:"ticket"`
	Text   string            `json:"text"`
}

// CloseTicket says how the operation ended and closes its ticket. The operation
// is over by then, so a ticket or tracker that is gone is passed over.
func (a *People) CloseTicket(ctx context.Context, in CloseTicketInput) (struct{}, error) {
	t, ok := a.Trackers[in.Ticket.Tracker]
	if !ok {
		return struct{}{}, nil
	}
	err := t.Comment(ctx, in.Ticket.ID, tickets.Comment{Key: "end/" + in.Run.ID, Text: in.Text})
	if err == nil {
		err = t.Set(ctx, in.Ticket.ID, tickets.Closed)
	}
	if keyturn.KindOf(err) == keyturn.NotFound {
		return struct{}{}, nil
	}
	return struct{}{}, err
}

// ReportStuckInput says why an operation needs a person.
type ReportStuckInput struct {
	Run    Run    `json:"run"`
	Detail string `json:"detail"`
	// Kind is the kind of error that keeps a step from being taken; empty where it
	// is no error that is in the way.
	Kind keyturn.Kind `json:"kind,omitempty"`
}

// ReportStuck has the owner and the team told that an operation needs a person.
// Telling the same twice is telling it once. An error is also an outcome of the
// operation: it may be one of many at its account, and the brake looks.
func (a *People) ReportStuck(ctx context.Context, in ReportStuckInput) (struct{}, error) {
	b, err := a.Keys.open(ctx, in.Run)
	if err != nil {
		return struct{}{}, err
	}
	sum := sha256.Sum256([]byte(in.Detail))
	n := note{
		name: fmt.Sprintf("%s/%x", registry.Stuck, sum[:6]), what: registry.Stuck, detail: in.Detail,
		tell: []registry.Audience{registry.ToOwner, registry.ToTeam}, urgent: true,
	}
	if err := b.save(ctx, n, func(*keyturn.Key) error { return nil }); err != nil || in.Kind == "" {
		return struct{}{}, err
	}
	n = note{name: fmt.Sprintf("%s/%x", registry.Failing, sum[:6]), what: registry.Failing, detail: string(in.Kind)}
	err = b.save(ctx, n, func(*keyturn.Key) error { return nil })
	if err == nil && a.Keys.failed != nil {
		a.Keys.failed(ctx, in.Run.Issuer)
	}
	return struct{}{}, err
}
