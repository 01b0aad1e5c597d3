package registrytest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// start is when the suite's keys were created.
func start() time.Time { return time.Date(2026, 4, 1, 10, 0, 0, 0, time.UTC) }

// sample is a plain key in service.
func sample(id keyturn.KeyID) keyturn.Key {
	return keyturn.Key{
		ID:      id,
		Purpose: "charges customers",
		Owner:   keyturn.Owner{Team: "payments", Person: "alice@example.com"},
		Scope:   keyturn.Scope{Provider: "aws", Account: "111122223333", Principal: "svc-" + string(id), Permissions: []string{"s3:GetObject"}},
		Storage: keyturn.Storage{Secret: keyturn.SecretRef{Store: "default", Path: "secret/" + string(id)}},
		Audit:   keyturn.Audit{Team: "payments-team", EveryDays: 90},
		Created: start(),
	}
}

func event(id string) registry.Event {
	return registry.Event{ID: id, What: registry.Applied, Actor: "tester", At: start()}
}

func mustSave(t *testing.T, s registry.Store, key keyturn.Key, eventID string) keyturn.Key {
	t.Helper()
	stored, err := s.Save(t.Context(), key, event(eventID))
	if err != nil {
		t.Fatalf("Save %s: %v", key.ID, err)
	}
	return stored
}

func mustGet(t *testing.T, s registry.Store, id keyturn.KeyID) keyturn.Key {
	t.Helper()
	key, err := s.Get(t.Context(), id)
	if err != nil {
		t.Fatalf("Get %s: %v", id, err)
	}
	return key
}

// fill saves n samples named by format.
func fill(t testing.TB, s registry.Store, n int, format string, edit func(i int, key *keyturn.Key)) {
	t.Helper()
	const batch = 2000
	for from := 0; from < n; from += batch {
		var changes []registry.Change
		for i := from; i < min(from+batch, n); i++ {
			key := sample(keyturn.KeyID(fmt.Sprintf(format, i)))
			if edit != nil {
				edit(i, &key)
			}
			changes = append(changes, registry.Change{Key: key, Event: event(fmt.Sprintf("fill/%s", key.ID))})
		}
		if err := s.SaveAll(context.Background(), changes); err != nil {
			t.Fatalf("SaveAll: %v", err)
		}
	}
}

func find(t *testing.T, s registry.Store, f registry.Filter) []keyturn.KeyID {
	t.Helper()
	var ids []keyturn.KeyID
	for key, err := range s.Find(t.Context(), f) {
		if err != nil {
			t.Fatalf("Find %+v: %v", f, err)
		}
		ids = append(ids, key.ID)
	}
	return ids
}

func events(t *testing.T, s registry.Store, id keyturn.KeyID) []registry.Event {
	t.Helper()
	var out []registry.Event
	for e, err := range s.History(t.Context(), id) {
		if err != nil {
			t.Fatalf("History %s: %v", id, err)
		}
		out = append(out, e)
	}
	return out
}

func wantKind(t *testing.T, err error, want keyturn.Kind) {
	t.Helper()
	var ours *keyturn.Error
	if !errors.As(err, &ours) || ours.Kind != want {
		t.Fatalf("error is %v (%s), want kind %s", err, keyturn.KindOf(err), want)
	}
}

func diff(t *testing.T, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got, cmp.Comparer(func(a, b keyturn.Window) bool { return a == b })); d != "" {
		t.Fatalf("%s (-want +got):\n%s", what, d)
	}
}
