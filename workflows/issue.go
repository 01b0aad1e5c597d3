package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
)

// IssueKey makes the first generation of a key: approval where it is asked
// for, mint and stage, prove and promote, record. Until consumers can read the
// value a failure is undone; from then on it tries until it succeeds.
func IssueKey(ctx workflow.Context, order Order) (Result, error) {
	o, err := start(ctx, keyturn.Issue, order)
	if err != nil {
		return Result{}, err
	}
	i := &issuance{o}
	if order.Approval {
		if ok, err := i.approval(ctx); err != nil || !ok {
			if err != nil {
				return Result{}, err
			}
			return i.finish(ctx)
		}
	}
	if err := i.steps(ctx); err != nil {
		free, cancel := workflow.NewDisconnectedContext(ctx)
		defer cancel()
		if !i.rollBack(free, err) {
			if err := i.persist(free, i.record); err != nil {
				return Result{}, err
			}
		}
		ctx = free
	}
	return i.finish(ctx)
}

// approvalDeadline is how long an issuance waits for a second person.
const approvalDeadline = 7 * 24 * time.Hour

// issuance is one run of IssueKey.
type issuance struct{ *operation }

// approval waits for a second person's word and reports whether it was yes.
func (i *issuance) approval(ctx workflow.Context) (bool, error) {
	i.enter(ctx, AwaitingApproval, "a second person has to approve it")
	i.publish(ctx)
	deadline := workflow.Now(ctx).Add(approvalDeadline)
	c := &i.control
	err := c.wait(ctx, "approval", func() time.Time { return deadline }, func() bool {
		return c.approved != nil || c.rejected != nil || c.aborted != nil
	})
	switch {
	case temporal.IsCanceledError(err):
		i.result = Result{Outcome: Rejected, Why: "cancelled"}
		return false, nil
	case err != nil:
		return false, err
	case c.rejected != nil:
		i.result = Result{Outcome: Rejected, Why: "rejected", Detail: c.rejected.Note}
	case c.aborted != nil:
		i.result = Result{Outcome: Rejected, Why: "aborted", Detail: c.aborted.Note}
	case c.approved == nil:
		i.result = Result{Outcome: Rejected, Why: "nobody approved it in time"}
	default:
		i.run.ApprovedBy = c.approved.Actor
		i.run.Cause.Note = join(i.run.Cause.Note, "approved by "+c.approved.Actor)
		return true, nil
	}
	return false, nil
}

func join(a, b string) string {
	if a == "" {
		return b
	}
	return a + "; " + b
}

func (i *issuance) steps(ctx workflow.Context) error {
	i.enter(ctx, Minting, "")
	i.undo.add(i.discard)
	if _, err := i.mintKey(ctx); err != nil {
		return err
	}
	return i.interruptible(ctx, i.record)
}

// record proves and promotes the key and closes the intent.
func (i *issuance) record(ctx workflow.Context) error {
	i.enter(ctx, Moving, "")
	err := i.whenAllowed(ctx, func(ctx workflow.Context) (*activities.Hold, error) {
		out, err := call(ctx, remote(ctx, i.order.Issuer, "prove and promote"), keys.PromoteKey, activities.PromoteKeyInput{Run: i.run, Generation: i.status.Generation})
		return out.Held, err
	})
	if err != nil {
		return err
	}
	i.sealed = "consumers already read the new key; revoke it instead"
	out, err := call(ctx, forward(ctx, i.order.Issuer, "record"), keys.RetireKey, activities.RetireKeyInput{Run: i.run})
	if err != nil {
		return err
	}
	i.result = Result{Outcome: Issued, Generation: out.New.Generation, New: &out.New, Ended: out.Ended, Unproven: out.Unproven, Expires: out.Expires}
	return nil
}
