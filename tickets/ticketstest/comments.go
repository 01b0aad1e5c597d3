package ticketstest

import (
	"fmt"
	"testing"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/tickets"
)

// say comments, which must be possible.
func (r *rig) say(t testing.TB, id, key, text string) {
	t.Helper()
	if err := r.Comment(r.ctx, id, tickets.Comment{Key: key, Text: text}); err != nil {
		t.Fatalf("Comment(%s): %v", key, err)
	}
}

// wantComments fails t unless a ticket has n comments.
func (r *rig) wantComments(t testing.TB, id string, n int) {
	t.Helper()
	if got := r.held(t, id).Comments; len(got) != n {
		t.Errorf("ticket %s has %d comments, want %d: %q", id, len(got), n, got)
	}
}

// commentTwice asks whether a Key is one comment on a ticket, and two Keys or
// two tickets are two.
func commentTwice(t testing.TB, h Harness) {
	r := h.start(t, 0)
	id, other := r.open(t, "rotate/run-1").ID, r.open(t, "rotate/run-2").ID
	r.say(t, id, "reminded/1", "Half the time is gone.")
	r.say(t, id, "reminded/1", "Half the time is gone, again.")
	r.wantComments(t, id, 1)
	if err := r.another(t, h.Config, "").Comment(r.ctx, id, tickets.Comment{Key: "reminded/1", Text: "From another worker."}); err != nil {
		t.Errorf("Comment of another worker: %v", err)
	}
	r.wantComments(t, id, 1)
	r.say(t, id, "reminded/10", "Half the time is gone.")
	r.say(t, id, "reminded", "Half the time is gone.")
	r.wantComments(t, id, 3)
	r.wantComments(t, other, 0)
	r.say(t, other, "reminded/1", "Half the time is gone.")
	r.wantComments(t, other, 1)
	r.fake.SetState(id, tickets.Closed)
	r.say(t, id, "end/1", "All is well.")
	r.wantComments(t, id, 4)
	if got := r.held(t, id).State; got != tickets.Closed {
		t.Errorf("a comment left a closed ticket %q", got)
	}
}

// commentAfterLostAnswer loses the answer of each of Comment's requests in
// turn. The caller repeats it, and there must be one comment.
func commentAfterLostAnswer(t testing.TB, h Harness) {
	for n := range h.most(opComment) {
		r := h.start(t, 0)
		id := r.open(t, "rotate/run-1").ID
		r.faults.Set(fake.Rule{Drop: fake.DropAfter, Skip: n, Times: 1})
		err := r.Comment(r.ctx, id, tickets.Comment{Key: "reminded/1", Text: "Half the time is gone."})
		r.want(t, fmt.Sprintf("Comment with answer %d lost", n+1), err, keyturn.Unavailable, "")
		r.faults.Set()
		r.say(t, id, "reminded/1", "Half the time is gone.")
		r.wantComments(t, id, 1)
	}
}

// commentOnLaterPage asks whether a comment is found among many.
func commentOnLaterPage(t testing.TB, h Harness) {
	r := h.start(t, 3)
	id := r.open(t, "rotate/run-1").ID
	for i := range 8 {
		r.say(t, id, fmt.Sprintf("reminded/%d", i), "Half the time is gone.")
	}
	for i := range 8 {
		r.say(t, id, fmt.Sprintf("reminded/%d", i), "Half the time is gone.")
	}
	r.wantComments(t, id, 8)
}
