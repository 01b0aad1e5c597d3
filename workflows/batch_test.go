package workflows_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/workflows"
)

// batchWorld plays the activity of a batch with so many pages in each pass.
type batchWorld struct {
	*testsuite.TestWorkflowEnvironment
	pages int
	fail  error

	mu    sync.Mutex // a cancelled activity may still run when the workflow has ended
	calls []activities.StartBatchInput
}

func newBatchWorld(pages int) *batchWorld {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	w := &batchWorld{TestWorkflowEnvironment: suite.NewTestWorkflowEnvironment(), pages: pages}
	w.RegisterWorkflow(workflows.RotateBatch)
	w.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: workflows.BatchWorkflowID("b-1"), TaskQueue: "q"})
	w.SetStartTime(time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC))
	w.RegisterActivityWithOptions(func(ctx context.Context, in activities.StartBatchInput) (activities.StartBatchResult, error) {
		if queue := activity.GetInfo(ctx).TaskQueue; queue != "q.fleet" {
			return activities.StartBatchResult{}, errors.New("asked for on " + queue)
		}
		w.mu.Lock()
		w.calls = append(w.calls, in)
		w.mu.Unlock()
		n := in.Taken["aws/1"] + 1
		next := activities.StartBatchInput{Batch: in.Batch, From: in.From, After: keyturn.KeyID(rune('a' + n)), Taken: map[string]int{"aws/1": n}}
		return activities.StartBatchResult{Tally: activities.BatchTally{Started: 10, Skipped: 1}, Next: next, More: n < w.pages}, w.fail
	}, activity.RegisterOptions{Name: "StartBatch"})
	return w
}

func aBatch() workflows.BatchInput {
	return workflows.BatchInput{Page: activities.StartBatchInput{Batch: "b-1"}}
}

// called is how often the activity was asked.
func (w *batchWorld) called() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.calls)
}

// begins are the pages that begin a pass.
func (w *batchWorld) begins() int {
	n := 0
	for _, in := range w.calls {
		if in.After == "" {
			n++
		}
	}
	return n
}

func TestRotateBatchGoesThroughAllPages(t *testing.T) {
	t.Parallel()
	w := newBatchWorld(3)
	// As the command line starts it: the signal comes with the start.
	w.RegisterDelayedCallback(func() { w.SignalWorkflow(workflows.SignalResume, nil) }, 0)
	w.ExecuteWorkflow(workflows.RotateBatch, aBatch())
	var tally activities.BatchTally
	if err := w.GetWorkflowResult(&tally); err != nil {
		t.Fatal(err)
	}
	from := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	want := []activities.StartBatchInput{
		{Batch: "b-1", From: from},
		{Batch: "b-1", From: from, After: "b", Taken: map[string]int{"aws/1": 1}},
		{Batch: "b-1", From: from, After: "c", Taken: map[string]int{"aws/1": 2}},
	}
	if d := cmp.Diff(want, w.calls); d != "" || tally != (activities.BatchTally{Started: 30, Skipped: 3}) {
		t.Errorf("tally %+v: %s", tally, d)
	}
}

// TestRotateBatchOnceMore: keys that are put back to waiting while it works are
// begun, too, from the beginning and with new times.
func TestRotateBatchOnceMore(t *testing.T) {
	t.Parallel()
	w := newBatchWorld(3)
	w.SetOnActivityStartedListener(func(*activity.Info, context.Context, converter.EncodedValues) {
		if len(w.calls) == 1 {
			w.SignalWorkflow(workflows.SignalResume, nil)
			w.SignalWorkflow(workflows.SignalResume, nil)
		}
	})
	w.ExecuteWorkflow(workflows.RotateBatch, aBatch())
	if err := w.GetWorkflowError(); err != nil || len(w.calls) != 6 || w.begins() != 2 {
		t.Fatalf("%d pages, %d from the beginning: %v", len(w.calls), w.begins(), err)
	}
	if again := w.calls[3]; len(again.Taken) != 0 || again.From.Before(w.calls[0].From) {
		t.Errorf("the second pass begins with %+v", again)
	}
}

