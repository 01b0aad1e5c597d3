package workflows_test

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/registry/sqlite"
	"github.com/keyturn/keyturn/secrets"
	"github.com/keyturn/keyturn/secrets/local"
	"github.com/keyturn/keyturn/tickets"
	"github.com/keyturn/keyturn/workflows"
)

const canary = "CANARY-"

// world is the real activities over a real registry and a real store, in an
// environment that skips time.
type world struct {
	*testsuite.TestWorkflowEnvironment
	t        *testing.T
	key      keyturn.Key
	vendor   *vendor
	provider providers.Provider
	store    secrets.Store
	registry registry.Store
	tracker  *tracker
	order    workflows.Order
	runs     int
	skew     time.Duration // how far the worker's clock is behind
}

var issuer = keyturn.Issuer{Provider: "test", Account: "a"}

// newWorld holds one key that was never issued. The provider labels keys and
// cannot switch them off, unless change says otherwise.
func newWorld(t *testing.T, change ...func(*world)) *world {
	t.Helper()
	w := &world{t: t, order: workflows.Order{Key: "payments", Issuer: issuer, Cause: activities.Cause{Reason: "scheduled", Actor: "test"}}}
	w.tracker = &tracker{tickets: map[string]*ticket{}}
	w.key = keyturn.Key{
		ID: "payments", Purpose: "tests", Owner: keyturn.Owner{Team: "payments", Person: "a@example.com"},
		Scope:   keyturn.Scope{Provider: "test", Account: "a", Principal: "svc"},
		Storage: keyturn.Storage{Secret: keyturn.SecretRef{Store: "default", Path: "secret/payments"}},
		Audit:   keyturn.Audit{EveryDays: 90},
	}
	w.vendor = &vendor{info: providers.Info{Name: "test", Title: "Test", Docs: "none", Labels: true}}
	w.vendor.Ledger = fake.NewLedger(fake.Options{ValuePrefix: canary, Now: func() time.Time { return w.Now() }})
	w.provider = w.vendor
	for _, f := range change {
		f(w)
	}
	dir := t.TempDir()
	values, err := local.Open(t.Context(), local.Config{Dir: filepath.Join(dir, "values"), Create: true})
	if err != nil {
		t.Fatal(err)
	}
	w.store = &writable{Store: values}
	if w.registry, err = sqlite.Open(t.Context(), filepath.Join(dir, "registry.db")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.registry.Close() })
	w.restart()
	w.key.Created = w.Now()
	w.key.Expires = w.Now().AddDate(0, 6, 0)
	if w.key, err = w.registry.Save(t.Context(), w.key, registry.Event{ID: "apply", Key: w.key.ID, What: registry.Applied, At: w.Now()}); err != nil {
		t.Fatal(err)
	}
	return w
}

// restart readies the world for one more workflow.
func (w *world) restart() {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	if w.TestWorkflowEnvironment != nil {
		from = w.Now() // time goes on
	}
	w.TestWorkflowEnvironment = suite.NewTestWorkflowEnvironment()
	w.SetStartTime(from)
	w.runs++
	w.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: workflows.KeyWorkflowID(w.key.ID), TaskQueue: "q"})
	w.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{
		new(activities.Alive), new(activities.Errors), &namedRun{id: fmt.Sprintf("run-%d", w.runs)},
	}})
	w.SetDataConverter(noSecrets{converter.GetDefaultDataConverter(), w.t})
	w.SetTestTimeout(20 * time.Second)
	keys := &activities.Keys{
		Providers: providers.Catalog{issuer: w.provider}, Secrets: secrets.Catalog{"default": w.store},
		Registry: w.registry, Now: func() time.Time { return w.Now().Add(-w.skew) }, Poll: 15 * time.Second,
	}
	w.RegisterActivity(keys)
	wording, err := tickets.LoadWording("")
	if err != nil {
		w.t.Fatal(err)
	}
	w.RegisterActivity(&activities.People{Keys: keys, Trackers: map[string]tickets.Tracker{"desk": w.tracker}, Tracker: "desk", Wording: wording})
	for _, f := range flows {
		w.RegisterWorkflow(f)
	}
}

// run runs a workflow to its end and returns its result.
func (w *world) run(flow any) workflows.Result {
	w.t.Helper()
	w.ExecuteWorkflow(flow, w.order)
	if !w.IsWorkflowCompleted() {
		w.t.Fatal("the workflow did not end")
	}
	var res workflows.Result
	if err := w.GetWorkflowResult(&res); err != nil {
		w.t.Fatal(err)
	}
	return res
}

// issued brings the key into service.
func (w *world) issued() *world {
	w.t.Helper()
	if res := w.run(workflows.IssueKey); res.Outcome != workflows.Issued {
		w.t.Fatalf("issue: %+v", res)
	}
	w.restart()
	return w
}

// say sends an update after a while.
func (w *world) say(after time.Duration, update string, arg any) {
	w.RegisterDelayedCallback(func() {
		w.UpdateWorkflow(update, fmt.Sprintf("%s-%s", update, after), &testsuite.TestUpdateCallback{
			OnReject:   func(err error) { w.t.Errorf("%s was refused: %v", update, err) },
			OnAccept:   func() {},
			OnComplete: func(any, error) {},
		}, arg)
	}, after)
}

var me = workflows.Word{Actor: "test"}

func (w *world) stored() *keyturn.Key {
	w.t.Helper()
	k, err := w.registry.Get(w.t.Context(), w.key.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return &k
}

// whole fails unless exactly one key is live, consumers read it, and the
// registry agrees.
func (w *world) whole(generation int) {
	w.t.Helper()
	k := w.stored()
	cur := k.Current()
	if k.Intent != nil || len(k.Ledger) != 1 || cur == nil {
		w.t.Fatalf("the registry says intent %+v, ledger %+v", k.Intent, k.Ledger)
	}
	if cur.Generation != generation {
		w.t.Errorf("current is generation %d, want %d", cur.Generation, generation)
	}
	live := w.vendor.Live("")
	if len(live) != 1 || live[0].ID != cur.RemoteID || !live[0].Enabled {
		w.t.Errorf("live at the vendor: %+v, the registry says %s", live, cur.RemoteID)
	}
	read, err := w.store.Current(w.t.Context(), k.Storage.Secret)
	if err != nil || read.Name != cur.Version || read.RemoteID != cur.RemoteID {
		w.t.Errorf("consumers read %+v (%v), want %s", read, err, cur.Version)
	}
}

// noSecrets fails the test when a value is about to enter a history.
type noSecrets struct {
	converter.DataConverter
	t *testing.T
}

func (n noSecrets) look(p *commonpb.Payload) {
	text := string(p.GetData())
	for _, mark := range []string{canary, hex.EncodeToString([]byte(canary)), base64.RawStdEncoding.EncodeToString([]byte(canary))[:8]} {
		if strings.Contains(text, mark) {
			n.t.Errorf("a secret reached a payload: %s", text)
		}
	}
}

func (n noSecrets) ToPayload(v any) (*commonpb.Payload, error) {
	p, err := n.DataConverter.ToPayload(v)
	n.look(p)
	return p, err
}

func (n noSecrets) ToPayloads(vs ...any) (*commonpb.Payloads, error) {
	ps, err := n.DataConverter.ToPayloads(vs...)
	for _, p := range ps.GetPayloads() {
		n.look(p)
	}
	return ps, err
}
