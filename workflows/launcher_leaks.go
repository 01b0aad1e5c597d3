package workflows

import (
	"context"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/keyturn/keyturn/activities"
)

var _ activities.LeakEngine = Launcher{}

// Respond implements [activities.LeakEngine].
func (l Launcher) Respond(ctx context.Context, leak string) error {
	o, in := LeakOptions(leak, l.Queue)
	return l.start(ctx, o, RespondToLeak, in)
}

// Look has a leak looked at on which a person said what is to be done.
func (l Launcher) Look(ctx context.Context, leak string) error {
	o, in := LeakOptions(leak, l.Queue)
	_, err := l.Client.SignalWithStartWorkflow(ctx, o.ID, SignalLook, nil, o, RespondToLeak, in)
	return failed("look at "+o.ID, err)
}

// HearAlert has an alert read of which a scanner sent news.
func (l Launcher) HearAlert(ctx context.Context, source, alert, event string) error {
	o := l.once(ScannerWorkflowID(source, event), "news from "+source)
	o.WorkflowIDReusePolicy = enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY
	return l.start(ctx, leakily(o), HearScanner, activities.LookAtAlertInput{Source: source, Alert: alert})
}

// LeakOptions are how what answers a leak is started. It runs once at a time, and once
// more where something is left to be done.
func LeakOptions(leak, queue string) (client.StartWorkflowOptions, activities.LeakRef) {
	return leakily(Launcher{Queue: queue}.once(LeakWorkflowID(leak), "a value leaked: "+leak)), activities.LeakRef{ID: leak}
}

// FillOptions are how making the fingerprints that are lacking is started.
func FillOptions(actor string, dryRun bool, queue string) (client.StartWorkflowOptions, FillInput) {
	o := Launcher{Queue: queue}.once(FillWorkflowID, "make the fingerprints that are lacking")
	o.Priority = temporal.Priority{PriorityKey: Priority("audit")}
	o.TypedSearchAttributes = temporal.NewSearchAttributes(ReasonAttribute.ValueSet("leak"))
	return o, FillInput{Page: activities.FillFingerprintsInput{Actor: actor, DryRun: dryRun}}
}

// leakily makes options those of something urgent about a leak.
func leakily(o client.StartWorkflowOptions) client.StartWorkflowOptions {
	o.Priority = temporal.Priority{PriorityKey: Priority("leak")}
	o.TypedSearchAttributes = temporal.NewSearchAttributes(ReasonAttribute.ValueSet("leak"))
	return o
}
