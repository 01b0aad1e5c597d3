package registrytest

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

func getUnknown(t *testing.T, s registry.Store) {
	_, err := s.Get(t.Context(), "nobody")
	wantKind(t, err, keyturn.NotFound)
	if !strings.Contains(err.Error(), "nobody") {
		t.Errorf("error %q does not name the key", err)
	}
}

func saveAndGet(t *testing.T, s registry.Store) {
	key := sample("a-key")
	stored := mustSave(t, s, key, "e1")
	if stored.Revision != 1 {
		t.Errorf("a new key has revision %d, want 1", stored.Revision)
	}
	diff(t, "stored", mustGet(t, s, "a-key"), stored)
	stored.Purpose = "refunds customers"
	again := mustSave(t, s, stored, "e2")
	if again.Revision != 2 {
		t.Errorf("a changed key has revision %d, want 2", again.Revision)
	}
	diff(t, "changed", mustGet(t, s, "a-key"), again)
	key.Purpose, key.Revision = "refunds customers", 2
	diff(t, "what was given", again, key)
}

func staleRevision(t *testing.T, s registry.Store) {
	_, err := s.Save(t.Context(), func() keyturn.Key { k := sample("absent"); k.Revision = 3; return k }(), event("e0"))
	wantKind(t, err, keyturn.Conflict)
	first := mustSave(t, s, sample("a-key"), "e1")
	second := mustSave(t, s, first, "e2")
	for name, key := range map[string]keyturn.Key{
		"new again": sample("a-key"),
		"older":     first,
		"from the future": func() keyturn.Key {
			k := second
			k.Revision = 9
			return k
		}(),
	} {
		key.Purpose = "must not be stored"
		_, err := s.Save(t.Context(), key, event("stale/"+name))
		wantKind(t, err, keyturn.Conflict)
		if !strings.Contains(err.Error(), "a-key") {
			t.Errorf("%s: error %q does not name the key", name, err)
		}
	}
	diff(t, "key after refusals", mustGet(t, s, "a-key"), second)
	if got := len(events(t, s, "a-key")); got != 2 {
		t.Errorf("%d events, want 2: a refused change leaves none", got)
	}
}

func sameEventTwice(t *testing.T, s registry.Store) {
	first := mustSave(t, s, sample("a-key"), "e1")
	diff(t, "creation repeated", mustSave(t, s, sample("a-key"), "e1"), first)
	edit := first
	edit.Purpose = "edited"
	second := mustSave(t, s, edit, "e2")
	diff(t, "change repeated", mustSave(t, s, edit, "e2"), second)
	later := second
	later.Purpose = "edited again"
	third := mustSave(t, s, later, "e3")
	// The answer of e2 was lost, and meanwhile e3 happened.
	diff(t, "late repetition", mustSave(t, s, edit, "e2"), third)
	if err := s.SaveAll(t.Context(), []registry.Change{{Key: edit, Event: event("e2")}, {Key: sample("a-key"), Event: event("e1")}}); err != nil {
		t.Fatalf("SaveAll of what was saved: %v", err)
	}
	sneaked := third // even a change that would fit now, if its event is old
	sneaked.Purpose = "sneaked in"
	diff(t, "old event with new content", mustSave(t, s, sneaked, "e2"), third)
	if err := s.SaveAll(t.Context(), []registry.Change{{Key: sneaked, Event: event("e2")}}); err != nil {
		t.Fatalf("SaveAll of an old event: %v", err)
	}
	diff(t, "after all repetitions", mustGet(t, s, "a-key"), third)
	if got := len(events(t, s, "a-key")); got != 3 {
		t.Errorf("%d events, want 3", got)
	}
}

func sameEventConcurrently(t *testing.T, s registry.Store) {
	for round := range 5 {
		from := sample(keyturn.KeyID(fmt.Sprintf("key-%d", round)))
		for revision, id := range []string{"create", "change"} {
			from.Generation = revision
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					stored, err := s.Save(t.Context(), from, event(fmt.Sprintf("%s/%s", from.ID, id)))
					if err != nil || stored.Revision != int64(revision)+1 {
						t.Errorf("%s: revision %d, error %v; want revision %d", id, stored.Revision, err, revision+1)
					}
				})
			}
			wg.Wait()
			from = mustGet(t, s, from.ID)
		}
		if got := len(events(t, s, from.ID)); got != 2 {
			t.Errorf("%d events, want 2", got)
		}
	}
}

