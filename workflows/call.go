package workflows

import (
	"context"

	"go.temporal.io/sdk/workflow"

	"github.com/keyturn/keyturn/activities"
)

// keys is named only to be pointed at: keys.MintKey tells the SDK which
// activity to run and the compiler what goes in and comes out. It stays nil.
var keys *activities.Keys

// people is to activities.People what keys is to activities.Keys.
var people *activities.People

// many is to activities.Fleet what keys is to activities.Keys.
var many *activities.Fleet

// leavers is to activities.Leavers what keys is to activities.Keys.
var leavers *activities.Leavers

// leaked is to activities.Leaks what keys is to activities.Keys.
var leaked *activities.Leaks

// call runs an activity. The compiler checks that in and the result fit it.
func call[In, Out any](ctx workflow.Context, opts workflow.ActivityOptions, activity func(context.Context, In) (Out, error), in In) (Out, error) {
	var out Out
	err := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, opts), activity, in).Get(ctx, &out)
	return out, err
}
