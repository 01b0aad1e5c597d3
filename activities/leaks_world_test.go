package activities_test

import (
	"context"
	"fmt"
	"iter"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/testsuite"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/secrets"
	"github.com/keyturn/keyturn/secrets/local"
)

// leaksWorld is the activities about leaks over a real registry and a real store, with
// scanners and Temporal played.
type leaksWorld struct {
	*fleetWorld
	leaks     *activities.Leaks
	store     secrets.Store
	scanner   *scanner
	hashes    *hashes
	responses []string
	down      bool
}

func newLeaksWorld(t *testing.T) *leaksWorld {
	t.Helper()
	w := &leaksWorld{fleetWorld: newFleetWorld(t), scanner: &scanner{alerts: map[string]leaks.Finding{}}, hashes: &hashes{known: map[string]string{}, quota: -1}}
	var err error
	if w.store, err = local.Open(t.Context(), local.Config{Dir: filepath.Join(t.TempDir(), "values"), Create: true}); err != nil {
		t.Fatal(err)
	}
	keys := &activities.Keys{
		Registry: w.registry, Secrets: secrets.Catalog{"default": w.store}, Now: func() time.Time { return w.now },
		Fingerprints: leaks.Fingerprinter{Key: keyturn.NewSecret(strings.Repeat("k", 32))},
	}
	w.leaks = &activities.Leaks{
		Keys: keys, Engine: w, Sources: map[string]leaks.Source{"scanner": w.scanner}, Hashes: w.hashes, Poll: time.Millisecond,
		Keep: &activities.Keeper{Stores: keys.Secrets, Store: "default", Folder: "secret/leaks"},
	}
	var suite testsuite.WorkflowTestSuite
	w.TestActivityEnvironment = suite.NewTestActivityEnvironment()
	w.RegisterActivity(w.leaks)
	return w
}

// value is what a key of this world is issued with.
func value(id string) keyturn.Secret { return keyturn.NewSecret("CANARY-value-of-" + id) }

// stored enters a key in service whose value is in the store, with the fingerprints
// that f leaves of it.
func (w *leaksWorld) stored(id string, f func(*keyturn.Fingerprints)) {
	w.t.Helper()
	v, err := w.store.Stage(w.t.Context(), keyturn.SecretRef{Store: "default", Path: "secret/" + id}, secrets.Draft{Label: id + "/g1", RemoteID: "r-" + id, Value: value(id), Created: w.now})
	if err != nil {
		w.t.Fatal(err)
	}
	w.add("1", id, "payments", -time.Hour, func(k *keyturn.Key) {
		k.Ledger[0].Version = v.Name
		k.Ledger[0].Fingerprints = w.leaks.Keys.Fingerprints.Of(value(id))
		f(&k.Ledger[0].Fingerprints)
	})
}

func whole(*keyturn.Fingerprints) {}

func (w *leaksWorld) report(found ...leaks.Finding) []activities.Reported {
	w.t.Helper()
	out, err := w.reporter().Report(w.t.Context(), found)
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

func (w *leaksWorld) reporter() activities.Reporter {
	return activities.Reporter{Registry: w.registry, Respond: w.Respond, Prints: w.leaks.Keys.Fingerprints, Keep: w.leaks.Keep, Actor: "scanner", Now: func() time.Time { return w.now }}
}

// all are the leaks there are, oldest first.
func (w *leaksWorld) all() []registry.Leak {
	w.t.Helper()
	var out []registry.Leak
	for l, err := range w.registry.Leaks(w.t.Context(), registry.LeakFilter{}) {
		if err != nil {
			w.t.Fatal(err)
		}
		out = append(out, l)
	}
	slices.Reverse(out)
	return out
}

func (w *leaksWorld) Respond(_ context.Context, leak string) error {
	if w.down {
		return keyturn.Errorf(keyturn.Unavailable, "respond", "down")
	}
	w.responses = append(w.responses, leak)
	return nil
}

func (*leaksWorld) Begin(context.Context, activities.Start) (activities.Begun, error) {
	return activities.Begun{What: activities.Started}, nil
}

func (*leaksWorld) Expedite(context.Context, keyturn.KeyID, activities.Hurry) error {
	return nil
}

// scanner is a source that can be asked.
type scanner struct {
	alerts map[string]leaks.Finding
	err    error
}

func (s *scanner) Hear(context.Context, leaks.Delivery) (leaks.News, error) { return leaks.News{}, nil }
func (s *scanner) Check(context.Context) error                              { return nil }
func (s *scanner) Look(_ context.Context, alert string) (leaks.Finding, error) {
	f, ok := s.alerts[alert]
	if !ok {
		return f, keyturn.Errorf(keyturn.NotFound, "scanner: look", "no such alert")
	}
	return f, s.err
}

func (s *scanner) Open(context.Context, time.Time) iter.Seq2[leaks.Finding, error] {
	return func(yield func(leaks.Finding, error) bool) {
		for _, f := range s.alerts {
			if !yield(f, nil) {
				return
			}
		}
		if s.err != nil {
			yield(leaks.Finding{}, s.err)
		}
	}
}

// hashes is a service that knows some.
type hashes struct {
	known map[string]string // to a place
	quota int               // hashes that may be asked about; below 0 is no limit
	asked []int
}

func (h *hashes) Known(_ context.Context, asked []string) (found []activities.KnownHash, next int, err error) {
	if h.quota >= 0 {
		if len(asked) > h.quota {
			return nil, 0, keyturn.Errorf(keyturn.RateLimited, "hashes", "used up")
		}
		h.quota -= len(asked)
	}
	h.asked = append(h.asked, len(asked))
	for _, a := range asked {
		if place, ok := h.known[a]; ok {
			found = append(found, activities.KnownHash{Hash: a, Count: 3, URL: place})
		}
	}
	if h.quota < 0 {
		return found, 10, nil
	}
	return found, min(h.quota, 10), nil
}

func (w *leaksWorld) id(n int) string { return fmt.Sprintf("key-%03d", n) }
