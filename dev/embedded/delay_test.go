package embedded_test

import (
	"context"
	"errors"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/keyturn/keyturn/dev/embedded"
	"github.com/keyturn/keyturn/workflows"
)

// TestWordsInAStartDelay holds Temporal to what the commands rely on that speak
// to an operation planned for later. Cancellation, an update and SignalWithStart
// each cut the delay short; a signal waits for its end, and so does a query.
// Temporal never changes the time it says the run begins at, so
// [workflows.Planned] must not go by that alone.
func TestWordsInAStartDelay(t *testing.T) {
	t.Parallel()
	s := start(t, embedded.Options{NoUI: true})
	c := dial(t, s)
	t.Cleanup(c.Close)
	w := worker.New(c, "test", worker.Options{})
	w.RegisterWorkflow(later)
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Stop)
	for name, c := range map[string]struct {
		queue string
		speak func(*delayed, context.Context) error
		then  state
		ends  string
	}{
		"nothing": {"test", func(*delayed, context.Context) error { return nil }, stillPlanned, "planned, cancelled before it began"},
		"signal":  {"test", (*delayed).signal, stillPlanned, "signalled, cancelled before it began"},
		"query":   {"test", (*delayed).query, stillPlanned, "planned, cancelled before it began"},
		"update":  {"test", (*delayed).update, underWay, "planned"},
		"begin":   {"test", (*delayed).begin, underWay, "told to begin"},
		"signal and begin": {"test", func(d *delayed, ctx context.Context) error {
			return errors.Join(d.signal(ctx), d.begin(ctx))
		}, underWay, "told to begin"},
		"cancel": {"test", (*delayed).cancel, over, "planned, cancelled before it began"},
		// These need no worker to be heard.
		"begin without a worker":  {"nobody", (*delayed).begin, waiting, ""},
		"cancel without a worker": {"nobody", (*delayed).cancel, waiting, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			d := planFor(ctx, t, s, c.queue)
			if begins, planned := d.planned(ctx); !planned || begins.Before(time.Now().Add(59*time.Minute)) {
				t.Fatalf("planned: %v, for %s", planned, begins)
			}
			if err := c.speak(d, ctx); err != nil {
				t.Fatal(err)
			}
			if _, planned := d.planned(ctx); planned != (c.then == stillPlanned) {
				t.Errorf("planned: %v", planned)
			}
			if c.then == waiting {
				return
			}
			if c.then == underWay {
				d.begun(ctx)
				if begins, planned := d.planned(ctx); planned || !begins.After(time.Now()) {
					t.Errorf("once it has begun, planned: %v, for %s", planned, begins)
				}
			}
			if c.then != over {
				if err := d.cancel(ctx); err != nil {
					t.Fatal(err)
				}
			}
			var got string
			if err := d.run.Get(ctx, &got); err != nil || got != c.ends {
				t.Errorf("it ended with %q (%v), want %q", got, err, c.ends)
			}
		})
	}
}

// state is what becomes of a planned run that was spoken to.
type state int

const (
	stillPlanned state = iota
	underWay           // it begins and stays open
	over               // it ends
	waiting            // it would begin, with a worker
)

// later tells which order it went by, the last it was given before it began,
// and stays open until it is cancelled.
func later(ctx workflow.Context, order string) (string, error) {
	if err := workflow.SetUpdateHandler(ctx, "word", func(workflow.Context) error { return nil }); err != nil {
		return "", err
	}
	if err := workflow.SetQueryHandler(ctx, "order", func() (string, error) { return order, nil }); err != nil {
		return "", err
	}
	for workflow.GetSignalChannel(ctx, workflows.SignalBegin).ReceiveAsync(&order) {
		continue
	}
	if ctx.Err() != nil {
		return order + ", cancelled before it began", nil
	}
	ctx.Done().Receive(ctx, nil)
	return order, nil
}

// delayed is a run that is planned for an hour from now.
type delayed struct {
	client.Client
	t       *testing.T
	options client.StartWorkflowOptions
	run     client.WorkflowRun
}

func planFor(ctx context.Context, t *testing.T, s *embedded.Server, queue string) *delayed {
	t.Helper()
	d := &delayed{Client: dial(t, s), t: t, options: client.StartWorkflowOptions{ID: "key/" + t.Name(), TaskQueue: queue, StartDelay: time.Hour}}
	t.Cleanup(d.Close)
	var err error
	if d.run, err = d.ExecuteWorkflow(ctx, d.options, later, "planned"); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *delayed) planned(ctx context.Context) (time.Time, bool) {
	d.t.Helper()
	described, err := d.DescribeWorkflowExecution(ctx, d.run.GetID(), "")
	if err != nil {
		d.t.Fatal(err)
	}
	return workflows.Planned(described, time.Now())
}

// begun waits until the run has taken its first step.
func (d *delayed) begun(ctx context.Context) {
	d.t.Helper()
	if _, err := d.QueryWorkflow(ctx, d.run.GetID(), "", "order"); err != nil {
		d.t.Fatal(err)
	}
}

func (d *delayed) signal(ctx context.Context) error {
	return d.SignalWorkflow(ctx, d.run.GetID(), "", workflows.SignalBegin, "signalled")
}

// query must not be answered before the delay is over.
func (d *delayed) query(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
	defer cancel()
	if _, err := d.QueryWorkflow(ctx, d.run.GetID(), "", "order"); err == nil {
		d.t.Error("the query was answered within the delay")
	}
	return nil
}

func (d *delayed) update(ctx context.Context) error {
	u, err := d.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{WorkflowID: d.run.GetID(), UpdateName: "word", WaitForStage: client.WorkflowUpdateStageCompleted})
	if err != nil {
		return err
	}
	return u.Get(ctx, nil)
}

// begin must reach this run and start no other.
func (d *delayed) begin(ctx context.Context) error {
	o := d.options
	o.StartDelay, o.WorkflowIDConflictPolicy = 0, enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING
	run, err := d.SignalWithStartWorkflow(ctx, o.ID, workflows.SignalBegin, "told to begin", o, later, "started anew")
	if err == nil && run.GetRunID() != d.run.GetRunID() {
		d.t.Error("SignalWithStart started another run")
	}
	return err
}

func (d *delayed) cancel(ctx context.Context) error {
	return d.CancelWorkflow(ctx, d.run.GetID(), d.run.GetRunID())
}
