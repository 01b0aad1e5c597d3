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
	historypb "go.temporal.io/api/history/v1"
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
	stepped  time.Time // its first step; zero if it has taken none
	anew     bool      // it ends before it hears the signal
	history  string    // what comes after its beginning: a letter for each event
	signaled int
}

func (b *busyTemporal) ExecuteWorkflow(context.Context, client.StartWorkflowOptions, any, ...any) (client.WorkflowRun, error) {
	return nil, serviceerror.NewWorkflowExecutionAlreadyStarted("already", "request", "run-1")
}

func (b *busyTemporal) DescribeWorkflowExecution(context.Context, string, string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	info := &workflowpb.WorkflowExecutionInfo{
		Execution: &commonpb.WorkflowExecution{RunId: "run-1"}, Type: &commonpb.WorkflowType{Name: "RotateKey"},
		Status: enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, ExecutionTime: timestamppb.New(b.begins),
	}
	if !b.stepped.IsZero() {
		point := &workflowpb.ResetPointInfo{FirstWorkflowTaskCompletedId: 4, CreateTime: timestamppb.New(b.stepped)}
		info.AutoResetPoints = &workflowpb.ResetPoints{Points: []*workflowpb.ResetPointInfo{point}}
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
	if b.anew {
		return runOf{id: "run-2"}, nil
	}
	return runOf{id: "run-1"}, nil
}

func (b *busyTemporal) GetWorkflowHistory(context.Context, string, string, bool, enumspb.HistoryEventFilterType) client.HistoryEventIterator {
	return &events{left: b.history}
}

type runOf struct {
	client.WorkflowRun
	id string
}

func (r runOf) GetRunID() string { return r.id }

// events are a history: s for the signal to begin, o for another one, t for the
// start and c for the end of a step.
type events struct{ left string }

func (e *events) HasNext() bool { return e.left != "" }

func (e *events) Next() (*historypb.HistoryEvent, error) {
	letter := e.left[0]
	e.left = e.left[1:]
	signal := func(name string) *historypb.HistoryEvent {
		return &historypb.HistoryEvent{EventType: enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED, Attributes: &historypb.HistoryEvent_WorkflowExecutionSignaledEventAttributes{
			WorkflowExecutionSignaledEventAttributes: &historypb.WorkflowExecutionSignaledEventAttributes{SignalName: name},
		}}
	}
	switch letter {
	case 's':
		return signal(workflows.SignalBegin), nil
	case 'o':
		return signal("expedite"), nil
	case 't':
		return &historypb.HistoryEvent{EventType: enumspb.EVENT_TYPE_WORKFLOW_TASK_STARTED}, nil
	case 'c':
		return &historypb.HistoryEvent{EventType: enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED}, nil
	}
	return nil, serviceerror.NewUnavailable("the connection is lost")
}

// begin has a batch take the key.
func (b *busyTemporal) begin(ctx context.Context, change func(*activities.Start)) (activities.Begun, error) {
	s := activities.Start{
		Operation: keyturn.Rotate, Cause: activities.Cause{Reason: "leak"}, Batch: "b-1", Hurry: true,
		Key: &keyturn.Key{ID: "payments", Scope: keyturn.Scope{Provider: "aws", Account: "1"}},
	}
	change(&s)
	return workflows.Launcher{Client: b, Queue: "q", Now: time.Now}.Begin(ctx, s)
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
		{"of no batch", "", now, true, activities.Begun{What: activities.Busy}, 0},
		{"of another batch", "b-2", now, true, activities.Begun{What: activities.Busy}, 0},
		{"of this batch", "b-1", now, true, activities.Begun{What: activities.Started}, 0},
		{"of this batch, and later", "b-1", now.Add(time.Hour), true, activities.Begun{What: activities.Started}, 0},
		{"of another batch, and later", "b-2", now.Add(time.Hour), true, activities.Begun{What: activities.Hurried, Former: "b-2"}, 1},
		{"of no batch, and later", "", now.Add(time.Hour), true, activities.Begun{What: activities.Hurried}, 1},
		{"later, and no hurry", "", now.Add(time.Hour), false, activities.Begun{What: activities.Busy}, 0},
	} {
		b := &busyTemporal{batch: c.batch, begins: c.begins, history: "s"}
		got, err := b.begin(t.Context(), func(s *activities.Start) { s.Hurry = c.hurry })
		if err != nil || got != c.want || b.signaled != c.signals {
			t.Errorf("%s: %+v after %d signals, want %+v: %v", c.name, got, b.signaled, c.want, err)
		}
	}
}

// TestBeginTooLate: a planned operation may begin by itself, or end, before it
// hears the signal.
func TestBeginTooLate(t *testing.T) {
	t.Parallel()
	hurried := activities.Begun{What: activities.Hurried, Former: "b-2"}
	busy := activities.Begun{What: activities.Busy}
	for history, want := range map[string]activities.Begun{
		"s": hurried, "st": hurried, "stc": hurried, "stco": hurried, "sstc": hurried,
		"tcs": busy, "t": busy, "ot": busy, "stcs": busy,
	} {
		b := &busyTemporal{batch: "b-2", begins: time.Now().Add(time.Minute), history: history}
		if got, err := b.begin(t.Context(), func(*activities.Start) {}); err != nil || got != want {
			t.Errorf("%s: %+v, want %+v: %v", history, got, want, err)
		}
	}
	b := &busyTemporal{batch: "b-2", begins: time.Now().Add(time.Minute), history: "s?"}
	if got, err := b.begin(t.Context(), func(*activities.Start) {}); keyturn.KindOf(err) != keyturn.Unavailable {
		t.Errorf("a history that cannot be read: %+v, %v", got, err)
	}
	b = &busyTemporal{batch: "b-2", begins: time.Now().Add(time.Minute), anew: true, history: "s"}
	if got, err := b.begin(t.Context(), func(*activities.Start) {}); err != nil || got != (activities.Begun{What: activities.Started}) {
		t.Errorf("the planned one had ended: %+v, %v", got, err)
	}
}

// TestBeginWhileTheFormerTryCloses: a key whose rotation failed may wait once more
// before that rotation's workflow has closed.
func TestBeginWhileTheFormerTryCloses(t *testing.T) {
	t.Parallel()
	waits := time.Now().Add(-time.Minute)
	for _, c := range []struct {
		name    string
		stepped time.Time
		since   time.Time
		run     string // that the key's intent is of
		want    string
	}{
		{"began before", waits.Add(-time.Second), waits, "", activities.Busy},
		{"began before, and another run's intent is open", waits.Add(-time.Second), waits, "run-0", activities.Busy},
		{"began before, and goes on", waits.Add(-time.Second), waits, "run-1", activities.Started},
		{"began since", waits.Add(time.Second), waits, "", activities.Started},
		{"has not begun", time.Time{}, waits, "", activities.Started},
		{"was never tried before", waits, time.Time{}, "", activities.Started},
	} {
		b := &busyTemporal{batch: "b-1", begins: waits.Add(-time.Hour), stepped: c.stepped}
		got, err := b.begin(t.Context(), func(s *activities.Start) {
			s.Since = c.since
			if c.run != "" {
				s.Key.Intent = &keyturn.Intent{Run: c.run, Operation: keyturn.Rotate}
			}
		})
		if err != nil || got.What != c.want || b.signaled != 0 {
			t.Errorf("%s: %+v after %d signals, want %s: %v", c.name, got, b.signaled, c.want, err)
		}
	}
}
