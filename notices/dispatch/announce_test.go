package dispatch_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/notices/dispatch"
	"github.com/keyturn/keyturn/registry"
)

// counting is a registry that counts the changes it is asked for, in which
// somebody else is quicker at times, and which refuses some.
type counting struct {
	registry.Store
	saves  atomic.Int64
	before func(keyturn.Key) // a Save
	refuse func(keyturn.Key) error
}

func (c *counting) Save(ctx context.Context, k keyturn.Key, e registry.Event) (keyturn.Key, error) {
	c.saves.Add(1)
	if c.before != nil {
		c.before(k)
	}
	if c.refuse != nil {
		if err := c.refuse(k); err != nil {
			return keyturn.Key{}, err
		}
	}
	return c.Store.Save(ctx, k, e)
}

const day = 24 * time.Hour

func ahead(days ...int) dispatch.Config {
	var c dispatch.Config
	for _, d := range days {
		c.Ahead = append(c.Ahead, keyturn.Duration(time.Duration(d)*day))
	}
	return c
}

// dueIn saves a key that expires after a time.
func (w *world) dueIn(id string, d time.Duration) keyturn.Key {
	w.t.Helper()
	k := alicesKey(id)
	k.Expires = w.clock().Add(d)
	e := w.event(registry.Applied)
	e.Tell = nil
	w.happens(k, e)
	return k
}

// announcements are a key's, with who is told of each.
func (w *world) announcements(id string) []string {
	w.t.Helper()
	var out []string
	for e, err := range w.store.History(w.t.Context(), keyturn.KeyID(id)) {
		if err != nil {
			w.t.Fatal(err)
		}
		if e.What == registry.Announced {
			out = append(out, e.ID+" "+e.Detail)
		}
	}
	return out
}

func (w *world) announce(a *dispatch.Announcer, want int) {
	w.t.Helper()
	n, err := a.Announce(w.t.Context(), w.clock())
	if err != nil || n != want {
		w.t.Errorf("announced %d, %v; want %d", n, err, want)
	}
}

func TestAnnounce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := dispatch.NewAnnouncer(ahead(7, 1), w.store)
	w.dueIn("in-ten", 10*day)
	w.dueIn("in-five", 5*day)
	w.dueIn("in-half", 12*time.Hour)
	w.dueIn("was-due", -time.Hour)
	busy := alicesKey("busy")
	busy.Expires, busy.Generation = w.clock().Add(day), 1
	busy.Intent = &keyturn.Intent{Run: "run", Operation: keyturn.Rotate, Generation: 1, Began: start()}
	began := w.event(registry.Began)
	began.Tell = nil
	w.happens(busy, began)
	w.announce(a, 2)
	for id, want := range map[string][]string{
		"in-ten": nil, "was-due": nil, "busy": nil,
		"in-five": {"announced/in-five/2026-11-29/7d due on 2026-11-29"},
		"in-half": {"announced/in-half/2026-11-24/1d due on 2026-11-24"},
	} {
		if diff := cmp.Diff(want, w.announcements(id), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: %s", id, diff)
		}
	}
	if n := w.waiting(); n != 3 { // the owner of both, and the team of the last
		t.Errorf("%d notices, want 3", n)
	}
	for w.clock().Before(start().Add(11 * day)) {
		if _, err := a.Announce(t.Context(), w.clock()); err != nil {
			t.Fatal(err)
		}
		w.pass(time.Hour)
	}
	want := []string{"announced/in-ten/2026-12-04/7d due on 2026-12-04", "announced/in-ten/2026-12-04/1d due on 2026-12-04"}
	if diff := cmp.Diff(want, w.announcements("in-ten")); diff != "" {
		t.Error(diff)
	}
}

// TestAnnounceIsTold goes the whole way to the mail.
func TestAnnounceIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.dueIn("payments-stripe", 5*day)
	w.announce(dispatch.NewAnnouncer(ahead(7, 1), w.store), 1)
	w.toNextSlot()
	w.once(w.dispatcher(standard()))
	if m := w.mail.one(t); m.Subject != "[Keyturn] payments-stripe: due soon" || m.Notices[0].Detail != "due on 2026-11-29" {
		t.Errorf("%s\n%s", m.Subject, m.Text)
	}
}

