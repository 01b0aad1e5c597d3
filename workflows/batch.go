package workflows

import (
	"fmt"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/keyturn/keyturn/activities"
)

// SignalResume has RotateBatch go through its batch once more: keys of it wait
// again.
const SignalResume = "resume"

// batchPages is how many pages of a batch one run works on, which keeps its
// history short.
const batchPages = 20

// BatchInput says which batch it is, and how far RotateBatch is with it.
type BatchInput struct {
	Page  activities.StartBatchInput `json:"page"`
	Tally activities.BatchTally      `json:"tally"`
	Again bool                       `json:"again,omitempty"` // go through it once more afterwards
}

// RotateBatch begins the rotation of every key of a batch that waits. It does not
// wait for them to end: the registry keeps how far each is. Cancelling it leaves
// those alone that have begun.
func RotateBatch(ctx workflow.Context, in BatchInput) (activities.BatchTally, error) {
	if id := BatchWorkflowID(in.Page.Batch); workflow.GetInfo(ctx).WorkflowExecution.ID != id {
		return in.Tally, refuse(fmt.Sprintf("start this workflow under the id %s, so that it runs once", id))
	}
	opts := fleetWork(ctx, "begin rotations")
	opts.WaitForCancellation = true // one that resumes must not meet what was cancelled
	for page := 0; ; page++ {
		in.Again = resumed(ctx) || in.Again
		if in.Page.After == "" { // a pass begins, and sees all that waits now
			in.Page.From, in.Again = workflow.Now(ctx), false
		}
		if page == batchPages || workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
			return in.Tally, workflow.NewContinueAsNewError(ctx, RotateBatch, in)
		}
		out, err := call(ctx, opts, many.StartBatch, in.Page)
		if temporal.IsCanceledError(err) && resumed(ctx) {
			// Whoever stopped it, somebody wants it to go on.
			free, cancel := workflow.NewDisconnectedContext(ctx)
			defer cancel()
			again := BatchInput{Page: activities.StartBatchInput{Batch: in.Page.Batch}, Tally: in.Tally}
			return in.Tally, workflow.NewContinueAsNewError(free, RotateBatch, again)
		}
		if err != nil {
			return in.Tally, err
		}
		in.Tally.Add(out.Tally)
		workflow.SetCurrentDetails(ctx, fmt.Sprintf("%d begun, %d skipped", in.Tally.Started, in.Tally.Skipped))
		in.Page = out.Next
		if out.More {
			continue
		}
		if !resumed(ctx) && !in.Again {
			return in.Tally, nil
		}
		in.Page = activities.StartBatchInput{Batch: in.Page.Batch}
	}
}

// resumed takes the signals to go through the batch once more.
func resumed(ctx workflow.Context) bool {
	news := workflow.GetSignalChannel(ctx, SignalResume)
	found := false
	for news.ReceiveAsync(nil) {
		found = true
	}
	return found
}
