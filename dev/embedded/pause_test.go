package embedded_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/keyturn/keyturn/dev/embedded"
)

// TestPauseOfATaskQueue holds Temporal to what "keyturn providers pause" relies
// on: a rate of zero keeps every activity of a queue from starting, whatever its
// worker asks for, and other queues go on; without the rate they all start. It
// asks with one partition, as here, and with four, which is Temporal's default.
func TestPauseOfATaskQueue(t *testing.T) {
	t.Parallel()
	for _, partitions := range []int{1, 4} {
		t.Run(fmt.Sprint("partitions ", partitions), func(t *testing.T) {
			t.Parallel()
			s := start(t, embedded.Options{NoUI: true, DynamicConfig: map[string]any{
				"matching.numTaskqueueReadPartitions": partitions, "matching.numTaskqueueWritePartitions": partitions,
			}})
			c := dial(t, s)
			t.Cleanup(c.Close)
			pauseAndResume(t, c)
		})
	}
}

func pauseAndResume(t *testing.T, c client.Client) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	paused, other := newVendor(t, c, "test.vendor.paused"), newVendor(t, c, "test.vendor.other")
	w := worker.New(c, "test", worker.Options{})
	w.RegisterWorkflow(ask)
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Stop)
	wait(ctx, t, begin(ctx, t, c, paused.queue, 1)) // the queue is in use before it is paused
	limit(ctx, t, c, paused.queue, &taskqueuepb.RateLimit{RequestsPerSecond: 0})

	const many = 12
	before := paused.calls.Load()
	held := begin(ctx, t, c, paused.queue, many)
	// The other vendor's take turns, so that time goes by: 5 calls of it a second.
	wait(ctx, t, begin(ctx, t, c, other.queue, many))
	for i, run := range held {
		d, err := c.DescribeWorkflowExecution(ctx, run.GetID(), run.GetRunID())
		if err != nil {
			t.Fatal(err)
		}
		if p := d.GetPendingActivities(); len(p) != 1 || p[0].GetState() != enumspb.PENDING_ACTIVITY_STATE_SCHEDULED {
			t.Errorf("workflow %d has pending activities %v, want one that was not started", i, p)
		}
	}
	if n := paused.calls.Load() - before; n != 0 {
		t.Errorf("%d activities ran while their queue was paused", n)
	}
	limit(ctx, t, c, paused.queue, nil)
	wait(ctx, t, held)
	if n := paused.calls.Load() - before; n != many {
		t.Errorf("%d activities ran after the queue was resumed, want %d", n, many)
	}
}

// A vendor serves the activities of one task queue, at a rate its worker asks for.
type vendor struct {
	queue string
	calls atomic.Int64
}

func newVendor(t *testing.T, c client.Client, queue string) *vendor {
	t.Helper()
	v := &vendor{queue: queue}
	w := worker.New(c, queue, worker.Options{DisableWorkflowWorker: true, TaskQueueActivitiesPerSecond: 5})
	w.RegisterActivity(v)
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Stop)
	return v
}

func (v *vendor) Call(context.Context) error {
	v.calls.Add(1)
	return nil
}

// ask calls the vendor of a queue once.
func ask(ctx workflow.Context, queue string) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{TaskQueue: queue, StartToCloseTimeout: 10 * time.Second})
	return workflow.ExecuteActivity(ctx, "Call").Get(ctx, nil)
}

func begin(ctx context.Context, t *testing.T, c client.Client, queue string, n int) []client.WorkflowRun {
	t.Helper()
	var runs []client.WorkflowRun
	for range n {
		run, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{TaskQueue: "test"}, ask, queue)
		if err != nil {
			t.Fatal(err)
		}
		runs = append(runs, run)
	}
	return runs
}

func wait(ctx context.Context, t *testing.T, runs []client.WorkflowRun) {
	t.Helper()
	for _, run := range runs {
		if err := run.Get(ctx, nil); err != nil {
			t.Fatal(err)
		}
	}
}

func limit(ctx context.Context, t *testing.T, c client.Client, queue string, to *taskqueuepb.RateLimit) {
	t.Helper()
	_, err := c.WorkflowService().UpdateTaskQueueConfig(ctx, &workflowservice.UpdateTaskQueueConfigRequest{
		Namespace: namespace, TaskQueue: queue, TaskQueueType: enumspb.TASK_QUEUE_TYPE_ACTIVITY,
		UpdateQueueRateLimit: &workflowservice.UpdateTaskQueueConfigRequest_RateLimitUpdate{RateLimit: to, Reason: "incident 4711"},
	})
	if err != nil {
		t.Fatal(err)
	}
}
