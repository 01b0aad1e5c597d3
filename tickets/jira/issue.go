package jira

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/tickets"
)

// issue is the part of an issue that is read ("Get issue").
type issue struct {
	ID     string `json:"id"`
	Key    string `json:"key"`
	Fields struct {
		Status  status `json:"status"`
		Created string `json:"created"`
	} `json:"fields"`
	Properties map[string]json.RawMessage `json:"properties"`
}

// status is where an issue is in its workflow.
type status struct {
	Category struct {
		Key string `json:"key"` // new, indeterminate, done or undefined
	} `json:"statusCategory"`
}

// state reads a status. Every status has a category, and what people make up
// for "not planned" or "cancelled" is of the category done.
func (s status) state() tickets.State {
	if s.Category.Key == "done" {
		return tickets.Closed
	}
	return tickets.Open
}

// State reads the category of the ticket's status.
func (t *tracker) State(ctx context.Context, id string) (tickets.State, error) {
	return t.state(ctx, "jira: state", id)
}

func (t *tracker) state(ctx context.Context, op, id string) (tickets.State, error) {
	path, err := issuePath(op, id)
	if err != nil {
		return "", err
	}
	var out issue
	if err := t.call(ctx, op, http.MethodGet, path+"?fields=status", nil, &out); err != nil {
		return "", t.missing(ctx, op, err)
	}
	if out.Fields.Status.Category.Key == "" {
		return "", undocumented(op)
	}
	return out.Fields.Status.state(), nil
}

// transition is a way out of an issue's status ("Get transitions").
type transition struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	To        status `json:"to"`
	HasScreen bool   `json:"hasScreen"`
}

// Set moves the ticket along a transition of its workflow. Where no transition
// leads there in one step, or the one that does asks for a field, it is an
// Invalid error that names the setting to mend.
func (t *tracker) Set(ctx context.Context, id string, want tickets.State) error {
	const op = "jira: set"
	if want != tickets.Open && want != tickets.Closed {
		return keyturn.Errorf(keyturn.Invalid, op, "a ticket is open or closed")
	}
	got, err := t.state(ctx, op, id)
	if err != nil || got == want {
		return err
	}
	path, _ := issuePath(op, id)
	path += "/transitions"
	var out struct{ Transitions []transition }
	if err := t.call(ctx, op, http.MethodGet, path, nil, &out); err != nil {
		return t.missing(ctx, op, err)
	}
	way, err := t.way(op, out.Transitions, want)
	if err != nil {
		return err
	}
	err = t.call(ctx, op, http.MethodPost, path, map[string]any{"transition": map[string]any{"id": way.ID}}, nil)
	if keyturn.KindOf(err) == keyturn.Invalid {
		return keyturn.Errorf(keyturn.Invalid, op, "Jira refused the transition: it asks for a field, or the account lacks the permission Transition issues; "+
			"name a transition without required fields in %s", setting(want))
	}
	return t.missing(ctx, op, err)
}

// way chooses the transition: the one the settings name, else one that leads
// to want, first such as need no screen.
func (t *tracker) way(op string, all []transition, want tickets.State) (transition, error) {
	name := t.DoneTransition
	if want == tickets.Open {
		name = t.ReopenTransition
	}
	var found *transition
	for i, w := range all {
		switch {
		case w.To.state() != want:
		case name != "" && strings.EqualFold(w.Name, name):
			return w, nil
		case name == "" && (found == nil || found.HasScreen && !w.HasScreen):
			found = &all[i]
		}
	}
	switch {
	case found != nil:
		return *found, nil
	case name != "":
		return transition{}, keyturn.Errorf(keyturn.Invalid, op, "from the ticket's status no transition named as %s says leads to a status that is %s; "+
			"change the setting, or allow the transition from every status", setting(want), want)
	}
	return transition{}, keyturn.Errorf(keyturn.Invalid, op, "no transition leads from the ticket's status to one that is %s, or the account lacks the permission Transition issues; "+
		"give the project's workflow one from every status, and name it in %s if there are several", want, setting(want))
}

// setting is the name of the setting that chooses the transition to s.
func setting(s tickets.State) string {
	if s == tickets.Closed {
		return "done_transition"
	}
	return "reopen_transition"
}

// Postpone changes the due date, or takes it away if due is zero.
func (t *tracker) Postpone(ctx context.Context, id string, due time.Time) error {
	const op = "jira: postpone"
	path, err := issuePath(op, id)
	if err != nil {
		return err
	}
	in := map[string]any{"fields": map[string]any{"duedate": day(due)}}
	err = t.call(ctx, op, http.MethodPut, path, in, nil)
	if keyturn.KindOf(err) == keyturn.Invalid {
		return keyturn.Errorf(keyturn.Invalid, op, "Jira refused the due date; put the field Due date on the issue type's edit screen and give the account the permission Schedule issues")
	}
	return t.missing(ctx, op, err)
}

// day is a date as Jira writes one, and nil for none.
func day(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.Format(time.DateOnly)
}

// issuePath is where an issue is. An id is a number; anything else names
// nothing here, and could name another resource.
func issuePath(op, id string) (string, error) {
	if _, err := strconv.ParseUint(id, 10, 64); err != nil {
		return "", keyturn.Errorf(keyturn.NotFound, op, "there is no such ticket: Jira's ids are numbers")
	}
	return "/issue/" + id, nil
}
