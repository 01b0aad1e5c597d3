package workflows

import "go.temporal.io/sdk/workflow"

// Each change of a workflow that histories recorded before it would not replay
// with is a function here, with its date and reason. Delete one when no
// workflow from before it can be open any more.

// tellsWhenStuck: 2026-11-24, owners are told when an operation needs a person.
func tellsWhenStuck(ctx workflow.Context) bool {
	return workflow.GetVersion(ctx, "tell-when-stuck", workflow.DefaultVersion, 1) >= 1
}
