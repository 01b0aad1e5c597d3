package linear_test

import (
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/tickets"
	"github.com/keyturn/keyturn/tickets/linear/linearfake"
)

// TestStateOfEveryState checks what each type of state counts as.
func TestStateOfEveryState(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, linearfake.Options{})
	id := w.open(t, "rotate/run-1").ID
	for name, want := range map[string]tickets.State{
		"Backlog": tickets.Open, "Todo": tickets.Open, "In Progress": tickets.Open,
		"Done": tickets.Closed, "Verified": tickets.Closed, "Canceled": tickets.Closed, "Duplicate": tickets.Closed,
	} {
		w.linear.Move(id, name)
		if got, err := w.State(t.Context(), id); got != want || err != nil {
			t.Errorf("State in %s = %q, %v, want %q", name, got, err, want)
		}
	}
	w.faults.Set(answering("issue", 200, `{"data":{"issue":{"id":"`+id+`","url":"https://linear.app","state":{"type":"paused"}}}}`))
	if got, err := w.State(t.Context(), id); got != tickets.Open || err != nil {
		t.Errorf("State in one of a new type = %q, %v, want open", got, err)
	}
}

// TestSetPicksAState checks where a ticket is brought.
func TestSetPicksAState(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, linearfake.Options{})
	named := w.reset(t, with(`"open_state": "in progress", "done_state": "VERIFIED"`))
	id := w.open(t, "rotate/run-1").ID
	set := func(tracker tickets.Tracker, s tickets.State, want string) {
		t.Helper()
		if err := tracker.Set(t.Context(), id, s); err != nil {
			t.Errorf("Set %s: %v", s, err)
		}
		if got := w.held(t, id).State.Name; got != want {
			t.Errorf("Set %s brought it to %s, want %s", s, got, want)
		}
	}
	set(w, tickets.Closed, "Done")
	set(w, tickets.Open, "Todo")
	set(named, tickets.Closed, "Verified")
	set(named, tickets.Open, "In Progress")
	w.linear.Move(id, "Canceled")
	set(named, tickets.Closed, "Canceled") // closed is closed
	w.linear.RenameState("In Progress", "Doing")
	set(named, tickets.Open, "Todo")
	wantKind(t, "Check after a rename", named.Check(t.Context()), keyturn.Invalid, "open_state", "in progress")
	wantKind(t, "Set of no state", w.Set(t.Context(), id, "later"), keyturn.Invalid)
}

// TestMovedTicket works on a ticket that was moved to another team.
func TestMovedTicket(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, linearfake.Options{})
	first := w.open(t, "rotate/run-1")
	w.linear.MoveTeam(first.ID, "DEV")
	if err := w.Set(t.Context(), first.ID, tickets.Closed); err != nil {
		t.Fatal(err)
	}
	if i := w.held(t, first.ID); i.State.Name != "Done" || i.Team.Key != "DEV" {
		t.Errorf("it is %s in team %s, want Done in DEV", i.State.Name, i.Team.Key)
	}
	if again := w.open(t, "rotate/run-1"); again.ID != first.ID {
		t.Errorf("Open of a moved ticket = %+v, want %s", again, first.ID)
	}
}

