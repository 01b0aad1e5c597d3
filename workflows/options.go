package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/keyturn/keyturn"
)

// There are few ways to call an activity, and all of them are here. Which
// errors are worth retrying is not: activities.Errors decides that.

// beat is how soon a worker that was killed is noticed. Activities heartbeat
// by themselves; see activities.Alive.
const beat = 10 * time.Second

// remote is for other people's APIs, which have bad days. It runs on the
// provider account's own queue, where its rate limit is kept.
func remote(ctx workflow.Context, issuer keyturn.Issuer, summary string) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		TaskQueue:              IssuerQueue(workflow.GetInfo(ctx).TaskQueueName, issuer),
		StartToCloseTimeout:    time.Minute,
		HeartbeatTimeout:       beat,
		ScheduleToCloseTimeout: 24 * time.Hour,
		WaitForCancellation:    true,
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: 2 * time.Second, BackoffCoefficient: 2, MaximumInterval: 5 * time.Minute},
		Priority:               workflow.GetActivityOptions(ctx).Priority, // see latest
		Summary:                summary,
	}
}

// forward is remote for work that must not be given up: there is no deadline
// after which leaving it half done is right.
func forward(ctx workflow.Context, issuer keyturn.Issuer, summary string) workflow.ActivityOptions {
	o := remote(ctx, issuer, summary)
	o.ScheduleToCloseTimeout = 0
	return o
}

// staff is for activities that ask directories, which have bad days, and have no
// rate of their own in Temporal: each worker keeps to the directory's limit.
func staff(ctx workflow.Context, summary string) workflow.ActivityOptions {
	o := fleetWork(ctx, summary)
	o.TaskQueue = PeopleQueue(workflow.GetInfo(ctx).TaskQueueName)
	o.RetryPolicy = &temporal.RetryPolicy{InitialInterval: 2 * time.Second, BackoffCoefficient: 2, MaximumInterval: 2 * time.Minute}
	o.Priority = temporal.Priority{PriorityKey: Priority("offboarding")}
	return o
}

// answering is for activities that answer leaks. They do not wait behind a provider
// account's other work: each worker keeps to the vendor's limit.
func answering(ctx workflow.Context, summary string) workflow.ActivityOptions {
	o := fleetWork(ctx, summary)
	o.TaskQueue = LeaksQueue(workflow.GetInfo(ctx).TaskQueueName)
	o.RetryPolicy = &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 30 * time.Second}
	o.Priority = temporal.Priority{PriorityKey: Priority("leak")}
	return o
}

// fleetWork is for activities about many keys. They ask the registry and
// Temporal and no vendor, so they have a queue without a limit.
func fleetWork(ctx workflow.Context, summary string) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		TaskQueue:           FleetQueue(workflow.GetInfo(ctx).TaskQueueName),
		StartToCloseTimeout: 30 * time.Minute,
		HeartbeatTimeout:    beat,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: 2 * time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute},
		Summary:             summary,
	}
}
