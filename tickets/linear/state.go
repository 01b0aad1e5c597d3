package linear

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/tickets"
)

// A state is one of a team's workflow.
type state struct {
	ID, Name string
	Type     string
	Position float64
}

// is is what a state counts as: closed for completed, canceled and duplicate,
// open for every other type, those to come included (schema,
// WorkflowState.type).
func (s state) is() tickets.State {
	switch s.Type {
	case "completed", "canceled", "duplicate":
		return tickets.Closed
	}
	return tickets.Open
}

// target is the state that a ticket is brought to: the one the settings name,
// or else the first that people mean by it. A ticket that was moved to another
// team may find only the latter there.
func (t *tracker) target(all []state, s tickets.State) (state, bool) {
	name, types := t.OpenState, []string{"unstarted", "backlog", "started", "triage"}
	if s == tickets.Closed {
		name, types = t.DoneState, []string{"completed", "canceled"}
	}
	all = slices.SortedStableFunc(slices.Values(all), func(a, b state) int { return cmp.Compare(a.Position, b.Position) })
	if i := slices.IndexFunc(all, func(x state) bool { return name != "" && x.is() == s && strings.EqualFold(x.Name, name) }); i >= 0 {
		return all[i], true
	}
	for _, want := range types {
		if i := slices.IndexFunc(all, func(x state) bool { return x.Type == want }); i >= 0 {
			return all[i], true
		}
	}
	return state{}, false
}

// State asks for the issue. One that was archived after it was closed is still
// there.
func (t *tracker) State(ctx context.Context, id string) (tickets.State, error) {
	i, err := t.issue(ctx, "linear: state", issueQuery, id)
	if err != nil {
		return "", err
	}
	return i.State.is(), nil
}

// Set brings the issue to a state of its own team. A closed issue that Linear
// has archived is brought back when it is opened.
func (t *tracker) Set(ctx context.Context, id string, s tickets.State) error {
	const op = "linear: set"
	if s != tickets.Open && s != tickets.Closed {
		return keyturn.Errorf(keyturn.Invalid, op, "a ticket is open or closed")
	}
	i, err := t.issue(ctx, op, boardQuery, id)
	if err != nil {
		return err
	}
	if i.State.is() == s && (s == tickets.Closed || !i.archived()) {
		return nil
	}
	if err := t.unarchive(ctx, op, i); err != nil || i.State.is() == s {
		return err
	}
	to, ok := t.target(i.Team.States.Nodes, s)
	if !ok {
		return keyturn.Errorf(keyturn.Invalid, op, "the ticket's team has no state that is %s; add one to its workflow", s)
	}
	return t.update(ctx, op, i, map[string]any{"stateId": to.ID})
}
