package workflows_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/secrets"
	"github.com/keyturn/keyturn/tickets"
	"github.com/keyturn/keyturn/workflows"
)

// leakWorld is a world whose key is in service and leaks. Rotations that the leak has
// begun run at once, in an environment of their own.
type leakWorld struct {
	*world
	leaks   *activities.Leaks
	prints  leaks.Fingerprinter
	scanner *scanner
	value   keyturn.Secret // the one in service

	mu        sync.Mutex
	late      time.Duration // how far the activities' clock has run ahead
	responses []string
	begun     []activities.Start
	busy      bool // another operation holds the key
	undone    int  // so many rotations are undone
	pages     []string
}

// scanner is a source whose alerts can be closed.
type scanner struct {
	mu     sync.Mutex
	closed map[string]leaks.Closing
	err    error
}

func (s *scanner) Hear(context.Context, leaks.Delivery) (leaks.News, error) {
	return leaks.News{}, keyturn.Errorf(keyturn.Unsupported, "scanner: hear", "no webhook")
}
func (s *scanner) Check(context.Context) error { return nil }
func (s *scanner) Close(_ context.Context, alert string, why leaks.Closing, _ string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.closed[alert] = why
	}
	return s.err
}

var _ leaks.Closer = (*scanner)(nil)

func newLeakWorld(t *testing.T, change ...func(*world)) *leakWorld {
	t.Helper()
	l := &leakWorld{world: newWorld(t, change...).issued(), scanner: &scanner{closed: map[string]leaks.Closing{}}}
	l.prints = leaks.Fingerprinter{Key: keyturn.NewSecret(strings.Repeat("k", 32))}
	k := l.stored()
	v, err := l.store.Read(t.Context(), k.Storage.Secret, k.Current().Version)
	if err != nil {
		t.Fatal(err)
	}
	l.value = v.Secret
	l.keep(func(k *keyturn.Key) { k.Ledger[0].Fingerprints = l.prints.Of(l.value) })
	l.restartLeak()
	return l
}

// keep saves a change of the key.
func (l *leakWorld) keep(edit func(*keyturn.Key)) {
	l.t.Helper()
	k := l.stored()
	edit(k)
	_, err := l.registry.Save(l.t.Context(), *k, registry.Event{ID: fmt.Sprint("kept-", k.Revision), Key: k.ID, What: registry.Noted, At: l.Now()})
	if err != nil {
		l.t.Fatal(err)
	}
}

// restartLeak readies the world for RespondToLeak.
func (l *leakWorld) restartLeak() {
	l.restart()
	keys := l.keysAt(l.clock)
	wording, err := tickets.LoadWording("")
	if err != nil {
		l.t.Fatal(err)
	}
	l.leaks = &activities.Leaks{
		Keys: keys, People: &activities.People{Keys: keys, Trackers: map[string]tickets.Tracker{"desk": l.tracker}, Tracker: "desk", Wording: wording},
		Sources: map[string]leaks.Source{"scanner": l.scanner}, Engine: l, Poll: time.Millisecond, Retry: time.Minute,
		Keep:  &activities.Keeper{Stores: keys.Secrets, Store: "default", Folder: "secret/leaks"},
		Rules: activities.LeakRules{OnLeak: keyturn.ReplaceFirst, KillAfter: 30 * time.Minute, SLA: 5 * time.Minute, Lag: 30 * time.Minute},
		Page: func(_ context.Context, id, subject, text string) error {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.pages = append(l.pages, id+": "+subject+": "+text)
			return nil
		},
	}
	l.RegisterActivity(l.leaks)
}

// clock is the activities': in this environment time stands still while one runs, so
// it goes ten seconds ahead whenever somebody looks.
func (l *leakWorld) clock() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.late += 10 * time.Second
	return l.Now().Add(l.late)
}

func (l *leakWorld) keysAt(now func() time.Time) *activities.Keys {
	return &activities.Keys{
		Providers: providers.Catalog{issuer: l.provider}, Secrets: secrets.Catalog{"default": l.store},
		Registry: l.registry, Now: now, Poll: 15 * time.Second, Fingerprints: l.prints,
	}
}

// Respond implements [activities.LeakEngine].
func (l *leakWorld) Respond(_ context.Context, leak string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.responses = append(l.responses, leak)
	return nil
}

