package activities_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"go.temporal.io/sdk/testsuite"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/registry/sqlite"
)

// fleetWorld is the fleet's activities over a real registry, with Temporal played.
type fleetWorld struct {
	*testsuite.TestActivityEnvironment
	t        *testing.T
	registry registry.Store
	engine   *engine
	now      time.Time
	saves    int
}

func newFleetWorld(t *testing.T) *fleetWorld {
	t.Helper()
	w := &fleetWorld{t: t, engine: &engine{open: map[keyturn.KeyID]bool{}}, now: time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)}
	var err error
	if w.registry, err = sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "registry.db")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.registry.Close() })
	w.over(w.registry)
	return w
}

// over has the activities work over another view of the registry.
func (w *fleetWorld) over(s registry.Store) {
	var suite testsuite.WorkflowTestSuite
	w.TestActivityEnvironment = suite.NewTestActivityEnvironment()
	w.RegisterActivity(&activities.Fleet{Registry: s, Engine: w.engine, Now: func() time.Time { return w.now }})
}

func of(account string) keyturn.Issuer { return keyturn.Issuer{Provider: "aws", Account: account} }

// serve has a worker serve an account.
func (w *fleetWorld) serve(account string, rate float64) {
	w.t.Helper()
	if err := w.registry.Serve(w.t.Context(), of(account), rate, w.now); err != nil {
		w.t.Fatal(err)
	}
}

// add enters an issued key that has been due for so long; below zero it is not.
func (w *fleetWorld) add(account, id, team string, due time.Duration, change ...func(*keyturn.Key)) {
	w.t.Helper()
	k := keyturn.Key{
		ID: keyturn.KeyID(id), Owner: keyturn.Owner{Team: team, Person: team + "@example.com"},
		Scope:   keyturn.Scope{Provider: "aws", Account: account},
		Storage: keyturn.Storage{Secret: keyturn.SecretRef{Store: "default", Path: "secret/" + id}},
		Audit:   keyturn.Audit{EveryDays: 90}, Rotated: w.now.AddDate(0, 0, -90).Add(-due), Generation: 1,
		Ledger: []keyturn.Issued{{Generation: 1, RemoteID: "r-" + id, State: keyturn.Current}},
	}
	for _, f := range change {
		f(&k)
	}
	w.save(k, registry.Event{What: registry.Applied})
}

func (w *fleetWorld) save(k keyturn.Key, e registry.Event) {
	w.t.Helper()
	w.saves++
	e.ID, e.Actor = fmt.Sprint("e", w.saves), "test"
	if e.At.IsZero() {
		e.At = w.now
	}
	if _, err := w.registry.Save(w.t.Context(), k, e); err != nil {
		w.t.Fatal(err)
	}
}

// ended records how an operation on a key ended, some time ago.
func (w *fleetWorld) ended(id, what, why string, ago time.Duration) {
	w.t.Helper()
	k, err := w.registry.Get(w.t.Context(), keyturn.KeyID(id))
	if err != nil {
		w.t.Fatal(err)
	}
	w.save(k, registry.Event{What: what, Detail: why, At: w.now.Add(-ago)})
}

// engine is Temporal as far as the fleet sees it.
type engine struct {
	mu      sync.Mutex
	open    map[keyturn.KeyID]bool // operations under way
	started []activities.Start     // in the order of their keys' beginnings
	stopped []keyturn.Issuer
	fail    int // fails after so many starts, once; 0 never
	deaf    bool
}

var errGone = errors.New("connection lost")

func (e *engine) Begin(_ context.Context, s activities.Start) (activities.Begun, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.open[s.Key.ID] {
		return activities.Begun{What: activities.Busy}, nil
	}
	if e.fail > 0 && len(e.started) == e.fail {
		e.fail = 0
		return activities.Begun{}, errGone
	}
	e.open[s.Key.ID] = true
	e.started = append(e.started, s)
	return activities.Begun{What: activities.Started}, nil
}

func (e *engine) Underway(_ context.Context, id keyturn.KeyID) (bool, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.open[id], nil
}

func (e *engine) Stop(_ context.Context, issuer keyturn.Issuer, _ string) error {
	if e.deaf {
		return errGone
	}
	e.stopped = append(e.stopped, issuer)
	return nil
}

func (e *engine) Resume(_ context.Context, issuer keyturn.Issuer) error {
	e.stopped = slices.DeleteFunc(e.stopped, func(i keyturn.Issuer) bool { return i == issuer })
	return nil
}

// after is how long after now a key begins; below zero if it does not.
func (e *engine) after(id string) time.Duration {
	for _, s := range e.started {
		if s.Key.ID == keyturn.KeyID(id) {
			return s.After
		}
	}
	return -1
}