// TestAnnounceWritesOnce: an hourly pass over many keys writes what is new.
func TestAnnounceWritesOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var changes []registry.Change
	for i := range 550 {
		k := alicesKey(fmt.Sprintf("key-%04d", i))
		k.Expires = w.clock().Add(5 * day)
		changes = append(changes, registry.Change{Key: k, Event: registry.Event{ID: "apply/" + string(k.ID), Key: k.ID, What: registry.Applied, Actor: "test", At: w.clock()}})
	}
	if err := w.store.SaveAll(t.Context(), changes); err != nil {
		t.Fatal(err)
	}
	store := &counting{Store: w.store}
	a := dispatch.NewAnnouncer(ahead(7), store)
	w.announce(a, 550)
	for range 5 {
		w.pass(time.Hour)
		w.announce(a, 0)
	}
	if n := store.saves.Load(); n != 550 {
		t.Errorf("%d changes for 550 keys in six hours", n)
	}
	w.announce(dispatch.NewAnnouncer(ahead(7), store), 0) // after a restart
	if n := w.waiting(); n != 1100 {
		t.Errorf("%d notices, want an owner's and a team's for each", n)
	}
	if n := store.saves.Load(); n != 1100 {
		t.Errorf("%d changes after a restart", n)
	}
}

func TestAnnounceNewDate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := dispatch.NewAnnouncer(ahead(7), w.store)
	w.dueIn("payments-stripe", 5*day)
	w.announce(a, 1)
	w.dueIn("payments-stripe", 3*day)
	w.announce(a, 1)
	if got := w.announcements("payments-stripe"); len(got) != 2 {
		t.Errorf("got %v", got)
	}
	w.announce(dispatch.NewAnnouncer(ahead(), w.store), 0)
}

// TestAnnounceRaces: somebody changes the key between the look and the write.
func TestAnnounceRaces(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.dueIn("payments-stripe", 5*day)
	store := &counting{Store: w.store}
	changes := 0
	store.before = func(k keyturn.Key) {
		if changes--; changes < 0 {
			return
		}
		e := w.event(registry.Applied)
		e.Tell = nil
		k = alicesKey(string(k.ID))
		k.Expires, k.Purpose = start().Add(5*day), fmt.Sprint("changed ", changes)
		w.happens(k, e)
	}
	changes = 2
	w.announce(dispatch.NewAnnouncer(ahead(7), store), 0) // twice in a row: left for the next time
	a := dispatch.NewAnnouncer(ahead(7), store)
	changes = 1
	w.announce(a, 1)
	k, err := w.store.Get(t.Context(), "payments-stripe")
	if err != nil || k.Purpose != "changed 0" {
		t.Errorf("the other's change is lost: %q, %v", k.Purpose, err)
	}
	if got := w.announcements("payments-stripe"); len(got) != 1 {
		t.Errorf("got %v", got)
	}
}

// TestAnnounceGoesOn: a key that the registry refuses is no reason to leave out
// the others; a registry that is down is, and what was written stays known.
func TestAnnounceGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 5 {
		w.dueIn(fmt.Sprint("key-", i), 5*day)
	}
	store := &counting{Store: w.store}
	refuse := func(kind keyturn.Kind) {
		store.refuse = func(k keyturn.Key) error {
			if k.ID == "key-2" {
				return keyturn.Errorf(kind, "registry", "as the test wants it")
			}
			return nil
		}
	}
	refuse(keyturn.Invalid)
	n, err := dispatch.NewAnnouncer(ahead(7), store).Announce(t.Context(), w.clock())
	if n != 4 || keyturn.KindOf(err) != keyturn.Invalid {
		t.Errorf("announced %d, %v", n, err)
	}
	a := dispatch.NewAnnouncer(ahead(7), store)
	refuse(keyturn.Unavailable)
	if _, err := a.Announce(t.Context(), w.clock()); keyturn.KindOf(err) != keyturn.Unavailable {
		t.Errorf("got %v", err)
	}
	store.refuse = nil
	store.saves.Store(0)
	w.announce(a, 1)
	if n := store.saves.Load(); n != 3 {
		t.Errorf("%d changes after the registry is back, want those of key-2 and later", n)
	}
}
