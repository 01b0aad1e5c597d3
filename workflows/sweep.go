package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
)

// SweepInput says how a sweep goes about it. It is written into the schedule.
type SweepInput struct {
	Config activities.SweepConfig `json:"config"`
	// Rest is what a run leaves to the next one.
	Rest *SweepRest `json:"rest,omitempty"`
}

// SweepRest is what is left of a sweep.
type SweepRest struct {
	Accounts []activities.SweepAccount `json:"accounts"`
	Until    time.Time                 `json:"until"`
	Teams    map[string]int            `json:"teams,omitempty"`
	Tally    activities.SweepTally     `json:"tally"`
}

// How much one activity sweeps: a few hundred keys at least, so that the sweep
// costs few events for each, and not so many accounts that a retry is long.
const (
	chunkKeys     = 500
	chunkAccounts = 50
)

// sweepChunks is after how many activities a sweep continues as new.
const sweepChunks = 200

// Sweep starts the rotations that are due, spread over the window, and does not
// wait for them. Its result counts what became of every key that was due.
func Sweep(ctx workflow.Context, in SweepInput) (activities.SweepTally, error) {
	rest := in.Rest
	if rest == nil {
		plan, err := call(ctx, fleetWork(ctx, "see what is due"), many.PlanSweep, activities.PlanSweepInput{Config: in.Config})
		if err != nil {
			return activities.SweepTally{}, err
		}
		rest = &SweepRest{Accounts: plan.Accounts, Until: plan.Until, Tally: plan.Tally}
	}
	for n := 0; len(rest.Accounts) > 0; n++ {
		if n == sweepChunks || workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
			return rest.Tally, workflow.NewContinueAsNewError(ctx, Sweep, SweepInput{Config: in.Config, Rest: rest})
		}
		chunk := chunkOf(rest.Accounts)
		out, err := call(ctx, fleetWork(ctx, "start what is due"), many.SweepAccounts, activities.SweepAccountsInput{
			Config: in.Config, Accounts: chunk, Until: rest.Until, Teams: rest.Teams,
		})
		if err != nil {
			return rest.Tally, err
		}
		rest.Accounts, rest.Teams = rest.Accounts[len(chunk):], out.Teams
		rest.Tally.Add(out.Tally)
		workflow.SetCurrentDetails(ctx, fmt.Sprintf("%d of %d due keys started, %d accounts left", rest.Tally.Started, rest.Tally.Due, len(rest.Accounts)))
	}
	return rest.Tally, nil
}

// chunkOf takes accounts from the front that have enough keys together.
func chunkOf(accounts []activities.SweepAccount) (chunk []keyturn.Issuer) {
	for due := 0; len(chunk) < min(len(accounts), chunkAccounts) && due < chunkKeys; {
		due += accounts[len(chunk)].Due
		chunk = append(chunk, accounts[len(chunk)].Issuer)
	}
	return chunk
}