// Begin rotates at once.
func (l *leakWorld) Begin(_ context.Context, s activities.Start) (activities.Begun, error) {
	l.mu.Lock()
	l.begun = append(l.begun, s)
	busy, undone := l.busy, l.undone
	l.undone--
	l.mu.Unlock()
	switch {
	case busy:
		return activities.Begun{What: activities.Busy}, nil
	case undone > 0: // it was undone: nothing is changed
		return activities.Begun{What: activities.Started}, nil
	}
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	env := suite.NewTestWorkflowEnvironment()
	env.SetStartTime(l.Now())
	env.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: workflows.KeyWorkflowID(l.key.ID), TaskQueue: "q"})
	l.mu.Lock()
	l.runs++
	run := fmt.Sprintf("leak-run-%d", l.runs)
	l.mu.Unlock()
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{new(activities.Alive), new(activities.Errors), &namedRun{id: run}}})
	env.SetDataConverter(noSecrets{converter.GetDefaultDataConverter(), l.t})
	env.RegisterActivity(l.keysAt(env.Now))
	env.RegisterWorkflow(workflows.RotateKey)
	env.ExecuteWorkflow(workflows.RotateKey, workflows.Order{Key: s.Key.ID, Issuer: s.Key.Scope.Issuer(), Cause: s.Cause, Now: s.Now, Urgent: s.Urgent})
	if err := env.GetWorkflowError(); err != nil {
		l.t.Errorf("the rotation: %v", err)
	}
	return activities.Begun{What: activities.Started}, nil
}

func (l *leakWorld) Expedite(_ context.Context, _ keyturn.KeyID, h activities.Hurry) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if h.Actor == "" || h.Note == "" {
		l.t.Error("whoever hurries says who and why")
	}
	l.busy = false // it was in a soak, and has ended
	return nil
}

// found has a scanner find something. Without a change it is the value in service.
func (l *leakWorld) found(change ...func(*leaks.Finding)) registry.Leak {
	l.t.Helper()
	f := leaks.Finding{Source: "scanner", Event: "e-1", Alert: "alert-1", Rule: "test-key", Provider: "test", Value: l.value, Repo: "acme/payments", File: ".env", Line: 3, Since: l.Now().Add(-time.Hour)}
	for _, c := range change {
		c(&f)
	}
	out, err := activities.Reporter{
		Registry: l.registry, Respond: l.Respond, Prints: l.prints, Keep: l.leaks.Keep, Actor: "scanner", Now: l.Now,
	}.Report(l.t.Context(), []leaks.Finding{f})
	if err != nil || len(out) != 1 {
		l.t.Fatalf("%d leaks, %v", len(out), err)
	}
	return out[0].Leak
}

// answered runs RespondToLeak to its end.
func (l *leakWorld) answered(id string) registry.Leak {
	l.t.Helper()
	l.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: workflows.LeakWorkflowID(id), TaskQueue: "q"})
	l.ExecuteWorkflow(workflows.RespondToLeak, activities.LeakRef{ID: id})
	if err := l.GetWorkflowError(); err != nil {
		l.t.Fatal(err)
	}
	return l.leak(id)
}

func (l *leakWorld) leak(id string) registry.Leak {
	l.t.Helper()
	out, err := l.registry.Leak(l.t.Context(), id)
	if err != nil {
		l.t.Fatal(err)
	}
	return out
}

// after says something about a leak after a while.
func (l *leakWorld) after(d time.Duration, id string, edit func(*registry.Leak)) {
	l.RegisterDelayedCallback(func() {
		out := l.leak(id)
		edit(&out)
		if _, err := l.registry.SaveLeak(l.t.Context(), out); err != nil {
			l.t.Error(err)
		}
		l.SignalWorkflow(workflows.SignalLook, nil)
	}, d)
}

// told lists what happened to the key because of leaks.
func (l *leakWorld) told() map[string]registry.Event {
	l.t.Helper()
	out := map[string]registry.Event{}
	for e, err := range l.registry.History(l.t.Context(), l.key.ID) {
		if err != nil {
			l.t.Fatal(err)
		}
		if strings.HasPrefix(e.Actor, "leak/") {
			out[e.What] = e
		}
	}
	return out
}
