package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/dial"
)

// A planCase is an operation on a key in some state.
type planCase struct {
	edit func(*keyturn.Key)
	open string // the workflow under way
	plan string // the workflow that is planned for later
	down bool   // Temporal cannot be asked
	hold bool   // the account is paused
	args string
	code int
}

func planCases() map[string]planCase {
	fresh := func(k *keyturn.Key) { k.Ledger, k.Generation, k.Rotated = nil, 0, time.Time{} }
	intent := func(op keyturn.Operation) func(*keyturn.Key) {
		return func(k *keyturn.Key) {
			k.Intent = &keyturn.Intent{Run: "run-0", Operation: op, Generation: 2, Began: noon.Add(-time.Hour)}
		}
	}
	byHand := func(k *keyturn.Key) {
		k.Scope.Provider, k.Audit.Team, k.Policy.SLA = "manual", "payments-oncall", keyturn.Duration(72*time.Hour)
	}
	windowed := func(k *keyturn.Key) {
		w, err := keyturn.ParseWindow("Sat 02:00-06:00 UTC")
		if err != nil {
			panic(err) // a mistake in this test
		}
		k.Policy.Windows = []keyturn.Window{w}
	}
	return map[string]planCase{
		"rotate-outside-window":     {edit: windowed, args: "rotate"},
		"rotate-now-outside-window": {edit: windowed, args: "rotate --now"},
		"rotate-by-hand":            {edit: byHand, args: "rotate"},
		"revoke-by-hand":            {edit: byHand, args: "revoke"},
		"issue":                     {edit: fresh, args: "issue"},
		"issue-approval":            {edit: func(k *keyturn.Key) { fresh(k); k.Policy.Approval = true }, args: "issue"},
		"issue-again":               {args: "issue", code: exitRefused},
		"rotate":                    {args: "rotate"},
		"rotate-now":                {args: "rotate --now"},
		"rotate-tests": {edit: func(k *keyturn.Key) {
			k.Policy.Test = &keyturn.Test{HTTP: &keyturn.HTTPTest{URL: "https://x"}}
			k.Scope.Principal = "svc"
		}, args: "rotate"},
		"rotate-never-issued":   {edit: fresh, args: "rotate", code: exitRefused},
		"rotate-retired":        {edit: func(k *keyturn.Key) { k.Retired = noon.AddDate(0, 0, -1) }, args: "rotate", code: exitRefused},
		"rotate-under-way":      {edit: intent(keyturn.Rotate), open: "RotateKey", args: "rotate", code: exitRefused},
		"rotate-takes-over":     {edit: intent(keyturn.Rotate), args: "rotate"},
		"rotate-after-revoke":   {edit: intent(keyturn.Revoke), args: "rotate", code: exitRefused},
		"rotate-unasked":        {down: true, args: "rotate"},
		"rotate-unasked-busy":   {edit: intent(keyturn.Rotate), down: true, args: "rotate", code: exitRefused},
		"revoke":                {args: "revoke"},
		"revoke-now":            {args: "revoke --now"},
		"revoke-never-issued":   {edit: fresh, args: "revoke"},
		"revoke-takes-over":     {edit: intent(keyturn.Rotate), args: "revoke"},
		"rotate-paused":         {hold: true, args: "rotate"},
		"rotate-planned":        {plan: "RotateKey", args: "rotate --now"},
		"rotate-planned-over":   {edit: intent(keyturn.Rotate), plan: "RotateKey", args: "rotate"},
		"revoke-planned":        {plan: "RotateKey", args: "revoke", code: exitRefused},
		"revoke-before-approve": {edit: fresh, open: "IssueKey", args: "revoke", code: exitRefused},
	}
}

// TestPlans prints the plan of every operation on keys in every state.
func TestPlans(t *testing.T) {
	t.Parallel()
	for name, c := range planCases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := aKey()
			if c.edit != nil {
				c.edit(&k)
			}
			d := newDesk(t, k)
			if c.open != "" {
				d.temporal.describe = func(int) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
					return described(c.open, enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, 5), nil
				}
			}
			if c.plan != "" {
				d.planned(t, c.plan)
			}
			if c.hold {
				d.hold(t, k.Scope.Issuer())
			}
			if c.down {
				d.dialTemporal = func(context.Context, dial.Config, *slog.Logger) (temporalClient, error) {
					return nil, errors.New("down")
				}
			}
			args := append(strings.Fields(c.args), keyID, "--dry-run")
			d.expect(t, c.code, "", args...)
			if len(d.temporal.started) != 0 {
				t.Error("a dry run started something")
			}
			if d.stderr.Len() > 0 {
				t.Errorf("standard error: %s", d.stderr)
			}
			golden(t, fmt.Sprintf("testdata/plans/%s.txt", name), d.stdout.String())
		})
	}
}

func TestPlanAsJSON(t *testing.T) {
	t.Parallel()
	d := newDesk(t, aKey())
	d.expect(t, exitOK, "", "rotate", keyID, "--dry-run", "--output", "json")
	golden(t, "testdata/plans/rotate.json", d.stdout.String())
}
