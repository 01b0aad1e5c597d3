package ticketstest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/tickets"
)

// settings asks whether a misspelt setting is noticed and named.
func settings(t testing.TB, h Harness) {
	r := h.start(t, 0)
	config := strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(h.Config), "}")) + `, "no_such_setting": 1}`
	_, err := h.Factory.New(r.env(config))
	if err == nil || !strings.Contains(err.Error(), "no_such_setting") {
		t.Errorf("opening with an unknown setting: %v, want an error that names it", err)
	}
	if _, err := h.Factory.New(r.env(`{}`)); err == nil || !strings.HasPrefix(err.Error(), h.Factory.Name+": ") {
		t.Errorf("opening without settings: %v, want an error that begins with %q", err, h.Factory.Name+": ")
	}
}

// openTwice asks whether a Key is one ticket, whatever else is different.
func openTwice(t testing.TB, h Harness) {
	r := h.start(t, 0)
	first := r.open(t, "rotate/run-1")
	again := ticket("rotate/run-1")
	again.Title, again.Body, again.Due = "Another title", "Another body", again.Due.AddDate(0, 1, 0)
	for _, tracker := range []tickets.Tracker{r.Tracker, r.another(t, h.Config, "")} {
		ref, err := tracker.Open(r.ctx, again)
		r.want(t, "Open again", err, "")
		if ref != first {
			t.Errorf("Open again = %+v, want %+v as before", ref, first)
		}
	}
	r.wantTickets(t, 1)
}

// openAfterLostAnswer loses the answer of each of Open's requests in turn. The
// caller repeats it, and there must be one ticket.
func openAfterLostAnswer(t testing.TB, h Harness) {
	lost := undisturbed(t, h, func(r *rig) error { _, err := r.Open(r.ctx, ticket("rotate/run-0")); return err })
	for n := range lost {
		r := h.start(t, 0)
		r.faults.Set(fake.Rule{Drop: fake.DropAfter, Skip: n, Times: 1})
		_, err := r.Open(r.ctx, ticket("rotate/run-1"))
		r.want(t, fmt.Sprintf("Open with answer %d lost", n+1), err, keyturn.Unavailable)
		ref := r.open(t, "rotate/run-1")
		if all := r.fake.Tickets(); len(all) != 1 || all[0].ID != ref.ID || all[0].State != tickets.Open {
			t.Errorf("with answer %d of %d lost the tracker holds %+v, want %s alone, open", n+1, lost, all, ref.ID)
		}
	}
}

// undisturbed is how many requests a call makes when nothing is wrong.
func undisturbed(t testing.TB, h Harness, do func(*rig) error) int {
	t.Helper()
	r := h.start(t, 0)
	if err := do(r); err != nil {
		t.Fatal(err)
	}
	n := len(r.requests.take())
	if n == 0 {
		t.Fatal("it made no request")
	}
	return n
}

// openAtOnce asks whether calls that run at the same time open one ticket: in
// one worker always, in two where the vendor makes it possible.
func openAtOnce(t testing.TB, h Harness) {
	workers := []int{1, 2}
	if h.Racy {
		workers = workers[:1]
	}
	for _, n := range workers {
		r := h.start(t, 0)
		trackers := []tickets.Tracker{r.Tracker}
		if n == 2 {
			trackers = append(trackers, r.another(t, h.Config, ""))
		}
		// Each sees the tracker before any has opened one.
		r.faults.Set(fake.Rule{Delay: keyturn.Duration(20 * time.Millisecond)})
		const calls = 6
		refs, errs := make(chan tickets.Ref, calls), make(chan error, calls)
		for i := range calls {
			go func() {
				ref, err := trackers[i%n].Open(r.ctx, ticket("rotate/run-1"))
				refs <- ref
				errs <- err
			}()
		}
		var ids []string
		for range calls {
			r.want(t, "Open at once", <-errs, "")
			ids = append(ids, (<-refs).ID)
		}
		if slices.Sort(ids); ids[0] != ids[calls-1] {
			t.Errorf("%d workers opened %v, want one ticket", n, slices.Compact(ids))
		}
		open := slices.DeleteFunc(r.fake.Tickets(), func(x Held) bool { return n > 1 && x.State != tickets.Open })
		if len(open) != 1 {
			t.Errorf("%d workers at once: %+v, want one ticket, and with two workers any other closed", n, open)
		}
	}
}

// openAfterClosed asks whether what people did to a ticket makes another.
func openAfterClosed(t testing.TB, h Harness) {
	r := h.start(t, 0)
	first := r.open(t, "rotate/run-1")
	r.fake.SetState(first.ID, tickets.Closed)
	if again := r.open(t, "rotate/run-1"); again != first {
		t.Errorf("Open of a closed ticket = %+v, want %+v as before", again, first)
	}
	r.wantTickets(t, 1)
	if s := r.held(t, first.ID).State; s != tickets.Closed {
		t.Errorf("Open of a closed ticket left it %q; Set opens one, Open does not", s)
	}
}

// openOnLaterPage asks whether a ticket is found behind a page of others.
func openOnLaterPage(t testing.TB, h Harness) {
	r := h.start(t, 3)
	var refs []tickets.Ref
	for i := range 8 {
		refs = append(refs, r.open(t, fmt.Sprintf("rotate/run-%d", i)))
	}
	for i, want := range refs {
		if got := r.open(t, fmt.Sprintf("rotate/run-%d", i)); got != want {
			t.Errorf("Open again of ticket %d of 8 = %+v, want %+v", i+1, got, want)
		}
	}
	r.wantTickets(t, 8)
}

// keysDiffer asks whether Keys that look alike are two tickets.
func keysDiffer(t testing.TB, h Harness) {
	r := h.start(t, 0)
	long := strings.Repeat("k", 199)
	keys := []string{"rotate/run-1", "rotate/run-1/again", "rotate/run-10", "rotate/run", "rotate-run-1", "rotate/RUN-1", "rotate/run_1", "a", long + "1", long + "2"}
	for _, key := range keys {
		r.open(t, key)
	}
	r.wantTickets(t, len(keys))
}
