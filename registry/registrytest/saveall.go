package registrytest

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

func saveAll(t *testing.T, s registry.Store) {
	if err := s.SaveAll(t.Context(), nil); err != nil {
		t.Fatalf("SaveAll of nothing: %v", err)
	}
	const n = 2500 // more than a database takes in one go
	fill(t, s, n, "key-%05d", nil)
	var changes []registry.Change
	for key, err := range s.Find(t.Context(), registry.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		if key.Revision != 1 {
			t.Fatalf("%s has revision %d, want 1", key.ID, key.Revision)
		}
		key.Purpose = "changed"
		changes = append(changes, registry.Change{Key: key, Event: event("change/" + string(key.ID))})
	}
	changes = append(changes, registry.Change{Key: sample("one-more"), Event: event("one-more")})
	for range 2 { // the second time nothing happens
		if err := s.SaveAll(t.Context(), changes); err != nil {
			t.Fatalf("SaveAll: %v", err)
		}
	}
	for key, err := range s.Find(t.Context(), registry.Filter{After: "key"}) {
		if err != nil {
			t.Fatal(err)
		}
		if key.ID != "one-more" && (key.Revision != 2 || key.Purpose != "changed") {
			t.Fatalf("%s has revision %d and purpose %q", key.ID, key.Revision, key.Purpose)
		}
	}
	if got, err := s.Count(t.Context(), registry.Filter{}); err != nil || got != n+1 {
		t.Errorf("%d keys, error %v; want %d", got, err, n+1)
	}
}

func saveAllOrNothing(t *testing.T, s registry.Store) {
	taken := mustSave(t, s, at("taken", "default", "secret/taken"), "e0")
	stale := mustSave(t, s, taken, "e1")
	stale.Revision = 1
	held := sample("held")
	held.Intent = &keyturn.Intent{Run: "run", Exclusive: true}
	mustSave(t, s, held, "e2")
	grab := sample("culprit")
	grab.Scope.Principal, grab.Intent = held.Scope.Principal, held.Intent
	absent := sample("culprit")
	absent.Revision = 4
	for name, bad := range map[string]keyturn.Key{
		"stale":         stale,
		"exists":        sample("taken"),
		"absent":        absent,
		"path taken":    at("culprit", "default", "secret/taken"),
		"path in batch": at("culprit", "default", "secret/good-0007"),
		"intent taken":  grab,
		"invalid":       {ID: "culprit", Purpose: "\x00"},
	} {
		var changes []registry.Change
		for i := range 1500 {
			id := keyturn.KeyID(fmt.Sprintf("good-%04d", i))
			if i == 1200 {
				changes = append(changes, registry.Change{Key: bad, Event: event("bad/" + name)})
			}
			changes = append(changes, registry.Change{Key: sample(id), Event: event(name + string(id))})
		}
		err := s.SaveAll(t.Context(), changes)
		t.Logf("%s: %v", name, err)
		want := keyturn.Conflict
		if name == "invalid" {
			want = keyturn.Invalid
		}
		wantKind(t, err, want)
		if !strings.Contains(err.Error(), string(bad.ID)) {
			t.Errorf("%s: error %q does not name %s", name, err, bad.ID)
		}
	}
	if n, err := s.Count(t.Context(), registry.Filter{}); err != nil || n != 2 {
		t.Errorf("%d keys, error %v; want the 2 from before", n, err)
	}
	if got := len(events(t, s, "good-0000")); got != 0 {
		t.Errorf("%d events of a key that was not written", got)
	}
}

// saveAllInOrder holds SaveAll to the rules of Save one after the other: a
// place that one change frees may be taken by the next.
func saveAllInOrder(t *testing.T, s registry.Store) {
	first := mustSave(t, s, at("first", "default", "secret/x"), "e1")
	away := first
	away.Storage.Secret.Path = "secret/z"
	again := away
	again.Revision, again.Purpose = 2, "changed twice"
	if err := s.SaveAll(t.Context(), []registry.Change{
		{Key: away, Event: event("e2")},
		{Key: at("second", "default", "secret/x"), Event: event("e3")},
		{Key: again, Event: event("e4")},
		{Key: again, Event: event("e4")},
	}); err != nil {
		t.Fatalf("SaveAll: %v", err)
	}
	if got := mustGet(t, s, "first"); got.Revision != 3 || got.Purpose != "changed twice" {
		t.Errorf("revision %d, purpose %q", got.Revision, got.Purpose)
	}
	wantKind(t, s.SaveAll(t.Context(), []registry.Change{
		{Key: at("third", "default", "secret/z"), Event: event("e5")}, // before it is free
		{Key: func() keyturn.Key { k := mustGet(t, s, "first"); k.Storage.Secret.Path = "secret/w"; return k }(), Event: event("e6")},
	}), keyturn.Conflict)
}

// concurrentSaveAlls changes the same keys in opposite orders: nothing may be
// lost, and a deadlock may show only as a conflict.
func concurrentSaveAlls(t *testing.T, s registry.Store) {
	const n, rounds = 200, 5
	fill(t, s, n, "key-%03d", nil)
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for round := range rounds {
				for {
					var changes []registry.Change
					for key, err := range s.Find(t.Context(), registry.Filter{}) {
						if err != nil {
							t.Errorf("Find: %v", err)
							return
						}
						key.Generation++
						c := registry.Change{Key: key, Event: event(fmt.Sprintf("%d/%d/%s", worker, round, key.ID))}
						if changes = append(changes, c); worker%2 == 0 {
							copy(changes[1:], changes)
							changes[0] = c
						}
					}
					err := s.SaveAll(t.Context(), changes)
					if err == nil {
						break
					}
					if keyturn.KindOf(err) != keyturn.Conflict {
						t.Errorf("SaveAll: %v, want success or a conflict", err)
						return
					}
				}
			}
		})
	}
	wg.Wait()
	for key, err := range s.Find(t.Context(), registry.Filter{}) {
		if err != nil || key.Generation != 4*rounds {
			t.Fatalf("%s was changed %d times, error %v; want %d", key.ID, key.Generation, err, 4*rounds)
		}
	}
}
