package ticketstest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/tickets"
)

// stateFollows asks whether State is what the tracker says, also after a
// person changed it.
func stateFollows(t testing.TB, h Harness) {
	r := h.start(t, 0)
	id, other := r.open(t, "rotate/run-1").ID, r.open(t, "rotate/run-2").ID
	for _, want := range []tickets.State{tickets.Open, tickets.Closed, tickets.Open} {
		r.fake.SetState(id, want)
		got, err := r.State(r.ctx, id)
		r.want(t, "State", err, "")
		if got != want {
			t.Errorf("State = %q, want %q", got, want)
		}
	}
	if got, err := r.State(r.ctx, other); got != tickets.Open || err != nil {
		t.Errorf("State of another ticket = %q, %v, want open", got, err)
	}
}

// setTwice asks whether Set sets, and once only: the second call asks for no
// change, so that how a person closed a ticket stands.
func setTwice(t testing.TB, h Harness) {
	r := h.start(t, 0)
	id, other := r.open(t, "rotate/run-1").ID, r.open(t, "rotate/run-2").ID
	for _, want := range []tickets.State{tickets.Closed, tickets.Open} {
		var made [2][]string
		for i := range made {
			r.requests.take()
			r.want(t, "Set "+string(want), r.Set(r.ctx, id, want), "")
			made[i] = r.requests.take()
			if got := r.held(t, id); got.State != want || len(got.Comments) != 0 {
				t.Errorf("after Set %q the ticket is %q with %d comments", want, got.State, len(got.Comments))
			}
		}
		if changed := made[0][len(made[0])-1]; slices.Contains(made[1], changed) {
			t.Errorf("Set %q of a ticket that is %q asked for the change again: %s", want, want, changed)
		}
	}
	if got := r.held(t, other).State; got != tickets.Open {
		t.Errorf("another ticket is %q, want open", got)
	}
}

// setAfterLostAnswer loses the answer of each request of Set in turn.
// Repeating it must get there.
func setAfterLostAnswer(t testing.TB, h Harness) {
	for n := range h.most(opSet) {
		r := h.start(t, 0)
		id := r.open(t, "rotate/run-1").ID
		for _, s := range []tickets.State{tickets.Closed, tickets.Open} {
			r.faults.Set(fake.Rule{Drop: fake.DropAfter, Skip: n, Times: 1})
			r.want(t, fmt.Sprintf("Set %s with answer %d lost", s, n+1), r.Set(r.ctx, id, s), keyturn.Unavailable, "")
			r.faults.Set()
			r.want(t, "Set once more", r.Set(r.ctx, id, s), "")
			if got := r.held(t, id).State; got != s {
				t.Errorf("the ticket is %q, want %q", got, s)
			}
		}
	}
}

// deleted asks whether a ticket that is gone is NotFound to every method, and
// whether the others are still there.
func deleted(t testing.TB, h Harness) {
	r := h.start(t, 0)
	id, other := r.open(t, "rotate/run-1").ID, r.open(t, "rotate/run-2").ID
	r.fake.Delete(id)
	_, err := r.State(r.ctx, id)
	r.want(t, "State of a deleted ticket", err, keyturn.NotFound)
	r.want(t, "Set of a deleted ticket", r.Set(r.ctx, id, tickets.Closed), keyturn.NotFound)
	r.want(t, "Set of a deleted ticket", r.Set(r.ctx, id, tickets.Open), keyturn.NotFound)
	r.want(t, "Comment on a deleted ticket", r.Comment(r.ctx, id, tickets.Comment{Key: "c/1", Text: "?"}), keyturn.NotFound)
	r.want(t, "Postpone of a deleted ticket", r.Postpone(r.ctx, id, r.now), keyturn.NotFound)
	_, err = r.State(r.ctx, other)
	r.want(t, "State of the other", err, "")
}

// strangeIDs asks whether an id that went wrong on its way can reach anything.
func strangeIDs(t testing.TB, h Harness) {
	r := h.start(t, 0)
	id := r.open(t, "rotate/run-1").ID
	for _, bad := range []string{"", ".", "..", "/", "../" + id, id + "/", id + "?x=", id + "#", id + "&x=", id + " ", id + "%00", id + "%2f", `"` + id, id + `"}`} {
		r.want(t, fmt.Sprintf("Set(%q)", bad), r.Set(r.ctx, bad, tickets.Closed), keyturn.NotFound, keyturn.Invalid)
		r.want(t, fmt.Sprintf("Comment(%q)", bad), r.Comment(r.ctx, bad, tickets.Comment{Key: "c/1", Text: "?"}), keyturn.NotFound, keyturn.Invalid)
		_, err := r.State(r.ctx, bad)
		r.want(t, fmt.Sprintf("State(%q)", bad), err, keyturn.NotFound, keyturn.Invalid)
		if got := r.held(t, id); got.State != tickets.Open || len(got.Comments) != 0 {
			t.Fatalf("the id %q reached ticket %q: %+v", bad, id, got)
		}
	}
}
