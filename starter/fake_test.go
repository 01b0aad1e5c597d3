package main

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/config"
	"github.com/keyturn/keyturn/dial"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/workflows"
)

// noon is when all tests happen.
var noon = time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)

// A fakeTemporal answers with what a test puts into it.
type fakeTemporal struct {
	mu         sync.Mutex
	started    []startCall
	begun      []startCall // with SignalBegin
	updates    []client.UpdateWorkflowOptions
	queries    int
	startErr   error
	describe   func(n int) (*workflowservice.DescribeWorkflowExecutionResponse, error)
	query      func(ctx context.Context) (workflows.Status, error)
	update     func(ctx context.Context) error
	verdict    workflows.Verdict // the answer to a claim
	result     func() (workflows.Result, error)
	asked      int
	closed     bool
	limits     []*workflowservice.UpdateTaskQueueConfigRequest
	limit      func() error // runs before every change of a limit, and may refuse it
	batches    []batchCall
	begin      func(batch string) error // runs when a batch is started, and may refuse it
	stopped    []string
	stoppedRun string
	planned    fakeSchedules
	offboards  fakeOffboards
	leaks      fakeLeaks
	stop       func() error // runs when a workflow is cancelled, and may refuse it
}

type startCall struct {
	options  client.StartWorkflowOptions
	workflow string
	order    workflows.Order
}

func (f *fakeTemporal) ExecuteWorkflow(_ context.Context, o client.StartWorkflowOptions, w any, args ...any) (client.WorkflowRun, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.startErr != nil {
		return nil, f.startErr
	}
	switch in := args[0].(type) {
	case activities.Departure:
		return f.offboard(o, nameOf(w), in)
	case activities.LeakRef:
		return f.leak(o, "", nameOf(w), in)
	case workflows.FillInput:
		return f.fill(o, nameOf(w), in)
	}
	f.started = append(f.started, startCall{o, nameOf(w), args[0].(workflows.Order)})
	return &fakeRun{f: f, id: "run-1"}, nil
}

// A batchCall is the start of a batch.
type batchCall struct {
	options  client.StartWorkflowOptions
	signal   string
	workflow string
	in       workflows.BatchInput
}

func (f *fakeTemporal) SignalWithStartWorkflow(_ context.Context, id, signal string, _ any, o client.StartWorkflowOptions, w any, args ...any) (client.WorkflowRun, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if order, ok := args[0].(workflows.Order); ok { // a planned operation begins
		f.begun = append(f.begun, startCall{o, nameOf(w), order})
		return &fakeRun{f: f, id: "run-1"}, f.startErr
	}
	if in, ok := args[0].(activities.LeakRef); ok {
		return f.leak(o, signal, nameOf(w), in)
	}
	in := args[0].(workflows.BatchInput)
	if f.begin != nil {
		if err := f.begin(in.Page.Batch); err != nil {
			return nil, err
		}
	}
	f.batches = append(f.batches, batchCall{o, signal, nameOf(w), in})
	return &fakeRun{f: f, id: "run-1"}, nil
}

func (f *fakeTemporal) CancelWorkflow(_ context.Context, id, run string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.stop != nil {
		if err := f.stop(); err != nil {
			return err
		}
	}
	f.stopped, f.stoppedRun = append(f.stopped, id), run
	return nil
}

// nameOf is the name of a workflow's function.
func nameOf(w any) string {
	name := runtime.FuncForPC(reflect.ValueOf(w).Pointer()).Name()
	return name[strings.LastIndexByte(name, '.')+1:]
}

func (f *fakeTemporal) GetWorkflow(_ context.Context, _, run string) client.WorkflowRun {
	return &fakeRun{f: f, id: run}
}

func (f *fakeTemporal) UpdateWorkflow(ctx context.Context, o client.UpdateWorkflowOptions) (client.WorkflowUpdateHandle, error) {
	f.mu.Lock()
	f.updates = append(f.updates, o)
	f.mu.Unlock()
	if f.update == nil {
		return fakeHandle{verdict: f.verdict}, nil
	}
	return fakeHandle{}, f.update(ctx)
}

func (f *fakeTemporal) QueryWorkflow(ctx context.Context, _, _, query string, _ ...any) (converter.EncodedValue, error) {
	f.mu.Lock()
	f.queries++
	f.mu.Unlock()
	if query == metadataQuery {
		return f.leaks.says()
	}
	s, err := f.query(ctx)
	return fakeValue{s}, err
}

func (f *fakeTemporal) DescribeWorkflowExecution(_ context.Context, id, run string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if strings.HasPrefix(id, "batch/") {
		return nil, serviceerror.NewNotFound("it has ended")
	}
	if strings.HasPrefix(id, workflows.FillWorkflowID) {
		return f.leaks.describe(id)
	}
	f.asked++
	if f.describe == nil {
		return nil, serviceerror.NewNotFound("no such workflow")
	}
	d, err := f.describe(f.asked)
	if err == nil && run != "" {
		d = proto.Clone(d).(*workflowservice.DescribeWorkflowExecutionResponse) // a test may answer with the same each time
		d.WorkflowExecutionInfo.Execution.RunId = run
	}
	return d, err
}

