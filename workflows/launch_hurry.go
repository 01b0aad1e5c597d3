package workflows

import (
	"context"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
)

// hurry has the operation that holds a key begin at once, as s says, if it is
// planned for later. Whatever else holds the key, it is busy.
func (l Launcher) hurry(ctx context.Context, s activities.Start, order Order, opts client.StartWorkflowOptions) (activities.Begun, error) {
	busy := activities.Begun{What: activities.Busy}
	d, err := l.Client.DescribeWorkflowExecution(ctx, opts.ID, "")
	if err != nil {
		return activities.Begun{}, failed("look at "+opts.ID, err)
	}
	if s.Batch != "" && BatchOf(d) == s.Batch {
		if failedBefore(d, s) {
			return busy, nil
		}
		return activities.Begun{What: activities.Started}, nil // by an earlier try
	}
	// One that was just told to begin may have been told so by an earlier try.
	if _, yes := unbegun(d, l.Now()); !yes || d.GetWorkflowExecutionInfo().GetType().GetName() != "RotateKey" || s.Operation != keyturn.Rotate {
		return busy, nil
	}
	opts = BeginNow(opts)
	run, err := l.Client.SignalWithStartWorkflow(ctx, opts.ID, SignalBegin, order, opts, Flow(s.Operation), order)
	if err != nil {
		return activities.Begun{}, failed("hurry "+opts.ID, err)
	}
	if run.GetRunID() != d.GetWorkflowExecutionInfo().GetExecution().GetRunId() {
		return activities.Begun{What: activities.Started}, nil // the planned one had ended
	}
	if heard, err := l.heard(ctx, opts.ID, run.GetRunID()); err != nil || !heard {
		return busy, err
	}
	return activities.Begun{What: activities.Hurried, Former: BatchOf(d)}, nil
}

// failedBefore reports whether an operation of s's batch is of an earlier try,
// which has failed and only has to close. One that still works holds the key's
// intent, unless it is so new that it has none yet; or it has not begun.
func failedBefore(d *workflowservice.DescribeWorkflowExecutionResponse, s activities.Start) bool {
	info := d.GetWorkflowExecutionInfo()
	steps := info.GetAutoResetPoints().GetPoints() // see unbegun
	if len(steps) == 0 || s.Key.Intent != nil && s.Key.Intent.Run == info.GetExecution().GetRunId() {
		return false
	}
	return steps[0].GetCreateTime().AsTime().Before(s.Since)
}

// heard reports whether the last word to begin came before the run's first step.
// The run may have begun by itself meanwhile, and drops what comes later; see
// latest. Temporal writes a signal that comes during a step behind the step.
func (l Launcher) heard(ctx context.Context, id, run string) (bool, error) {
	heard, begun := false, false
	for events := l.Client.GetWorkflowHistory(ctx, id, run, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); events.HasNext(); {
		e, err := events.Next()
		if err != nil {
			return false, failed("look at "+id, err)
		}
		switch e.GetEventType() {
		case enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
			begun = true
		case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
			if e.GetWorkflowExecutionSignaledEventAttributes().GetSignalName() == SignalBegin {
				heard = !begun
			}
		}
	}
	return heard, nil
}
