package activities

import (
	"context"
	"fmt"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/tickets"
)

// People asks persons for what no API can do. It works on the keys of Keys.
type People struct {
	Keys     *Keys
	Trackers map[string]tickets.Tracker // by the name in the configuration
	// Tracker is the one for teams that are not in Teams; empty opens no tickets.
	Tracker string
	Teams   map[string]string // team to tracker
	Wording tickets.Wording
}

// StepInput names a step of an operation that a person takes.
type StepInput struct {
	Run  Run                `json:"run"`
	Step keyturn.ManualStep `json:"step"`
	// Due moves the day the step should be done by; zero leaves it.
	Due time.Time `json:"due,omitzero"`
	// Said says that somebody claims to have taken the step, at At. Otherwise
	// the ticket is asked.
	Said bool      `json:"said,omitempty"`
	At   time.Time `json:"at,omitzero"`
	By   string    `json:"by,omitempty"` // who claims it, for the record
	// Rung is how far the time is gone: 1, 2 or 3 for 50, 100 or 150 percent.
	Rung int `json:"rung,omitempty"`
}

// StepResult is how a step stands.
type StepResult struct {
	Manual keyturn.Manual `json:"manual"`
	// Idle says that nobody claims to have taken the step.
	Idle bool `json:"idle,omitempty"`
	// Why says what keeps a claim from being believed.
	Why string `json:"why,omitempty"`
}

// AskForStep asks a person for a step: it writes the step down, opens the
// operation's ticket, or opens it again and says on it what is asked now. It
// may be repeated, also with a later Due.
func (a *People) AskForStep(ctx context.Context, in StepInput) (StepResult, error) {
	b, err := a.Keys.open(ctx, in.Run)
	if err != nil {
		return StepResult{}, err
	}
	if !b.holds() {
		return StepResult{}, b.takenOver()
	}
	if err := b.writeDown(ctx, in); err != nil {
		return StepResult{}, err
	}
	closed, err := a.ticket(ctx, b)
	if err != nil {
		return StepResult{}, err
	}
	m := b.key.Intent.Manual
	detail := fmt.Sprintf("%s; due %s", asked[in.Step], m.Due.Format(time.DateOnly))
	if m.Ticket.URL != "" {
		detail += "; ticket " + m.Ticket.URL
	}
	n := note{name: fmt.Sprintf("%s/%s/%d", registry.Asked, in.Step, m.Due.Unix()), what: registry.Asked, detail: detail, tell: []registry.Audience{registry.ToOwner}}
	if err := b.save(ctx, n, func(*keyturn.Key) error { return nil }); err != nil {
		return StepResult{}, err
	}
	return StepResult{Manual: *b.key.Intent.Manual, Idle: !closed}, nil
}

// asked says in words what each step is.
var asked = map[keyturn.ManualStep]string{
	keyturn.SupplyValue: "make a new key and store its value",
	keyturn.EndOld:      "end the old key at its issuer",
	keyturn.EndNew:      "end the new key at its issuer: the operation is undone",
}

// writeDown records the step before anybody is asked for it. From the moment a
// person is asked to end the old key it may be dead, so there is no way back.
func (b *bench) writeDown(ctx context.Context, in StepInput) error {
	m := b.key.Intent.Manual
	fresh := m == nil || m.Step != in.Step
	if !fresh && !in.Due.After(m.Due) {
		return nil
	}
	now := b.Now().UTC().Truncate(time.Second)
	n := note{name: "step/" + string(in.Step), what: registry.Noted, detail: "a person is asked to " + asked[in.Step]}
	if !fresh {
		n.name, n.detail = fmt.Sprintf("due/%s/%d", in.Step, in.Due.Unix()), "the step is now due "+in.Due.UTC().Format(time.DateOnly)
	}
	var old []string
	if in.Step == keyturn.EndOld {
		for _, i := range b.superseded() {
			old = append(old, i.RemoteID)
		}
	}
	return b.save(ctx, n, func(k *keyturn.Key) error {
		next := keyturn.Manual{Key: fmt.Sprintf("%s/%s", b.run.Operation, k.Intent.Run)}
		if k.Intent.Manual != nil {
			next = *k.Intent.Manual
		}
		if next.Step != in.Step {
			next.Step, next.Asked, next.Missed, next.Done, next.Unproven = in.Step, now, false, false, nil
			next.Due = now.Add(time.Duration(k.Policy.WithDefaults().SLA))
		}
		if in.Due.After(next.Due) {
			next.Due, next.Missed = in.Due.UTC().Truncate(time.Second), false
		}
		k.Intent.Manual = &next
		for _, id := range old {
			if i := k.Remote(id); i != nil {
				i.State = keyturn.Revoking
			}
		}
		return nil
	})
}
