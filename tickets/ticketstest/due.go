package ticketstest

import (
	"fmt"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/tickets"
)

// due asks whether the day arrives, and whether none is none.
func due(t testing.TB, h Harness) {
	r := h.start(t, 0)
	if got := r.held(t, r.open(t, "rotate/run-1").ID).Due; got != "2031-05-17" {
		t.Errorf("opened with the due date %q, want 2031-05-17", got)
	}
	plain := ticket("rotate/run-2")
	plain.Due = time.Time{}
	ref, err := r.Open(r.ctx, plain)
	r.want(t, "Open without a due date", err, "")
	if got := r.held(t, ref.ID).Due; got != "" {
		t.Errorf("opened without a due date, it has %q", got)
	}
	r.want(t, "Postpone of one without", r.Postpone(r.ctx, ref.ID, plain.Due.AddDate(2031, 0, 0)), "")
	if got := r.held(t, ref.ID).Due; got != "2032-01-01" {
		t.Errorf("postponed, it has the due date %q, want 2032-01-01", got)
	}
}

// postpone asks whether the day changes, to a later one, an earlier one and to
// none, and nothing else does.
func postpone(t testing.TB, h Harness) {
	r := h.start(t, 0)
	id := r.open(t, "rotate/run-1").ID
	before := r.held(t, id)
	for _, day := range []string{"2031-05-24", "2031-05-24", "2031-05-01", ""} {
		at, _ := time.Parse(time.DateOnly, day)
		r.want(t, "Postpone", r.Postpone(r.ctx, id, at), "")
		got := r.held(t, id)
		if got.Due != day || got.Title != before.Title || got.State != before.State || len(got.Comments) != 0 {
			t.Errorf("after Postpone to %q the ticket is %+v", day, got)
		}
		wantLines(t, "the body after Postpone", got.Body, "Please rotate it.", "- [ ] Mint a new key")
	}
	r.fake.SetState(id, tickets.Closed)
	r.want(t, "Postpone of a closed ticket", r.Postpone(r.ctx, id, r.now), "")
	if got := r.held(t, id).State; got != tickets.Closed {
		t.Errorf("Postpone left a closed ticket %q", got)
	}
}

// postponeAfterLostAnswer loses the answer of each of Postpone's requests in
// turn. Repeating it must get there.
func postponeAfterLostAnswer(t testing.TB, h Harness) {
	day := time.Date(2031, 7, 1, 0, 0, 0, 0, time.UTC)
	for n := range h.most(opPostpone) {
		r := h.start(t, 0)
		id := r.open(t, "rotate/run-1").ID
		r.faults.Set(fake.Rule{Drop: fake.DropAfter, Skip: n, Times: 1})
		r.want(t, fmt.Sprintf("Postpone with answer %d lost", n+1), r.Postpone(r.ctx, id, day), keyturn.Unavailable, "")
		r.faults.Set()
		r.want(t, "Postpone once more", r.Postpone(r.ctx, id, day), "")
		if got := r.held(t, id).Due; got != "2031-07-01" {
			t.Errorf("the due date is %q, want 2031-07-01", got)
		}
	}
}

// urgent asks whether priority arrives where there is one.
func urgent(t testing.TB, h Harness) {
	r := h.start(t, 0)
	if r.held(t, r.open(t, "rotate/run-1").ID).Urgent {
		t.Error("a plain ticket is urgent")
	}
	hurry := ticket("rotate/run-2")
	hurry.Urgent = true
	ref, err := r.Open(r.ctx, hurry)
	r.want(t, "Open of an urgent ticket", err, "")
	if got := r.held(t, ref.ID).Urgent; got != h.Priority {
		t.Errorf("an urgent ticket arrived with urgent = %t, want %t", got, h.Priority)
	}
}
