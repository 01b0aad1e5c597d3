package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
)

// ReconcileInput says what Reconcile compares besides the provider accounts. It is
// written into the schedule.
type ReconcileInput struct {
	// Paths are the places in stores that hold nothing but Keyturn's values: what
	// is found there without an entry is a finding. None is compared by default.
	Paths []activities.StorePath `json:"paths,omitempty"`
	// Rest is what a run leaves to the next one.
	Rest *ReconcileRest `json:"rest,omitempty"`
}

// ReconcileRest is what is left of a pass.
type ReconcileRest struct {
	Accounts  []keyturn.Issuer          `json:"accounts"`
	Began     time.Time                 `json:"began"`
	Unchecked []activities.Unchecked    `json:"unchecked,omitempty"`
	Tally     activities.ReconcileTally `json:"tally"`
}

// reconcileRun is after how many accounts a pass continues as new, and
// reconcileAtOnce how many are compared at the same time.
const (
	reconcileRun    = 200
	reconcileAtOnce = 10
)

// Reconcile compares what vendors list, what the registry says and what stores
// hold. What differs becomes a finding. What cannot be looked at keeps nobody
// from looking at the others, and is a finding itself.
func Reconcile(ctx workflow.Context, in ReconcileInput) (activities.ReconcileTally, error) {
	rest := in.Rest
	if rest == nil {
		rest = &ReconcileRest{Began: workflow.Now(ctx)}
		list, err := call(ctx, fleetWork(ctx, "see which accounts have keys"), many.ListReconciled, activities.ListReconciledInput{})
		if err != nil {
			return activities.ReconcileTally{}, err
		}
		rest.Accounts, rest.Tally = list.Accounts, list.Tally
	}
	chunk := rest.Accounts[:min(len(rest.Accounts), reconcileRun)]
	rest.Accounts = rest.Accounts[len(chunk):]
	if err := rest.compare(ctx, chunk); err != nil {
		return rest.Tally, err
	}
	if len(rest.Accounts) > 0 {
		return rest.Tally, workflow.NewContinueAsNewError(ctx, Reconcile, ReconcileInput{Paths: in.Paths, Rest: rest})
	}
	for _, path := range in.Paths {
		out, err := call(ctx, giveUp(fleetWork(ctx, "compare what a store holds")), many.ReconcileStore, path)
		rest.note(out, activities.UncheckedStore, path.String(), err)
	}
	out, err := call(ctx, fleetWork(ctx, "report what could not be looked at"), many.CloseReconcile, activities.CloseReconcileInput{Began: rest.Began, Unchecked: rest.Unchecked})
	rest.Tally.Add(out)
	return rest.Tally, err
}

// compare compares some accounts, a few at a time.
func (r *ReconcileRest) compare(ctx workflow.Context, accounts []keyturn.Issuer) error {
	slots := workflow.NewSemaphore(ctx, reconcileAtOnce)
	for i, issuer := range accounts {
		if err := slots.Acquire(ctx, 1); err != nil {
			return err
		}
		workflow.SetCurrentDetails(ctx, fmt.Sprintf("%d accounts to go, %d findings", len(accounts)-i+len(r.Accounts), r.Tally.Findings))
		workflow.Go(ctx, func(ctx workflow.Context) {
			defer slots.Release(1)
			out, err := call(ctx, survey(ctx, issuer), keys.ReconcileAccount, activities.ReconcileAccountInput{Issuer: issuer})
			r.note(out, activities.UncheckedAccount, issuer.String(), err)
		})
	}
	return slots.Acquire(ctx, reconcileAtOnce) // until all are done
}

// note adds up what came of one place.
func (r *ReconcileRest) note(out activities.ReconcileTally, kind, place string, err error) {
	if err != nil {
		r.Unchecked = append(r.Unchecked, activities.Unchecked{Kind: kind, Subject: place, Error: kindOf(err), Why: sentence(err)})
		return
	}
	r.Tally.Add(out)
}

// survey is for a look at a whole account, after everything that changes a key.
func survey(ctx workflow.Context, issuer keyturn.Issuer) workflow.ActivityOptions {
	o := giveUp(remote(ctx, issuer, "compare "+issuer.String()))
	o.StartToCloseTimeout = 2 * time.Hour
	o.Priority = temporal.Priority{PriorityKey: Priority("reconcile")}
	return o
}

// giveUp is for what the next pass does anyway: an account that is paused, or a
// vendor that is down, must not hold up the others for long.
func giveUp(o workflow.ActivityOptions) workflow.ActivityOptions {
	o.ScheduleToCloseTimeout = 6 * time.Hour
	o.RetryPolicy = &temporal.RetryPolicy{InitialInterval: 2 * time.Second, BackoffCoefficient: 2, MaximumInterval: 5 * time.Minute, MaximumAttempts: 8}
	return o
}