// TestArchivedTicket works on a ticket that Linear put away some time after it
// was closed.
func TestArchivedTicket(t *testing.T) {
	t.Parallel()
	day := time.Date(2027, 1, 2, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name     string
		do       func(w *world, id string) error
		archived bool // afterwards
		state    tickets.State
	}{
		{"Set closed", func(w *world, id string) error { return w.Set(t.Context(), id, tickets.Closed) }, true, tickets.Closed},
		{"Set open", func(w *world, id string) error { return w.Set(t.Context(), id, tickets.Open) }, false, tickets.Open},
		{"Comment", func(w *world, id string) error {
			return w.Comment(t.Context(), id, tickets.Comment{Key: "end/1", Text: "Done."})
		}, false, tickets.Closed},
		{"Postpone", func(w *world, id string) error { return w.Postpone(t.Context(), id, day) }, false, tickets.Closed},
	} {
		w := newWorld(t, config, linearfake.Options{})
		ref := w.open(t, "rotate/run-1")
		w.linear.Move(ref.ID, "Done")
		w.linear.Archive(ref.ID)
		if again := w.open(t, "rotate/run-1"); again != ref {
			t.Errorf("Open of an archived ticket = %+v, want %+v", again, ref)
		}
		if got, err := w.State(t.Context(), ref.ID); got != tickets.Closed || err != nil {
			t.Errorf("State of an archived ticket = %q, %v, want closed", got, err)
		}
		if err := c.do(w, ref.ID); err != nil {
			t.Errorf("%s of an archived ticket: %v", c.name, err)
		}
		got, err := w.State(t.Context(), ref.ID)
		if i := w.held(t, ref.ID); i.Archived.IsZero() == c.archived || got != c.state || err != nil {
			t.Errorf("after %s it is %q, %v, archived at %v", c.name, got, err, i.Archived)
		}
	}
}

// TestArchivedWhileOpen brings back what was put away with something to do.
func TestArchivedWhileOpen(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, linearfake.Options{})
	id := w.open(t, "rotate/run-1").ID
	w.linear.Archive(id)
	if err := w.Set(t.Context(), id, tickets.Open); err != nil {
		t.Fatal(err)
	}
	if i := w.held(t, id); !i.Archived.IsZero() || i.State.Name != "Backlog" {
		t.Errorf("it is in %s, archived at %v, want it back where it was", i.State.Name, i.Archived)
	}
}

// TestDeletedCommentStaysDeleted checks that a retry does not say again what
// somebody took away.
func TestDeletedCommentStaysDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, linearfake.Options{})
	id := w.open(t, "rotate/run-1").ID
	for range 2 {
		if err := w.Comment(t.Context(), id, tickets.Comment{Key: "reminded/1", Text: "Half the time is gone."}); err != nil {
			t.Fatal(err)
		}
		w.linear.DeleteComments(id)
	}
	if got := w.held(t, id).Comments; len(got) != 0 {
		t.Errorf("the ticket has the comments %v, want none", got)
	}
}

// TestCommentIsToldAnotherWay lets Linear word the refusal of a second comment
// in a way it does not yet.
func TestCommentIsToldAnotherWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, linearfake.Options{})
	id := w.open(t, "rotate/run-1").ID
	rule := answering("commentCreate", 400, `{"errors":[{"message":"Argument Validation Error","extensions":{"code":"INVALID_INPUT","userPresentableMessage":"id is in use"}}],"data":null}`)
	say := func(key string) error {
		return w.Comment(t.Context(), id, tickets.Comment{Key: key, Text: "Half the time is gone."})
	}
	if err := say("reminded/1"); err != nil {
		t.Fatal(err)
	}
	w.faults.Set(rule)
	if err := say("reminded/1"); err != nil {
		t.Errorf("Comment again: %v", err)
	}
	w.faults.Set(rule)
	wantKind(t, "Comment that was refused", say("reminded/2"), keyturn.Invalid)
	if n := len(w.held(t, id).Comments); n != 1 {
		t.Errorf("the ticket has %d comments, want 1", n)
	}
}

// TestChangesAreConfirmed checks that a change counts as made only where Linear
// says so.
func TestChangesAreConfirmed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, linearfake.Options{})
	id := w.open(t, "rotate/run-1").ID
	for field, do := range map[string]func() error{
		"issueUpdate":    func() error { return w.Set(t.Context(), id, tickets.Closed) },
		"commentCreate":  func() error { return w.Comment(t.Context(), id, tickets.Comment{Key: "c/1", Text: "x"}) },
		"issueUnarchive": func() error { w.linear.Archive(id); return w.Postpone(t.Context(), id, w.now) },
	} {
		w.faults.Set(answering(field, 200, `{"data":{"`+field+`":{"success":false}}}`))
		wantKind(t, field+" without success", do(), keyturn.Unavailable)
		w.linear.Restore(id)
	}
}