// TestRotateBatchContinues takes along how far it is, and a signal that came.
func TestRotateBatchContinues(t *testing.T) {
	t.Parallel()
	w := newBatchWorld(50)
	w.SetOnActivityStartedListener(func(*activity.Info, context.Context, converter.EncodedValues) {
		if len(w.calls) == 5 {
			w.SignalWorkflow(workflows.SignalResume, nil)
		}
	})
	w.ExecuteWorkflow(workflows.RotateBatch, aBatch())
	var anew *workflow.ContinueAsNewError
	if err := w.GetWorkflowError(); !errors.As(err, &anew) {
		t.Fatal(err)
	}
	var in workflows.BatchInput
	if err := converter.GetDefaultDataConverter().FromPayloads(anew.Input, &in); err != nil {
		t.Fatal(err)
	}
	want := workflows.BatchInput{
		Page:  activities.StartBatchInput{Batch: "b-1", From: w.calls[0].From, After: keyturn.KeyID(rune('a' + 20)), Taken: map[string]int{"aws/1": 20}},
		Tally: activities.BatchTally{Started: 200, Skipped: 20}, Again: true,
	}
	if d := cmp.Diff(want, in); d != "" || len(w.calls) != 20 {
		t.Errorf("after %d pages: %s", len(w.calls), d)
	}
	next := newBatchWorld(21)
	next.ExecuteWorkflow(workflows.RotateBatch, in)
	if err := next.GetWorkflowError(); !errors.As(err, &anew) || next.begins() != 1 {
		t.Errorf("%d passes after the first: %v", next.begins(), err)
	}
}

func TestRotateBatchEnds(t *testing.T) {
	t.Parallel()
	t.Run("cancelled", func(t *testing.T) {
		t.Parallel()
		w := newBatchWorld(3)
		w.SetOnActivityStartedListener(func(*activity.Info, context.Context, converter.EncodedValues) {
			if w.called() == 1 {
				w.CancelWorkflow()
			}
		})
		w.ExecuteWorkflow(workflows.RotateBatch, aBatch())
		if err := w.GetWorkflowError(); !temporal.IsCanceledError(err) || w.called() > 2 {
			t.Errorf("after %d pages: %v", w.called(), err)
		}
	})
	t.Run("cancelled and resumed", func(t *testing.T) {
		t.Parallel()
		w := newBatchWorld(3)
		w.SetOnActivityStartedListener(func(*activity.Info, context.Context, converter.EncodedValues) {
			if w.called() == 1 {
				w.CancelWorkflow()
				w.SignalWorkflow(workflows.SignalResume, nil)
			}
		})
		w.ExecuteWorkflow(workflows.RotateBatch, aBatch())
		var anew *workflow.ContinueAsNewError
		if err := w.GetWorkflowError(); !errors.As(err, &anew) {
			t.Errorf("the resume is lost: %v", err)
		}
	})
	t.Run("no such batch", func(t *testing.T) {
		t.Parallel()
		w := newBatchWorld(3)
		w.fail = temporal.NewNonRetryableApplicationError("no batch b-1", string(keyturn.NotFound), nil)
		w.ExecuteWorkflow(workflows.RotateBatch, aBatch())
		if w.GetWorkflowError() == nil || len(w.calls) != 1 {
			t.Errorf("after %d pages: %v", len(w.calls), w.GetWorkflowError())
		}
	})
	t.Run("another id", func(t *testing.T) {
		t.Parallel()
		w := newBatchWorld(1)
		w.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: "x"})
		w.ExecuteWorkflow(workflows.RotateBatch, aBatch())
		var app *temporal.ApplicationError
		if err := w.GetWorkflowError(); !errors.As(err, &app) || app.Type() != string(keyturn.Invalid) || len(w.calls) != 0 {
			t.Error(err)
		}
	})
}

