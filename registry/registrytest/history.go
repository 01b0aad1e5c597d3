package registrytest

import (
	"fmt"
	"testing"
	"time"

	"github.com/keyturn/keyturn/registry"
)

func history(t *testing.T, s registry.Store) {
	if got := events(t, s, "nobody"); len(got) != 0 {
		t.Errorf("a key nobody saved has %d events", len(got))
	}
	key := sample("a-key")
	full := registry.Event{
		ID: "run/1", Key: "a-key", What: registry.Promoted, Actor: "rotate", Reason: "due", Detail: "generation 2",
		At: time.Date(2026, 5, 1, 12, 30, 15, 123456000, time.UTC),
	}
	earlier := registry.Event{ID: "run/2", What: registry.Noted, At: start()} // order is that of saving
	key, err := s.Save(t.Context(), key, full)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Save(t.Context(), key, earlier); err != nil {
		t.Fatal(err)
	}
	mustSave(t, s, sample("another"), "another")
	earlier.Key = "a-key"
	diff(t, "history", events(t, s, "a-key"), []registry.Event{full, earlier})
	for e, err := range s.History(t.Context(), "a-key") { // stopping early is clean
		if err != nil || e.ID != "run/1" {
			t.Errorf("first is %+v, error %v", e, err)
		}
		break
	}
	away := registry.Event{ID: "zone", What: registry.Noted, At: time.Date(2026, 5, 1, 9, 0, 0, 999, time.FixedZone("", -5*3600))}
	if _, err := s.Save(t.Context(), mustGet(t, s, "a-key"), away); err != nil {
		t.Fatal(err)
	}
	if got := events(t, s, "a-key")[2].At; got != time.Date(2026, 5, 1, 14, 0, 0, 0, time.UTC) {
		t.Errorf("time came back as %v, want UTC to the microsecond", got)
	}
}

func longHistory(t *testing.T, s registry.Store) {
	const n = 1203
	var changes []registry.Change
	key := sample("a-key")
	for i := range n {
		key.Revision = int64(i)
		changes = append(changes, registry.Change{Key: key, Event: event(fmt.Sprintf("e%d", i))})
	}
	if err := s.SaveAll(t.Context(), changes); err != nil {
		t.Fatal(err)
	}
	got := events(t, s, "a-key")
	if len(got) != n {
		t.Fatalf("%d events, want %d", len(got), n)
	}
	for i, e := range got {
		if e.ID != fmt.Sprintf("e%d", i) {
			t.Fatalf("event %d is %s", i, e.ID)
		}
	}
}
