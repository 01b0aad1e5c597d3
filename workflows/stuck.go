package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
)

// StuckWatchInput says after how long an operation counts as stuck. It is written
// into the schedule.
type StuckWatchInput struct {
	// After is the time beyond the waits of the key's own policy. Default 7d.
	After keyturn.Duration `json:"after,omitempty"`
}

// StuckWatch has every operation go on whose workflow is gone, and reports those
// that take too long.
func StuckWatch(ctx workflow.Context, in StuckWatchInput) (activities.WatchStuckResult, error) {
	return call(ctx, fleetWork(ctx, "look for operations that do not get on"), many.WatchStuck, activities.WatchStuckInput{After: in.After})
}