// TestHurriedForABatch: a rotation that was planned for later begins as the batch
// says, and is found under its search attribute.
func TestHurriedForABatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t).issued()
	b := registry.Batch{ID: "b-1", Selector: "team=payments", Reason: "leak", Actor: "bob", At: w.Now()}
	if err := w.registry.AddBatch(t.Context(), b, []keyturn.KeyID{w.key.ID}); err != nil {
		t.Fatal(err)
	}
	w.order.IfDue = true // it is not due
	hurried := workflows.Order{Key: w.key.ID, Issuer: issuer, Cause: activities.Cause{Reason: "leak", Actor: "bob"}, Now: true, Batch: "b-1"}
	w.OnUpsertTypedSearchAttributes(temporal.NewSearchAttributes(
		workflows.ReasonAttribute.ValueSet("leak"), workflows.BatchAttribute.ValueSet("b-1"))).Return(nil).Once()
	w.RegisterDelayedCallback(func() { w.SignalWorkflow(workflows.SignalBegin, hurried) }, 0)
	if res := w.run(workflows.RotateKey); res.Outcome != workflows.Rotated {
		t.Fatalf("%+v", res)
	}
	if !w.AssertExpectations(t) {
		t.Error("its batch is not searchable")
	}
	if p, err := w.registry.BatchProgress(t.Context(), "b-1"); err != nil || len(p) != 1 || p[0].Done != 1 {
		t.Errorf("%+v, %v", p, err)
	}
}

// busyTemporal has an operation on every key.
type busyTemporal struct {
	client.Client
	batch    string
	begins   time.Time
	signaled int
}

func (b *busyTemporal) ExecuteWorkflow(context.Context, client.StartWorkflowOptions, any, ...any) (client.WorkflowRun, error) {
	return nil, serviceerror.NewWorkflowExecutionAlreadyStarted("already", "request", "run-1")
}

func (b *busyTemporal) DescribeWorkflowExecution(context.Context, string, string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	info := &workflowpb.WorkflowExecutionInfo{
		Type: &commonpb.WorkflowType{Name: "RotateKey"}, Status: enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, ExecutionTime: timestamppb.New(b.begins),
	}
	if b.batch != "" {
		p, err := converter.GetDefaultDataConverter().ToPayload(b.batch)
		if err != nil {
			return nil, err
		}
		info.SearchAttributes = &commonpb.SearchAttributes{IndexedFields: map[string]*commonpb.Payload{"BatchId": p}}
	}
	return &workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: info}, nil
}

func (b *busyTemporal) SignalWithStartWorkflow(context.Context, string, string, any, client.StartWorkflowOptions, any, ...any) (client.WorkflowRun, error) {
	b.signaled++
	return nil, nil
}

// TestBeginForABatch tells what is under way for the batch from what is not.
func TestBeginForABatch(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for _, c := range []struct {
		name, batch string
		begins      time.Time
		hurry       bool
		want        activities.Begun
		signals     int
	}{
		{"of no batch", "", now, true, activities.Busy, 0},
		{"of another batch", "b-2", now, true, activities.Busy, 0},
		{"of this batch", "b-1", now, true, activities.Started, 0},
		{"of this batch, and later", "b-1", now.Add(time.Hour), true, activities.Started, 0},
		{"of another batch, and later", "b-2", now.Add(time.Hour), true, activities.Hurried, 1},
		{"later, and no hurry", "", now.Add(time.Hour), false, activities.Busy, 0},
	} {
		b := &busyTemporal{batch: c.batch, begins: c.begins}
		key := &keyturn.Key{ID: "payments", Scope: keyturn.Scope{Provider: "aws", Account: "1"}}
		got, err := workflows.Launcher{Client: b, Queue: "q", Now: time.Now}.Begin(t.Context(), activities.Start{
			Operation: keyturn.Rotate, Key: key, Cause: activities.Cause{Reason: "leak"}, Batch: "b-1", Hurry: c.hurry,
		})
		if err != nil || got != c.want || b.signaled != c.signals {
			t.Errorf("%s: %s after %d signals, want %s: %v", c.name, got, b.signaled, c.want, err)
		}
	}
}
