package workflows

import (
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/registry"
)

// StartOptions are how an operation on a key is started on the task queue: its
// id is the key's lock, and one run at a time may hold it. What is written here
// is shown in Temporal's UI and, in the search attributes, never encrypted: it
// names a team, no person.
func StartOptions(op keyturn.Operation, key *keyturn.Key, order Order, queue string) client.StartWorkflowOptions {
	attributes := []temporal.SearchAttributeUpdate{
		KeyIDAttribute.ValueSet(string(key.ID)),
		ProviderAttribute.ValueSet(key.Scope.Provider),
		TeamAttribute.ValueSet(key.Owner.Team),
		PhaseAttribute.ValueSet(string(firstPhase(op, order))),
		ReasonAttribute.ValueSet(order.Cause.Reason),
	}
	if order.Batch != "" {
		attributes = append(attributes, BatchAttribute.ValueSet(order.Batch))
	}
	if due := key.Due(); !due.IsZero() {
		attributes = append(attributes, DueAttribute.ValueSet(due.UTC()))
	}
	return client.StartWorkflowOptions{
		ID:                                       KeyWorkflowID(key.ID),
		TaskQueue:                                queue,
		WorkflowIDConflictPolicy:                 enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		Priority:                                 temporal.Priority{PriorityKey: Priority(order.Cause.Reason)},
		TypedSearchAttributes:                    temporal.NewSearchAttributes(attributes...),
		StaticSummary:                            fmt.Sprintf("%s %s at %s: %s", op, key.ID, key.Scope.Provider, order.Cause.Reason),
		StaticDetails: fmt.Sprintf("- key: %s\n- provider: %s\n- team: %s\n- secret: %s:%s\n- consumers: %d\n- reason: %s\n",
			key.ID, key.Scope.Issuer(), key.Owner.Team, key.Storage.Secret.Store, key.Storage.Secret.Path, len(key.Storage.Consumers), order.Cause.Reason),
	}
}

func firstPhase(op keyturn.Operation, order Order) Phase {
	switch {
	case op == Adopt:
		return Adopting
	case op == keyturn.Revoke:
		return Retiring
	case op == keyturn.Issue && order.Approval:
		return AwaitingApproval
	}
	return Minting
}

// Priority is how urgent an operation is for its reason, 1 being the most: a
// leak, then a leaver, then what a person asked for, then what is scheduled, then
// what only looks. Where a rate limit makes tasks wait, the urgent go first.
func Priority(reason string) int {
	switch reason {
	case "leak", "compromise":
		return 1
	case "offboarding":
		return 2
	case "scheduled":
		return 4
	case "audit", "reconcile":
		return 5
	}
	return 3
}

// Flow is the workflow of an operation.
func Flow(op keyturn.Operation) any {
	switch op {
	case keyturn.Issue:
		return IssueKey
	case keyturn.Revoke:
		return RevokeKey
	}
	return RotateKey
}

// BatchOptions are how what begins the keys of a batch is started, or told to go
// through it once more: by SignalWithStartWorkflow, with [SignalResume].
func BatchOptions(b registry.Batch, queue string) (client.StartWorkflowOptions, BatchInput) {
	return client.StartWorkflowOptions{
		ID:                    BatchWorkflowID(b.ID),
		TaskQueue:             queue,
		Priority:              temporal.Priority{PriorityKey: Priority(b.Reason)},
		TypedSearchAttributes: temporal.NewSearchAttributes(BatchAttribute.ValueSet(b.ID), ReasonAttribute.ValueSet(b.Reason)),
		StaticSummary:         fmt.Sprintf("begin the rotation of %d keys: %s", b.Keys, b.Reason),
	}, BatchInput{Page: activities.StartBatchInput{Batch: b.ID}}
}

// LimitRequest asks that at most so many activities of an account start in a
// second, whatever its workers ask for; nil leaves it to them again. It holds for
// every worker and outlives all of them. See the comments on
// UpdateTaskQueueConfigRequest in
// https://pkg.go.dev/go.temporal.io/api/workflowservice/v1
func LimitRequest(namespace, base string, issuer keyturn.Issuer, limit *taskqueuepb.RateLimit, reason string) *workflowservice.UpdateTaskQueueConfigRequest {
	return &workflowservice.UpdateTaskQueueConfigRequest{
		Namespace: namespace, TaskQueue: IssuerQueue(base, issuer), TaskQueueType: enumspb.TASK_QUEUE_TYPE_ACTIVITY,
		UpdateQueueRateLimit: &workflowservice.UpdateTaskQueueConfigRequest_RateLimitUpdate{RateLimit: limit, Reason: reason},
	}
}

// BeginNow turns the options of a start into those of the
// SignalWithStartWorkflow, with [SignalBegin] and the new order, that has an
// operation planned for later begin at once. A plain signal would wait for the
// planned time. If the operation has ended meanwhile, another one begins.
func BeginNow(o client.StartWorkflowOptions) client.StartWorkflowOptions {
	o.StartDelay = 0
	o.WorkflowExecutionErrorWhenAlreadyStarted = false
	o.WorkflowIDConflictPolicy = enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING
	return o
}

// Planned reports whether an open operation is planned for later, and when it
// begins. One that was called off or told to begin is not planned any more, even
// before a worker takes it up.
func Planned(d *workflowservice.DescribeWorkflowExecutionResponse, now time.Time) (begins time.Time, planned bool) {
	begins, unbegun := unbegun(d, now)
	return begins, unbegun && d.GetPendingWorkflowTask() == nil
}

// unbegun reports whether an open operation that was planned for later has not
// taken its first step, and when that was to be. Temporal never changes this
// time, also where the delay was cut short; but it makes a reset point of the
// first step.
func unbegun(d *workflowservice.DescribeWorkflowExecutionResponse, now time.Time) (begins time.Time, yes bool) {
	info := d.GetWorkflowExecutionInfo()
	begins = info.GetExecutionTime().AsTime()
	open := info.GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING
	return begins, open && info.GetExecutionTime() != nil && begins.After(now) && len(info.GetAutoResetPoints().GetPoints()) == 0
}

// BatchOf is the batch an operation is of; empty if it is of none.
func BatchOf(d *workflowservice.DescribeWorkflowExecutionResponse) string {
	batch := ""
	if p := d.GetWorkflowExecutionInfo().GetSearchAttributes().GetIndexedFields()[BatchAttribute.GetName()]; p != nil {
		_ = converter.GetDefaultDataConverter().FromPayload(p, &batch) // search attributes are never encrypted
	}
	return batch
}
