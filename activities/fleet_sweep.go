package activities

import (
	"cmp"
	"context"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
	"golang.org/x/sync/errgroup"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/fleet"
	"github.com/keyturn/keyturn/registry"
)

// SweepConfig says how a sweep goes about it. Zero fields have their defaults.
type SweepConfig struct {
	// Window is how far ahead rotations are planned: as long as the time between
	// two sweeps. Default 1h.
	Window keyturn.Duration `json:"window,omitempty"`
	// Load is the share of an account's rate that is planned for. Default 0.8.
	Load float64 `json:"load,omitempty"`
	// PerTeam is the most keys of one team that one sweep starts. Default: any.
	PerTeam int `json:"per_team,omitempty"`
	// CanaryLead is how long the first key of each team at an account goes ahead
	// of the others. Default 10m, and never more than a third of Window.
	CanaryLead keyturn.Duration `json:"canary_lead,omitempty"`
	// RetryAfter is how long a key that was rolled back is left alone. Default 6h.
	RetryAfter keyturn.Duration `json:"retry_after,omitempty"`
}

// WithDefaults returns c with every unset field at its default.
func (c SweepConfig) WithDefaults() SweepConfig {
	c.Window = cmp.Or(c.Window, keyturn.Duration(time.Hour))
	c.Load = cmp.Or(c.Load, fleet.Load)
	c.CanaryLead = min(cmp.Or(c.CanaryLead, keyturn.Duration(10*time.Minute)), c.Window/3)
	c.RetryAfter = cmp.Or(c.RetryAfter, keyturn.Duration(6*time.Hour))
	return c
}

// SweepAccountsInput asks to sweep some accounts.
type SweepAccountsInput struct {
	Config   SweepConfig      `json:"config"`
	Accounts []keyturn.Issuer `json:"accounts"`
	// Until is the end of the window. It is the same for all accounts of a sweep.
	Until time.Time `json:"until"`
	// Teams counts the keys of each team that the sweep has started so far. It is
	// empty where there is no cap.
	Teams map[string]int `json:"teams,omitempty"`
}

// SweepAccountsResult is what came of it.
type SweepAccountsResult struct {
	Tally SweepTally     `json:"tally"`
	Teams map[string]int `json:"teams,omitempty"`
}

// SweepAccounts plans the rotations that are due at some accounts and starts
// them, each with a delay, so that they spread over the window. It is safe to
// repeat: what it started before is open, and counts as busy, or is not due any
// more.
func (a *Fleet) SweepAccounts(ctx context.Context, in SweepAccountsInput) (SweepAccountsResult, error) {
	s := &sweep{Fleet: a, config: in.Config.WithDefaults(), now: a.Now(), until: in.Until, teams: map[string]int{}}
	for team, n := range in.Teams {
		s.teams[team] = n
	}
	var err error
	if s.rules, err = a.Registry.Rules(ctx, s.now); err != nil {
		return SweepAccountsResult{}, err
	}
	status, err := a.status(ctx)
	if err != nil {
		return SweepAccountsResult{}, err
	}
	for _, issuer := range in.Accounts {
		if err := s.account(ctx, status[issuer]); err != nil {
			return SweepAccountsResult{}, err
		}
	}
	out := SweepAccountsResult{Tally: s.tally}
	if s.config.PerTeam > 0 {
		out.Teams = s.teams
	}
	return out, nil
}

// status is how every account does, by name.
func (a *Fleet) status(ctx context.Context) (map[keyturn.Issuer]registry.AccountStatus, error) {
	accounts, err := a.Registry.Accounts(ctx, a.Now())
	out := map[keyturn.Issuer]registry.AccountStatus{}
	for _, s := range accounts {
		out[s.Issuer] = s
	}
	return out, err
}

// sweep is one call of SweepAccounts.
type sweep struct {
	*Fleet
	config     SweepConfig
	now, until time.Time
	rules      []keyturn.CalendarRule
	teams      map[string]int
	tally      SweepTally
}

// account sweeps one account.
func (s *sweep) account(ctx context.Context, status registry.AccountStatus) error {
	if status.Due == 0 {
		return nil
	}
	s.tally.Accounts++
	s.tally.Due += status.Due
	switch {
	case status.Paused != nil:
		s.tally.Paused += status.Due
		return nil
	case !Served(status, s.now):
		s.tally.Unserved += status.Due
		return nil
	}
	table := fleet.NewTimetable(s.now, s.until, fleet.Gap(status.Rate, s.config.Load), s.rules)
	keys, err := s.candidates(ctx, status, table.Slots())
	if err != nil {
		return err
	}
	return s.begin(ctx, s.place(table, keys))
}

