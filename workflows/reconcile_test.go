package workflows_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/workflows"
)

// passWorld plays the activities of Reconcile over so many accounts.
type passWorld struct {
	*testsuite.TestWorkflowEnvironment
	mu       sync.Mutex
	tries    map[string]int // attempts at each account and store
	queues   map[string]string
	now, top int // accounts at a time
	fail     map[string]error
	closed   []activities.CloseReconcileInput
	began    time.Time
}

func newPassWorld(accounts int) *passWorld {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	w := &passWorld{TestWorkflowEnvironment: suite.NewTestWorkflowEnvironment(), tries: map[string]int{}, queues: map[string]string{}, fail: map[string]error{}}
	w.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: "reconcile", TaskQueue: "q"})
	w.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{new(activities.Errors)}})
	w.SetTestTimeout(20 * time.Second)
	w.began = w.Now()
	w.RegisterWorkflow(workflows.Reconcile)
	name := func(n string) activity.RegisterOptions { return activity.RegisterOptions{Name: n} }
	w.RegisterActivityWithOptions(func(context.Context, activities.ListReconciledInput) (activities.ListReconciledResult, error) {
		res := activities.ListReconciledResult{Tally: activities.ReconcileTally{Paused: 2}}
		for i := range accounts {
			res.Accounts = append(res.Accounts, keyturn.Issuer{Provider: "p", Account: fmt.Sprint(i)})
		}
		return res, nil
	}, name("ListReconciled"))
	w.RegisterActivityWithOptions(func(ctx context.Context, in activities.ReconcileAccountInput) (activities.ReconcileTally, error) {
		w.begin(1)
		defer w.begin(-1)
		time.Sleep(time.Millisecond)
		return activities.ReconcileTally{Accounts: 1, Findings: 3}, w.try(ctx, in.Issuer.String())
	}, name("ReconcileAccount"))
	w.RegisterActivityWithOptions(func(ctx context.Context, in activities.StorePath) (activities.ReconcileTally, error) {
		return activities.ReconcileTally{Paths: 5}, w.try(ctx, in.String())
	}, name("ReconcileStore"))
	w.RegisterActivityWithOptions(func(_ context.Context, in activities.CloseReconcileInput) (activities.ReconcileTally, error) {
		slices.SortFunc(in.Unchecked, func(a, b activities.Unchecked) int { return len(a.Subject) - len(b.Subject) })
		w.closed = append(w.closed, in)
		return activities.ReconcileTally{Unchecked: len(in.Unchecked)}, nil
	}, name("CloseReconcile"))
	return w
}

func (w *passWorld) begin(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now += n
	w.top = max(w.top, w.now)
}

func (w *passWorld) try(ctx context.Context, place string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tries[place]++
	w.queues[place] = activity.GetInfo(ctx).TaskQueue
	return w.fail[place]
}

var paths = []activities.StorePath{{Store: "vault", Prefix: "secret/payments"}, {Store: "vault", Prefix: "secret/search"}}

