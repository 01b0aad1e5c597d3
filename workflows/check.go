package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
)

// CheckWorkflowID is the workflow id of CheckAccount.
func CheckWorkflowID(i keyturn.Issuer) string { return "check/" + i.String() }

// CheckAccount asks the worker of one provider account what its administrator
// credential may do. It changes nothing. Where no worker answers for the
// account it fails within half a minute.
func CheckAccount(ctx workflow.Context, in activities.CheckAccountInput) (activities.CheckAccountResult, error) {
	return call(ctx, probe(ctx, in.Issuer), keys.CheckAccount, in)
}

// probe is for a question somebody waits for at a terminal.
func probe(ctx workflow.Context, issuer keyturn.Issuer) workflow.ActivityOptions {
	o := remote(ctx, issuer, "ask what the administrator credential may do")
	o.ScheduleToStartTimeout = 20 * time.Second
	o.ScheduleToCloseTimeout = 2 * time.Minute
	o.RetryPolicy = &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumAttempts: 3}
	return o
}
