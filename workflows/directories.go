package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/keyturn/keyturn/activities"
)

// lag is how long a directory may still show somebody as they were before what
// it sent news of: some answer from copies that lag behind.
const lag = time.Minute

// HearDirectory looks at a person of whom a directory sent news, and has their
// departure worked on if they left. Where they seem not to have, it looks once more.
// Where the directory does not know them any more, who owns keys and who is there is
// compared.
func HearDirectory(ctx workflow.Context, in activities.LookAtPersonInput) (activities.LookAtPersonResult, error) {
	out, err := call(ctx, staff(ctx, "look at the person"), leavers.LookAtPerson, in)
	if err == nil && out == (activities.LookAtPersonResult{}) {
		if err := workflow.Sleep(ctx, lag); err != nil {
			return out, err
		}
		out, err = call(ctx, staff(ctx, "look at the person once more"), leavers.LookAtPerson, in)
	}
	if err != nil || !out.Gone {
		return out, err
	}
	_, err = call(ctx, staff(ctx, "compare who owns keys with who is there"), leavers.CompareDirectories, activities.CompareDirectoriesInput{})
	return out, err
}

// CompareDirectoriesInput is written into the schedule.
type CompareDirectoriesInput struct{}

// CompareDirectories finds owners of keys who left and whose departure nobody
// announced, and keeps up what directories deliver.
func CompareDirectories(ctx workflow.Context, _ CompareDirectoriesInput) (activities.CompareDirectoriesResult, error) {
	opts := staff(ctx, "keep deliveries up")
	opts.ScheduleToCloseTimeout = 10 * time.Minute // the next comparison does it again
	_, subscribed := call(ctx, opts, leavers.Subscribe, activities.SubscribeInput{})
	opts = staff(ctx, "compare who owns keys with who is there")
	opts.StartToCloseTimeout = 2 * time.Hour
	out, err := call(ctx, opts, leavers.CompareDirectories, activities.CompareDirectoriesInput{})
	if err != nil {
		return out, err
	}
	return out, subscribed
}
