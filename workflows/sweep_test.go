package workflows_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/workflows"
)

// sweepWorld plays the activities of a sweep over accounts that have so many
// keys that are due.
type sweepWorld struct {
	*testsuite.TestWorkflowEnvironment
	calls [][]string // the accounts of each SweepAccounts
	teams []map[string]int
}

func newSweepWorld(due ...int) *sweepWorld {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	w := &sweepWorld{TestWorkflowEnvironment: suite.NewTestWorkflowEnvironment()}
	w.RegisterWorkflow(workflows.Sweep)
	until := w.Now().Add(time.Hour)
	w.RegisterActivityWithOptions(func(context.Context, activities.PlanSweepInput) (activities.PlanSweepResult, error) {
		res := activities.PlanSweepResult{Until: until}
		for i, n := range due {
			res.Accounts = append(res.Accounts, activities.SweepAccount{Issuer: keyturn.Issuer{Provider: "p", Account: fmt.Sprint(i)}, Due: n})
		}
		return res, nil
	}, activity.RegisterOptions{Name: "PlanSweep"})
	w.RegisterActivityWithOptions(func(_ context.Context, in activities.SweepAccountsInput) (activities.SweepAccountsResult, error) {
		var names []string
		out := activities.SweepAccountsResult{Teams: map[string]int{"a": in.Teams["a"] + 1}}
		for _, a := range in.Accounts {
			names = append(names, a.Account)
			out.Tally.Accounts++
		}
		if !in.Until.Equal(until) {
			return out, errors.New("the window moved")
		}
		w.calls, w.teams = append(w.calls, names), append(w.teams, in.Teams)
		return out, nil
	}, activity.RegisterOptions{Name: "SweepAccounts"})
	return w
}

// TestSweepInChunks gives an activity some hundred keys, or some dozen accounts.
func TestSweepInChunks(t *testing.T) {
	t.Parallel()
	many := make([]int, 60)
	for i := range many {
		many[i] = 1
	}
	for _, c := range []struct {
		name string
		due  []int
		want []int // accounts of each activity
	}{
		{"nothing is due", nil, nil},
		{"a few accounts", []int{10, 20, 30}, []int{3}},
		{"a large one", []int{10, 9000, 30}, []int{2, 1}},
		{"exactly enough", []int{500, 500}, []int{1, 1}},
		{"many small ones", many, []int{50, 10}},
	} {
		w := newSweepWorld(c.due...)
		w.ExecuteWorkflow(workflows.Sweep, workflows.SweepInput{})
		var tally activities.SweepTally
		if err := w.GetWorkflowResult(&tally); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		var got []int
		for i, accounts := range w.calls {
			got = append(got, len(accounts))
			if w.teams[i]["a"] != i {
				t.Errorf("%s: call %d counts teams as %v", c.name, i, w.teams[i])
			}
		}
		if d := cmp.Diff(c.want, got); d != "" || tally.Accounts != len(c.due) {
			t.Errorf("%s: %d accounts swept; %s", c.name, tally.Accounts, d)
		}
	}
}

// TestSweepContinuesAsNew carries on with what is left, in the same window.
func TestSweepContinuesAsNew(t *testing.T) {
	t.Parallel()
	due := make([]int, 201)
	for i := range due {
		due[i] = 1000
	}
	w := newSweepWorld(due...)
	w.ExecuteWorkflow(workflows.Sweep, workflows.SweepInput{})
	var next *workflow.ContinueAsNewError
	if err := w.GetWorkflowError(); !errors.As(err, &next) || len(w.calls) != 200 {
		t.Fatalf("after %d activities: %v", len(w.calls), err)
	}
	var in workflows.SweepInput
	if err := converter.GetDefaultDataConverter().FromPayloads(next.Input, &in); err != nil {
		t.Fatal(err)
	}
	if len(in.Rest.Accounts) != 1 || in.Rest.Tally.Accounts != 200 || in.Rest.Teams["a"] != 200 || in.Rest.Until.IsZero() {
		t.Errorf("what is left: %+v", in.Rest)
	}
	again := newSweepWorld()
	again.ExecuteWorkflow(workflows.Sweep, workflows.SweepInput{Rest: &workflows.SweepRest{
		Accounts: in.Rest.Accounts, Until: again.Now().Add(time.Hour), Tally: in.Rest.Tally, Teams: in.Rest.Teams,
	}})
	var tally activities.SweepTally
	if err := again.GetWorkflowResult(&tally); err != nil || tally.Accounts != 201 {
		t.Errorf("%+v, %v", tally, err)
	}
}
