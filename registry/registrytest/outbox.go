package registrytest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// lease is how long the suite's claims hold.
const lease = 5 * time.Minute

func told(id string, tell ...registry.Audience) registry.Event {
	e := event(id)
	e.Tell = tell
	return e
}

func mustTell(t *testing.T, s registry.Store, key keyturn.Key, e registry.Event) keyturn.Key {
	t.Helper()
	stored, err := s.Save(t.Context(), key, e)
	if err != nil {
		t.Fatalf("Save %s: %v", key.ID, err)
	}
	return stored
}

func claim(t *testing.T, s registry.Store, now time.Time, limit int) []registry.Notice {
	t.Helper()
	notices, err := s.ClaimNotices(t.Context(), now, lease, limit)
	if err != nil {
		t.Fatalf("ClaimNotices: %v", err)
	}
	return notices
}

func noticeIDs(notices []registry.Notice) []string {
	var ids []string
	for _, n := range notices {
		ids = append(ids, n.ID)
	}
	return ids
}

func waiting(t *testing.T, s registry.Store) int {
	t.Helper()
	n, _, err := s.CountNotices(t.Context())
	if err != nil {
		t.Fatalf("CountNotices: %v", err)
	}
	return n
}

// noticesOfASave asks for what a Save and a SaveAll leave in the outbox.
func noticesOfASave(t *testing.T, s registry.Store) {
	if got := claim(t, s, start(), 10); len(got) != 0 {
		t.Fatalf("an empty outbox hands out %d notices", len(got))
	}
	mustSave(t, s, sample("quiet"), "quiet")
	loud := registry.Event{
		ID: "run/1", Key: "a-key", What: registry.Stuck, Actor: "rotate", Reason: "no answer", Detail: "generation 2",
		At: start().Add(123456 * time.Microsecond), Tell: []registry.Audience{registry.ToTeam, registry.ToSecurity, registry.ToTeam}, Urgent: true,
	}
	tell := append([]registry.Audience{}, loud.Tell...)
	key := mustTell(t, s, sample("a-key"), loud)
	diff(t, "Tell is the caller's", loud.Tell, tell)
	if err := s.SaveAll(t.Context(), []registry.Change{
		{Key: sample("another"), Event: told("run/2", registry.ToOwner)},
		{Key: sample("silent"), Event: event("run/3")},
	}); err != nil {
		t.Fatal(err)
	}
	heard, other := loud, event("run/2")
	heard.Tell, heard.Urgent, other.Key = nil, false, "another"
	want := map[string]registry.Notice{
		"run/1/team":     {ID: "run/1/team", Event: heard, To: registry.ToTeam, Key: key, Urgent: true},
		"run/1/security": {ID: "run/1/security", Event: heard, To: registry.ToSecurity, Key: key, Urgent: true},
		"run/2/owner":    {ID: "run/2/owner", Event: other, To: registry.ToOwner, Key: mustGet(t, s, "another")},
	}
	got := map[string]registry.Notice{}
	for _, n := range claim(t, s, start(), 10) {
		if _, twice := got[n.ID]; twice {
			t.Errorf("%s is there twice", n.ID)
		}
		got[n.ID] = n
	}
	diff(t, "notices", got, want)
}

// sameEventToldOnce repeats a Save while its notice waits, and after it is gone.
func sameEventToldOnce(t *testing.T, s registry.Store) {
	e := told("e1", registry.ToOwner)
	repeat := func() {
		t.Helper()
		var wg sync.WaitGroup
		for range 6 {
			wg.Go(func() {
				if _, err := s.Save(t.Context(), sample("a-key"), e); err != nil {
					t.Errorf("Save: %v", err)
				}
			})
		}
		wg.Wait()
		if err := s.SaveAll(t.Context(), []registry.Change{{Key: sample("a-key"), Event: e}, {Key: sample("a-key"), Event: e}}); err != nil {
			t.Errorf("SaveAll: %v", err)
		}
	}
	repeat()
	if n := waiting(t, s); n != 1 {
		t.Fatalf("%d notices wait, want 1", n)
	}
	if err := s.SettleNotices(t.Context(), noticeIDs(claim(t, s, start(), 10))); err != nil {
		t.Fatal(err)
	}
	e.Tell = []registry.Audience{registry.ToOwner, registry.ToTeam} // not even of a new audience
	repeat()
	if n := waiting(t, s); n != 0 {
		t.Errorf("%d notices of an event of which all were told", n)
	}
}

// refusedSaveNoNotice asks that nobody hears of what did not happen.
func refusedSaveNoNotice(t *testing.T, s registry.Store) {
	first := mustSave(t, s, at("first", "default", "secret/x"), "e1")
	mustSave(t, s, first, "e2")
	tell := func(id string) registry.Event { return told(id, registry.ToOwner, registry.ToTeam) }
	for name, c := range map[string]registry.Change{
		"stale":             {Key: first, Event: tell("n1")},
		"exists":            {Key: sample("first"), Event: tell("n2")},
		"path taken":        {Key: at("second", "default", "secret/x"), Event: tell("n3")},
		"event of another":  {Key: sample("second"), Event: tell("e1")},
		"unknown audience":  {Key: sample("second"), Event: told("n4", registry.ToOwner, "everybody")},
		"no audience":       {Key: sample("second"), Event: told("n5", "")},
		"text out of bound": {Key: sample("second"), Event: func() registry.Event { e := tell("n6"); e.Reason = "\x00"; return e }()},
	} {
		if _, err := s.Save(t.Context(), c.Key, c.Event); err == nil {
			t.Errorf("%s: Save took it", name)
		}
		good := registry.Change{Key: sample("good"), Event: tell("good/" + name)}
		if err := s.SaveAll(t.Context(), []registry.Change{good, c}); err == nil {
			t.Errorf("%s: SaveAll took it", name)
		}
	}
	if n := waiting(t, s); n != 0 {
		t.Errorf("%d notices of what was refused", n)
	}
}

// noticesOfToday changes a key after its notice was written.
func noticesOfToday(t *testing.T, s registry.Store) {
	key := mustTell(t, s, sample("a-key"), told("e1", registry.ToOwner))
	key.Owner.Person = "bob@example.com"
	key = mustSave(t, s, key, "e2")
	diff(t, "key of a notice", claim(t, s, start(), 10)[0].Key, key)
	key.Retired = start().AddDate(0, 0, 1)
	key = mustSave(t, s, key, "e3")
	diff(t, "retired key of a notice", claim(t, s, start().Add(lease), 10)[0].Key, key)
}

// fillOutbox saves n keys, each with a notice to its owner.
func fillOutbox(t testing.TB, s registry.Store, n int) {
	t.Helper()
	const batch = 2000
	for from := 0; from < n; from += batch {
		var changes []registry.Change
		for i := from; i < min(from+batch, n); i++ {
			e := told(fmt.Sprintf("told/%06d", i), registry.ToOwner)
			e.At = start().Add(time.Duration(i) * time.Second)
			changes = append(changes, registry.Change{Key: sample(keyturn.KeyID(fmt.Sprintf("key-%06d", i))), Event: e})
		}
		if err := s.SaveAll(t.Context(), changes); err != nil {
			t.Fatalf("SaveAll: %v", err)
		}
	}
}