// TestReconcileGoesOn compares every account and store, a few at a time, whatever
// becomes of some of them.
func TestReconcileGoesOn(t *testing.T) {
	t.Parallel()
	w := newPassWorld(60)
	w.fail["p/7"] = keyturn.Errorf(keyturn.Denied, "acme: list", "the credential is refused")
	w.fail["p/31"] = keyturn.Errorf(keyturn.Unavailable, "acme: list", "down")
	w.fail["vault:secret/payments"] = keyturn.Errorf(keyturn.Denied, "vault: list", "may not list")
	w.ExecuteWorkflow(workflows.Reconcile, workflows.ReconcileInput{Paths: paths})
	var got activities.ReconcileTally
	if err := w.GetWorkflowResult(&got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(activities.ReconcileTally{Accounts: 58, Paused: 2, Unchecked: 3, Findings: 174, Paths: 5}, got); diff != "" {
		t.Errorf("tally (-want +got):\n%s", diff)
	}
	want := []activities.CloseReconcileInput{{Began: w.began.UTC(), Unchecked: []activities.Unchecked{
		{Kind: activities.UncheckedAccount, Subject: "p/7", Error: keyturn.Denied, Why: "acme: list: the credential is refused"},
		{Kind: activities.UncheckedAccount, Subject: "p/31", Error: keyturn.Unavailable, Why: "acme: list: down"},
		{Kind: activities.UncheckedStore, Subject: "vault:secret/payments", Error: keyturn.Denied, Why: "vault: list: may not list"},
	}}}
	if diff := cmp.Diff(want, w.closed); diff != "" {
		t.Errorf("closed (-want +got):\n%s", diff)
	}
	if len(w.tries) != 62 || w.tries["p/7"] != 1 || w.tries["p/31"] != 8 || w.tries["p/8"] != 1 {
		t.Errorf("%d places were tried: %v", len(w.tries), w.tries)
	}
	if w.top > 10 {
		t.Errorf("%d accounts at a time", w.top)
	}
	if took := w.Now().Sub(w.began); took > time.Hour {
		t.Errorf("a vendor that is down held the pass up for %s", took)
	}
	if w.queues["p/8"] != "q.p.8" || w.queues["vault:secret/search"] != "q.fleet" {
		t.Errorf("queues: %s, %s", w.queues["p/8"], w.queues["vault:secret/search"])
	}
}

// TestReconcileNothing is a pass over no accounts.
func TestReconcileNothing(t *testing.T) {
	t.Parallel()
	w := newPassWorld(0)
	w.ExecuteWorkflow(workflows.Reconcile, workflows.ReconcileInput{})
	if err := w.GetWorkflowError(); err != nil || len(w.closed) != 1 || len(w.tries) != 0 {
		t.Errorf("closed %d times, %v", len(w.closed), err)
	}
}

// TestReconcileContinuesAsNew carries on with the accounts that are left, and closes
// the pass once.
func TestReconcileContinuesAsNew(t *testing.T) {
	t.Parallel()
	w := newPassWorld(201)
	w.fail["p/3"] = keyturn.Errorf(keyturn.Denied, "list", "refused")
	w.ExecuteWorkflow(workflows.Reconcile, workflows.ReconcileInput{Paths: paths})
	var next *workflow.ContinueAsNewError
	if err := w.GetWorkflowError(); !errors.As(err, &next) || len(w.tries) != 200 || len(w.closed) != 0 {
		t.Fatalf("after %d accounts: %v", len(w.tries), err)
	}
	var in workflows.ReconcileInput
	if err := converter.GetDefaultDataConverter().FromPayloads(next.Input, &in); err != nil {
		t.Fatal(err)
	}
	again := newPassWorld(0)
	again.ExecuteWorkflow(workflows.Reconcile, in)
	var got activities.ReconcileTally
	if err := again.GetWorkflowResult(&got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(activities.ReconcileTally{Accounts: 200, Paused: 2, Unchecked: 1, Findings: 600, Paths: 10}, got); diff != "" {
		t.Errorf("tally (-want +got):\n%s", diff)
	}
	if len(again.tries) != 3 || len(again.closed) != 1 || !again.closed[0].Began.Equal(w.began) || len(again.closed[0].Unchecked) != 1 {
		t.Errorf("tried %v, closed %+v", again.tries, again.closed)
	}
}

// TestReconcileCancelled ends at once, without taking what was not looked at for
// unchecked, and does not go on as a new run.
func TestReconcileCancelled(t *testing.T) {
	t.Parallel()
	for name, first := range map[string]int{"at the first": 0, "at the last of a run": 195} {
		w := newPassWorld(201)
		for i := first; i < 201; i++ {
			w.fail[fmt.Sprint("p/", i)] = keyturn.Errorf(keyturn.Unavailable, "list", "down")
		}
		w.RegisterDelayedCallback(w.CancelWorkflow, 20*time.Second)
		w.ExecuteWorkflow(workflows.Reconcile, workflows.ReconcileInput{Paths: paths})
		if err := w.GetWorkflowError(); !temporal.IsCanceledError(err) || len(w.closed) != 0 || len(w.tries) > first+10 {
			t.Errorf("%s: %d places tried, closed %d times, %v", name, len(w.tries), len(w.closed), err)
		}
	}
}