func eventOfAnotherKey(t *testing.T, s registry.Store) {
	mustSave(t, s, sample("first"), "e1")
	_, err := s.Save(t.Context(), sample("second"), event("e1"))
	wantKind(t, err, keyturn.Conflict)
	if _, err := s.Get(t.Context(), "second"); keyturn.KindOf(err) != keyturn.NotFound {
		t.Errorf("a refused key was stored: %v", err)
	}
	wantKind(t, s.SaveAll(t.Context(), []registry.Change{{Key: sample("second"), Event: event("e1")}}), keyturn.Conflict)
}

func badChanges(t *testing.T, s registry.Store) {
	for name, c := range map[string]registry.Change{
		"no key id":            {Key: sample(""), Event: event("e")},
		"no event id":          {Key: sample("a"), Event: event("")},
		"nothing happened":     {Key: sample("a"), Event: registry.Event{ID: "e", At: start()}},
		"no time":              {Key: sample("a"), Event: registry.Event{ID: "e", What: registry.Noted}},
		"event of another key": {Key: sample("a"), Event: registry.Event{ID: "e", What: registry.Noted, At: start(), Key: "b"}},
		"NUL in the key":       {Key: func() keyturn.Key { k := sample("a"); k.Purpose = "nu\x00l"; return k }(), Event: event("e")},
		"not UTF-8":            {Key: func() keyturn.Key { k := sample("a"); k.Owner.Team = "caf\xe9"; return k }(), Event: event("e")},
		"NUL in the event":     {Key: sample("a"), Event: registry.Event{ID: "e", What: registry.Noted, At: start(), Reason: "\x00"}},
		"impossible time": {Key: func() keyturn.Key {
			k := sample("a")
			k.Expires = time.Date(10001, 1, 1, 0, 0, 0, 0, time.UTC)
			return k
		}(), Event: event("e")},
	} {
		_, err := s.Save(t.Context(), c.Key, c.Event)
		t.Log(name, err)
		wantKind(t, err, keyturn.Invalid)
		wantKind(t, s.SaveAll(t.Context(), []registry.Change{c}), keyturn.Invalid)
	}
	if n, err := s.Count(t.Context(), registry.Filter{}); err != nil || n != 0 {
		t.Errorf("%d keys were stored, error %v", n, err)
	}
	odd := sample("odd")
	odd.Purpose = `a backslash-u0000 spelt out: \u0000, an emoji 🔑, a quote ' and "` + "\n"
	mustSave(t, s, odd, "odd")
	if got := mustGet(t, s, "odd").Purpose; got != odd.Purpose {
		t.Errorf("text came back as %q, want %q", got, odd.Purpose)
	}
}

func concurrentChanges(t *testing.T, s registry.Store) {
	mustSave(t, s, sample("counter"), "create")
	const workers, each = 8, 15
	var wg sync.WaitGroup
	for worker := range workers {
		wg.Go(func() {
			for i := range each {
				for {
					key, err := s.Get(t.Context(), "counter")
					if err != nil {
						t.Errorf("Get: %v", err)
						return
					}
					key.Generation++
					_, err = s.Save(t.Context(), key, event(fmt.Sprintf("%d/%d", worker, i)))
					if err == nil {
						break
					}
					if keyturn.KindOf(err) != keyturn.Conflict {
						t.Errorf("Save: %v, want success or a conflict", err)
						return
					}
				}
			}
		})
	}
	wg.Wait()
	key := mustGet(t, s, "counter")
	if key.Generation != workers*each || key.Revision != workers*each+1 {
		t.Errorf("generation %d, revision %d; want %d and %d", key.Generation, key.Revision, workers*each, workers*each+1)
	}
	if got := len(events(t, s, "counter")); got != workers*each+1 {
		t.Errorf("%d events, want %d", got, workers*each+1)
	}
}