func (f *fakeTemporal) UpdateTaskQueueConfig(_ context.Context, r *workflowservice.UpdateTaskQueueConfigRequest) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.limit != nil {
		if err := f.limit(); err != nil {
			return err
		}
	}
	f.limits = append(f.limits, r)
	return nil
}

func (f *fakeTemporal) Close() { f.closed = true }

type fakeRun struct {
	client.WorkflowRun
	f  *fakeTemporal
	id string
}

func (r *fakeRun) GetRunID() string { return r.id }

func (r *fakeRun) Get(_ context.Context, out any) error {
	if filled, ok := out.(*workflows.FillResult); ok {
		return r.f.leaks.filled(filled)
	}
	res, err := r.f.result()
	if err == nil {
		*out.(*workflows.Result) = res
	}
	return err
}

type fakeHandle struct {
	client.WorkflowUpdateHandle
	verdict workflows.Verdict
}

func (fakeHandle) RunID() string { return "run-1" }

func (h fakeHandle) Get(_ context.Context, out any) error {
	if v, ok := out.(*workflows.Verdict); ok {
		*v = h.verdict
	}
	return nil
}

type fakeValue struct{ status workflows.Status }

func (fakeValue) HasValue() bool { return true }

func (v fakeValue) Get(out any) error {
	b, err := json.Marshal(v.status)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, out)
}

// described is a run as Temporal describes it.
func described(name string, status enumspb.WorkflowExecutionStatus, events int64) *workflowservice.DescribeWorkflowExecutionResponse {
	info := &workflowpb.WorkflowExecutionInfo{
		Execution: &commonpb.WorkflowExecution{WorkflowId: "key/" + keyID, RunId: "run-1"},
		Type:      &commonpb.WorkflowType{Name: name},
		StartTime: timestamppb.New(noon.Add(-time.Minute)), Status: status, HistoryLength: events,
	}
	if status != enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
		info.CloseTime = timestamppb.New(noon)
	}
	return &workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: info}
}

// underWay has an operation hold the key.
func (d *desk) underWay(name string) {
	d.temporal.describe = func(int) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
		return described(name, enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, 5), nil
	}
}

const keyID = "payments-stripe-live-001"

// aKey is a key that was issued once.
func aKey() keyturn.Key {
	created := noon.AddDate(0, -2, 0)
	return keyturn.Key{
		ID: keyID, Purpose: "charges of the payments service",
		Owner: keyturn.Owner{Team: "payments", Person: "alice@example.com"},
		Scope: keyturn.Scope{Provider: "stripe", Account: "acct_1", Permissions: []string{"charges:write"}},
		Storage: keyturn.Storage{
			Secret:    keyturn.SecretRef{Store: "vault", Path: "secret/payments/stripe-live"},
			Consumers: []keyturn.Consumer{{Kind: "kubernetes_secret", Name: "stripe", Namespace: "payments"}},
		},
		Audit:   keyturn.Audit{EveryDays: 90},
		Created: created, Rotated: created, Expires: created.AddDate(0, 11, 0), Generation: 1,
		Ledger: []keyturn.Issued{{Generation: 1, RemoteID: "rk_1", Version: keyID + "/g1", State: keyturn.Current, Created: created, Promoted: created}},
	}
}

// A desk is an app with a registry of its own and a fake Temporal.
type desk struct {
	*app
	temporal *fakeTemporal
	stdout   *bytes.Buffer
	stderr   *bytes.Buffer
}

func newDesk(t *testing.T, keys ...keyturn.Key) *desk {
	t.Helper()
	d := &desk{temporal: &fakeTemporal{}, stdout: &bytes.Buffer{}, stderr: &bytes.Buffer{}}
	d.app = newApp(strings.NewReader(""), d.stdout, d.stderr, environment{Actor: "bob@laptop"})
	d.now = func() time.Time { return noon }
	d.settings = &settings{
		Temporal: dial.Config{}.WithDefaults(),
		Registry: config.Registry{SQLite: &config.SQLite{Path: filepath.Join(t.TempDir(), "keyturn.db")}},
	}
	d.dialTemporal = func(context.Context, dial.Config, *slog.Logger) (temporalClient, error) { return d.temporal, nil }
	store, err := d.registry(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range keys {
		e := registry.Event{ID: "test/" + string(k.ID), Key: k.ID, What: registry.Applied, Actor: "test", At: noon}
		if _, err := store.Save(t.Context(), k, e); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	return d
}

// run executes one command line.
func (d *desk) run(t *testing.T, args ...string) int {
	t.Helper()
	return run(t.Context(), d.app, args)
}

// expect runs a command line and wants an exit code, and words on a stream.
func (d *desk) expect(t *testing.T, code int, stderr string, args ...string) {
	t.Helper()
	if got := d.run(t, args...); got != code {
		t.Errorf("keyturn %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), got, code, d.stdout, d.stderr)
	}
	if !strings.Contains(d.stderr.String(), stderr) {
		t.Errorf("keyturn %s: standard error lacks %q:\n%s", strings.Join(args, " "), stderr, d.stderr)
	}
}
