package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/keyturn/keyturn/activities"
)

// HearScanner reads an alert of which a scanner sent news, and has it answered.
func HearScanner(ctx workflow.Context, in activities.LookAtAlertInput) (activities.LookAtAlertResult, error) {
	return call(ctx, answering(ctx, "read the alert"), leaked.LookAtAlert, in)
}

// LookForLeaksInput is written into the schedule.
type LookForLeaksInput struct{}

// A LookedForLeaks is what LookForLeaks found.
type LookedForLeaks struct {
	Scanners activities.LookForLeaksResult `json:"scanners"`
	Hashes   activities.AskHashesResult    `json:"hashes"`
}

// LookForLeaks finds leaks nobody told of: at the scanners, and by the fingerprints
// that are known to have leaked. Where a quota ends the latter, the schedule's next run
// goes on there.
func LookForLeaks(ctx workflow.Context, _ LookForLeaksInput) (LookedForLeaks, error) {
	var out, before LookedForLeaks
	if workflow.HasLastCompletionResult(ctx) {
		if err := workflow.GetLastCompletionResult(ctx, &before); err != nil {
			workflow.GetLogger(ctx).Warn("the last look's result cannot be read; beginning anew", "error", err)
		}
	}
	opts := patient(ctx, "look for alerts that are open at the scanners")
	scanners := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, opts), leaked.LookForLeaks, activities.LookForLeaksInput{})
	opts = patient(ctx, "ask which fingerprints are known to have leaked")
	hashes, asked := call(ctx, opts, leaked.AskHashes, activities.AskHashesInput{After: before.Hashes.Next})
	out.Hashes = hashes
	if err := scanners.Get(ctx, &out.Scanners); err != nil {
		return out, err
	}
	return out, asked
}

// patient is answering for work that nobody waits for.
func patient(ctx workflow.Context, summary string) workflow.ActivityOptions {
	o := answering(ctx, summary)
	o.StartToCloseTimeout = 2 * time.Hour
	o.ScheduleToCloseTimeout = 6 * time.Hour // the next one does it again
	o.Priority = workflow.GetActivityOptions(ctx).Priority
	o.RetryPolicy.MaximumInterval = 10 * time.Minute
	return o
}
