package activities

import (
	"context"
	"time"

	"github.com/keyturn/keyturn"
)

// PlanSweepInput says how a sweep goes about it.
type PlanSweepInput struct {
	Config SweepConfig `json:"config"`
}

// PlanSweepResult is what there is to sweep.
type PlanSweepResult struct {
	Accounts []SweepAccount `json:"accounts"`
	Until    time.Time      `json:"until"` // the end of the window
	Tally    SweepTally     `json:"tally"`
}

// A SweepAccount is an account with keys that are due.
type SweepAccount struct {
	Issuer keyturn.Issuer `json:"issuer"`
	Due    int            `json:"due"`
}

// PlanSweep lists the accounts with keys that are due. Before that it looks at
// how the last operations of each account ended, and pauses those where too much
// failed: a sweep must not add to it.
func (a *Fleet) PlanSweep(ctx context.Context, in PlanSweepInput) (PlanSweepResult, error) {
	now := a.Now()
	res := PlanSweepResult{Until: now.Add(time.Duration(in.Config.WithDefaults().Window))}
	braked, err := a.checkBrakes(ctx)
	if err != nil {
		return res, err
	}
	res.Tally.Braked = braked
	accounts, err := a.Registry.Accounts(ctx, now)
	if err != nil {
		return res, err
	}
	for _, s := range accounts {
		if s.Due > 0 {
			res.Accounts = append(res.Accounts, SweepAccount{s.Issuer, s.Due})
		}
	}
	// Where teams have a cap, those that come first use it up, so every sweep begins
	// with another account.
	if n := len(res.Accounts); n > 0 {
		first := int(now.Unix()/60) % n
		res.Accounts = append(res.Accounts[first:n:n], res.Accounts[:first]...)
	}
	return res, nil
}
