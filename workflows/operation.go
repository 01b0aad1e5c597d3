package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
)

// operation is what issuing, rotating and revoking have in common: one run on
// one key, its status, what people said to it, and how to take it back.
type operation struct {
	order   Order
	run     activities.Run
	status  Status
	control control
	undo    undo
	result  Result
	// sealed is why nothing can be undone any more; empty while it can.
	sealed string
	// patient is set while there is a wait that words can change.
	patient bool
	// ticket is the one to close in the end, if there is one.
	ticket keyturn.TicketRef
	// told is what somebody was last told about why a person must look.
	told string
}

func start(ctx workflow.Context, op keyturn.Operation, order Order) (*operation, error) {
	info := workflow.GetInfo(ctx)
	o := &operation{
		order: order,
		run: activities.Run{
			ID: info.WorkflowExecution.RunID, Key: order.Key, Issuer: order.Issuer, Operation: op, Cause: order.Cause, Urgent: order.Now || order.Urgent, Now: order.Now, Batch: order.Batch,
			Began: workflow.Now(ctx),
		},
		status: Status{Key: order.Key, Operation: op},
	}
	if info.WorkflowExecution.ID != KeyWorkflowID(order.Key) {
		return nil, refuse(fmt.Sprintf("start this workflow under the id %s: it is the key's lock", KeyWorkflowID(order.Key)))
	}
	o.control.closed = func() string { return o.sealed }
	o.control.waiting = func() bool { return o.patient }
	o.control.approving = func() bool { return o.status.Phase == AwaitingApproval }
	o.control.requester = order.Cause.Actor
	if err := workflow.SetQueryHandler(ctx, QueryStatus, func() (Status, error) { return o.status, nil }); err != nil {
		return nil, err
	}
	return o, o.control.listen(ctx)
}

// enter moves to a phase and shows it in the UI. It costs no history event.
func (o *operation) enter(ctx workflow.Context, p Phase, detail string) {
	now := workflow.Now(ctx)
	if o.status.Phase != p {
		o.status.Since = now
		o.status.Past = append(o.status.Past, PastPhase{p, now})
	}
	o.status.Phase, o.status.Detail, o.status.Until = p, detail, time.Time{}
	workflow.SetCurrentDetails(ctx, o.details())
}

func (o *operation) details() string {
	s := o.status
	out := fmt.Sprintf("**%s** %s, generation %d\n\n%s", s.Operation, s.Key, s.Generation, s.Phase)
	if s.Detail != "" {
		out += ": " + s.Detail
	}
	if !s.Until.IsZero() {
		out += " (until " + s.Until.UTC().Format(time.RFC3339) + ")"
	}
	return out
}

// needsHuman is enter for the phase that people filter for, so it is also
// written to the search attribute. kind is that of the error that is in the way;
// empty where there is none.
func (o *operation) needsHuman(ctx workflow.Context, detail string, kind keyturn.Kind) {
	o.enter(ctx, NeedsHuman, detail)
	o.patient = true
	o.publish(ctx)
	o.tellStuck(ctx, detail, kind)
}

// tellStuck has the owner and the team told that a person must look, once for
// each reason. Nothing waits for it: what is in the way may be in its way, too.
func (o *operation) tellStuck(ctx workflow.Context, detail string, kind keyturn.Kind) {
	if o.told == detail || !tellsWhenStuck(ctx) {
		return
	}
	o.told = detail
	opts := remote(ctx, o.order.Issuer, "tell that a person must look")
	opts.ScheduleToCloseTimeout = time.Hour
	workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, opts), people.ReportStuck, activities.ReportStuckInput{Run: o.run, Detail: detail, Kind: kind})
}

// publish writes the phase to the search attribute. It is one billed action,
// so it is done only where a phase lasts.
func (o *operation) publish(ctx workflow.Context) {
	if err := workflow.UpsertTypedSearchAttributes(ctx, PhaseAttribute.ValueSet(string(o.status.Phase))); err != nil {
		workflow.GetLogger(ctx).Warn("the phase is not searchable", "error", err)
	}
}

// errAborted is how a step ends when somebody asked for abort.
var errAborted = temporal.NewNonRetryableApplicationError("aborted by an operator", "aborted", nil)

// interruptible runs step under a context that is cancelled when somebody asks
// for abort, and waits for it to end either way: a step that may still be
// running must not be undone.
func (o *operation) interruptible(ctx workflow.Context, step func(workflow.Context) error) error {
	inner, cancel := workflow.WithCancel(ctx)
	defer cancel()
	ended := false
	workflow.Go(ctx, func(ctx workflow.Context) {
		if workflow.Await(ctx, func() bool { return ended || o.control.aborted != nil }) == nil && !ended {
			cancel()
		}
	})
	err := step(inner)
	ended = true
	if err != nil && o.control.aborted != nil && temporal.IsCanceledError(err) {
		return errAborted
	}
	return err
}

// finish ends the workflow with its result.
func (o *operation) finish(ctx workflow.Context) (Result, error) {
	o.sealed, o.patient = "it has ended", false
	o.closeTicket(ctx)
	o.status.Result = &o.result
	o.enter(ctx, Done, string(o.result.Outcome))
	// Words that were accepted are answered before the workflow closes.
	if err := workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) }); err != nil {
		return o.result, err
	}
	return o.result, nil
}

// rollBack takes everything back after err and says so in the result. Where
// that is no longer possible it returns false, and the only way is forward.
func (o *operation) rollBack(ctx workflow.Context, err error) bool {
	o.sealed = "it is being undone already"
	why := string(kindOf(err))
	switch {
	case o.control.aborted != nil:
		why = "aborted"
	case temporal.IsCanceledError(err):
		why = "cancelled"
	}
	o.enter(ctx, RollingBack, why)
	if o.undo.all(ctx) != nil {
		o.sealed = "the old key is being revoked: the only way is forward"
		return false
	}
	o.result = Result{Outcome: RolledBack, Why: why, Detail: sentence(err), Generation: o.status.Generation}
	return true
}
