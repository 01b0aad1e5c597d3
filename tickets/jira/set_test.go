package jira_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/tickets"
	"github.com/keyturn/keyturn/tickets/jira/jirafake"
)

// TestWorkflows closes and reopens tickets under other workflows than the
// plain one.
func TestWorkflows(t *testing.T) {
	t.Parallel()
	both := []jirafake.Transition{{Name: "Discard", To: "Won't do"}, {Name: "Finish", To: "Done"}, {Name: "Again", To: "To Do"}, {Name: "Resume", To: "In Progress"}}
	screens := []jirafake.Transition{{Name: "Finish with a reason", To: "Done", Needs: "resolution"}, {Name: "Discard", To: "Won't do"}, {Name: "Again", To: "To Do"}}
	steps := []jirafake.Transition{{Name: "Start", From: "To Do", To: "In Progress"}, {Name: "Finish", From: "In Progress", To: "Done"}}
	for _, c := range []struct {
		name, settings string
		workflow       []jirafake.Transition
		closed         string // the status, or what the error must name
		open           string
	}{
		{"the first that fits", config, both, "Won't do", "To Do"},
		{"by name", with(`"done_transition": "finish", "reopen_transition": "Resume"`), both, "Done", "In Progress"},
		{"by a name nobody has", with(`"done_transition": "Close"`), both, "done_transition", ""},
		{"by a name that leads elsewhere", with(`"done_transition": "Resume"`), both, "done_transition", ""},
		{"without a screen first", config, screens, "Won't do", "To Do"},
		{"with a screen only", with(`"done_transition": "Finish with a reason"`), screens, "done_transition", ""},
		{"not in one step", config, steps, "done_transition", ""},
		{"no way back", config, both[:2], "Won't do", "reopen_transition"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, c.settings, jirafake.Options{Workflow: c.workflow})
			id := w.open(t, ticket()).ID
			for _, step := range []struct {
				to   tickets.State
				want string
			}{{tickets.Closed, c.closed}, {tickets.Open, c.open}} {
				if step.want == "" {
					continue
				}
				err := w.Set(t.Context(), id, step.to)
				if setting := strings.HasSuffix(step.want, "_transition"); setting && (keyturn.KindOf(err) != keyturn.Invalid || !strings.Contains(fmt.Sprint(err), step.want)) {
					t.Errorf("Set %s: %v, want invalid and the setting %s", step.to, err, step.want)
				} else if got := w.issue(t, id).Status; !setting && (err != nil || got != step.want) {
					t.Errorf("Set %s: %v and the status %q, want %q", step.to, err, got, step.want)
				}
			}
		})
	}
}

// TestForbiddenChanges checks that a missing permission is named.
func TestForbiddenChanges(t *testing.T) {
	t.Parallel()
	o := jirafake.Options{Lacks: []string{"SCHEDULE_ISSUES", "TRANSITION_ISSUES"}}
	w := newWorld(t, config, o)
	plain := ticket()
	plain.Due = time.Time{}
	id := w.open(t, plain).ID
	for what, err := range map[string]error{
		"Schedule issues":   w.Postpone(t.Context(), id, w.now()),
		"Transition issues": w.Set(t.Context(), id, tickets.Closed),
	} {
		if keyturn.KindOf(err) != keyturn.Invalid || !strings.Contains(err.Error(), what) {
			t.Errorf("%v, want invalid and the permission %s", err, what)
		}
	}
	if err := w.Set(t.Context(), id, "done"); keyturn.KindOf(err) != keyturn.Invalid {
		t.Errorf("Set to no state: %v, want invalid", err)
	}
	_, err := w.Open(t.Context(), ticket())
	if err != nil {
		t.Errorf("Open of a ticket that is there: %v", err)
	}
	other := ticket()
	other.Key = "manual/other/1"
	if _, err := w.Open(t.Context(), other); keyturn.KindOf(err) != keyturn.Invalid || !strings.Contains(err.Error(), "check") {
		t.Errorf("Open of a ticket Jira refuses: %v, want invalid and a pointer to the check", err)
	}
}
