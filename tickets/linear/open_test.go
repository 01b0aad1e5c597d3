package linear_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/tickets"
	"github.com/keyturn/keyturn/tickets/linear/linearfake"
)

// answering is a rule that answers a request for one field as given, once.
func answering(field string, status int, body string) fake.Rule {
	return fake.Rule{Body: field + "(", Times: 1, Answer: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	})}
}

// TestOpenFillsIn checks that all that the settings name is on the issue.
func TestOpenFillsIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, with(`"labels": ["rotation", "Credentials"], "assignee": "ANN@acme.example", "project": "Key hygiene", "priority": "medium", "open_state": "In Progress"`), linearfake.Options{})
	plain := ticket("rotate/run-1")
	plain.Due = time.Date(2026, 12, 1, 23, 0, 0, 0, time.UTC)
	urgent := ticket("rotate/run-2")
	urgent.Urgent = true
	type filled struct {
		Labels                         []string
		Assignee, Project, State, Team string
		Due                            string
		Priority                       int
	}
	for _, c := range []struct {
		ticket tickets.Ticket
		want   filled
	}{
		{plain, filled{[]string{"Rotation", "credentials"}, "ann@acme.example", "Key hygiene", "In Progress", "OPS", "2026-12-01", 3}},
		{urgent, filled{[]string{"Rotation", "credentials"}, "ann@acme.example", "Key hygiene", "In Progress", "OPS", "", 1}},
	} {
		ref, err := w.Open(t.Context(), c.ticket)
		if err != nil {
			t.Fatal(err)
		}
		i := w.held(t, ref.ID)
		got := filled{nil, i.Assignee.Email, i.Project.Name, i.State.Name, i.Team.Key, i.Due, i.Priority}
		for _, l := range i.Labels {
			got.Labels = append(got.Labels, l.Name)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.ticket.Key, diff)
		}
		if l := i.Labels[0]; l.Team == nil {
			t.Error("of two labels of a name, the team's own must go first")
		}
		if want := (tickets.Ref{ID: i.ID, URL: i.URL()}); ref != want {
			t.Errorf("Open = %+v, want %+v", ref, want)
		}
	}
}

// TestOpenKeepsTheTeamsWay checks that without a setting the team decides what
// state and priority a ticket begins with.
func TestOpenKeepsTheTeamsWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, linearfake.Options{})
	if i := w.held(t, w.open(t, "rotate/run-1").ID); i.State.Name != "Backlog" || i.Priority != 0 || i.Labels != nil {
		t.Errorf("opened in %s with priority %d and labels %v", i.State.Name, i.Priority, i.Labels)
	}
}

// TestOpenOfWhatIsGone checks what is made of a ticket that was opened before
// and is not to be seen.
func TestOpenOfWhatIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, linearfake.Options{})
	trashed, hidden, purged := w.open(t, "rotate/run-1"), w.open(t, "rotate/run-2"), w.open(t, "rotate/run-3")
	w.linear.Trash(trashed.ID)
	w.linear.Hide(hidden.ID)
	w.linear.Purge(purged.ID)
	if again := w.open(t, "rotate/run-1"); again != trashed {
		t.Errorf("Open of a ticket in the trash = %+v, want %+v as before", again, trashed)
	}
	if again := w.open(t, "rotate/run-2"); again != (tickets.Ref{ID: hidden.ID}) {
		t.Errorf("Open of a ticket out of sight = %+v, want its id %s alone", again, hidden.ID)
	}
	for _, gone := range []tickets.Ref{trashed, hidden, purged} {
		_, err := w.State(t.Context(), gone.ID)
		wantKind(t, "State of what is gone", err, keyturn.NotFound)
	}
	w.linear.Restore(trashed.ID)
	if s, err := w.State(t.Context(), trashed.ID); s != tickets.Open || err != nil {
		t.Errorf("State of a restored ticket = %q, %v, want open", s, err)
	}
}

// TestOpenIsToldAnotherWay lets Linear word the refusal of a second issue in
// ways it does not yet.
func TestOpenIsToldAnotherWay(t *testing.T) {
	t.Parallel()
	for name, rule := range map[string]fake.Rule{
		"invalid":          answering("issueCreate", 400, `{"errors":[{"message":"Argument Validation Error","extensions":{"code":"INVALID_INPUT","userPresentableMessage":"id is in use"}}],"data":null}`),
		"not found":        answering("issueCreate", 200, `{"errors":[{"message":"Entity not found"}],"data":null}`),
		"no success":       answering("issueCreate", 200, `{"data":{"issueCreate":{"success":false,"issue":null}}}`),
		"success, nothing": answering("issueCreate", 200, `{"data":{"issueCreate":{"success":true,"issue":null}}}`),
	} {
		w := newWorld(t, config, linearfake.Options{})
		first := w.open(t, "rotate/run-1")
		w.faults.Set(rule)
		if again := w.open(t, "rotate/run-1"); again != first {
			t.Errorf("%s: Open again = %+v, want %+v", name, again, first)
		}
		w.faults.Set(rule)
		ref, err := w.Open(t.Context(), ticket("rotate/run-2"))
		if kind := keyturn.KindOf(err); kind != keyturn.Invalid && kind != keyturn.Unavailable {
			t.Errorf("%s: Open of another = %+v, %v, want an error: there is none", name, ref, err)
		}
	}
}

// TestOpenWhereThePlanIsFull checks that this is no mistake in the settings.
func TestOpenWhereThePlanIsFull(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, linearfake.Options{Full: true})
	_, err := w.Open(t.Context(), ticket("rotate/run-1"))
	wantKind(t, "Open", err, keyturn.Exhausted, "plan")
}

// TestIdentity checks what the id of a ticket depends on: the team, however the
// settings name it, and the key.
func TestIdentity(t *testing.T) {
	t.Parallel()
	w, elsewhere := newWorld(t, config, linearfake.Options{}), newWorld(t, config, linearfake.Options{})
	first := w.open(t, "rotate/run-1")
	if other := elsewhere.open(t, "rotate/run-1"); other.ID == first.ID {
		t.Error("two workspaces have one id, which Linear gives out once for all")
	}
	for _, name := range []string{"ops", w.linear.TeamID("OPS")} {
		again := w.reset(t, `{"team": "`+name+`", "token": {"path": "x"}}`)
		if ref, err := again.Open(t.Context(), ticket("rotate/run-1")); ref != first || err != nil {
			t.Errorf("with the team named %s: %+v, %v, want %+v", name, ref, err, first)
		}
	}
}