// candidates reads at most n keys that could begin within the window, the longest
// due first, and counts the others.
func (s *sweep) candidates(ctx context.Context, status registry.AccountStatus, n int) ([]keyturn.Key, error) {
	recent, err := s.recentlyFailed(ctx, status)
	if err != nil {
		return nil, err
	}
	var out []keyturn.Key
	read, taken, crowd := 0, map[string]int{}, s.crowd(status)
	for k, err := range s.Registry.Due(ctx, status.Issuer, s.now, registry.DueKey{}) {
		if err != nil {
			return nil, err
		}
		if len(out) == n && s.config.PerTeam == 0 {
			break // what is left is counted without being read
		}
		read++
		team := k.Owner.Team
		switch {
		case k.Intent != nil:
			s.tally.Busy++
		case k.Current() == nil:
			s.tally.Unissued++
		case recent[k.ID]:
			s.tally.Recent++
		case s.held(&k):
			s.tally.Held++
		case s.config.PerTeam > 0 && s.teams[team]+taken[team] >= s.config.PerTeam:
			s.tally.Capped++
		case len(out) == n:
			s.tally.Full++
		default:
			admitted, err := crowd.admits(ctx, &k)
			if err != nil {
				return nil, err
			}
			if !admitted {
				s.tally.Crowded++
				continue
			}
			taken[team]++
			out = append(out, slim(k))
		}
	}
	s.tally.Full += max(status.Due-read, 0)
	return out, nil
}

// held reports whether the calendar keeps a key back for the whole window.
func (s *sweep) held(k *keyturn.Key) bool {
	v := keyturn.MayChange(k, s.rules, s.now)
	return !v.Open && (v.Opens.IsZero() || !v.Opens.Before(s.until))
}

// slim drops what neither the plan nor the start needs: tens of thousands of
// keys may be held at once.
func slim(k keyturn.Key) keyturn.Key {
	k.Purpose, k.Scope.Permissions, k.Scope.Endpoints, k.Scope.Justification = "", nil, nil, ""
	k.Ledger, k.Policy.Test = nil, nil
	return k
}

// recentlyFailed are the keys whose last operation was rolled back not long ago.
// To try them again every hour would only fail again, and tell their owners so.
func (s *sweep) recentlyFailed(ctx context.Context, status registry.AccountStatus) (map[keyturn.KeyID]bool, error) {
	// No more operations can have ended than activities have started.
	most := 2000 + int(min(time.Duration(s.config.RetryAfter).Seconds()*status.Rate, 1e6))
	outcomes, err := s.Registry.Outcomes(ctx, status.Issuer, most)
	failed, seen := map[keyturn.KeyID]bool{}, map[keyturn.KeyID]bool{}
	for _, o := range outcomes {
		if !seen[o.Key] && o.What == registry.RolledBack && s.now.Sub(o.At) < time.Duration(s.config.RetryAfter) {
			failed[o.Key] = true
		}
		seen[o.Key] = true
	}
	return failed, err
}

// A planned key begins at a moment.
type planned struct {
	key    *keyturn.Key
	at     time.Time
	canary bool
}

// place gives each key its time. Canaries go ahead of the others.
func (s *sweep) place(table *fleet.Timetable, keys []keyturn.Key) []planned {
	keys, canaries := fleet.CanariesFirst(keys)
	var out []planned
	for i := range keys {
		earliest := s.now
		if i >= canaries {
			earliest = s.now.Add(time.Duration(s.config.CanaryLead))
		}
		at, placing := table.Place(&keys[i], earliest)
		switch placing {
		case fleet.Placed:
			out = append(out, planned{&keys[i], at, i < canaries})
		case fleet.Held:
			s.tally.Held++
		case fleet.Full:
			s.tally.Full++
		}
	}
	return out
}

// begin starts what is planned, several at a time.
func (s *sweep) begin(ctx context.Context, plan []planned) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(8)
	var mu sync.Mutex
	for _, p := range plan {
		group.Go(func() error {
			begun, err := s.Engine.Begin(ctx, Start{
				Operation: keyturn.Rotate, Key: p.key, Cause: Cause{Reason: "scheduled", Actor: "sweep"},
				IfDue: true, After: max(p.at.Sub(s.Now()), 0),
			})
			mu.Lock()
			defer mu.Unlock()
			switch {
			case keyturn.KindOf(err) == keyturn.Invalid: // about this key; the others go on
				activity.GetLogger(ctx).Error("a rotation cannot be started", "key", string(p.key.ID), "error", err)
				s.tally.Refused++
				return nil
			case err != nil:
				return err
			case begun.What == Busy:
				s.tally.Busy++
				return nil
			}
			s.tally.Started++
			if p.canary {
				s.tally.Canaries++
			}
			s.teams[p.key.Owner.Team]++
			return nil
		})
	}
	return group.Wait()
}
