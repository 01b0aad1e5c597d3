package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/fleet"
	"github.com/keyturn/keyturn/registry"
)

func newFleetStatusCmd(a *app) *cobra.Command {
	provider := ""
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Count keys and operations of each provider account",
		Long: `Status shows every provider account that has keys in service or is paused:

    KEYS        in service
    DUE         of those, due for rotation
    OVERDUE     of those, due for more than 7 days
    RUNNING     operations under way, those that wait for something included
    BACKLOG     due and not under way, and how long these take at the RATE; the
                waits within a rotation, windows and freezes come on top
    BY HAND     of those, waiting for a person; see "keyturn manual list"
    FAILED 24H  operations of the last 24 hours that were rolled back
    DONE 24H    operations of the last 24 hours that ended well
    RATE        activities a second that its workers do; a rotation takes up to 4.
                While no worker serves it, no sweep or batch begins anything there
    PAUSED      since when, by whom and why; see "keyturn providers pause --help"

All of it is read from the registry; Temporal is not asked.`,
		Example: `  keyturn fleet status
  keyturn fleet status --provider aws
  keyturn fleet status --output json`,
		Args: needs(),
		RunE: func(cmd *cobra.Command, _ []string) error { return runFleetStatus(cmd.Context(), a, provider) },
	}
	cmd.Flags().StringVar(&provider, "provider", "", "only the accounts at this `PROVIDER`, such as aws")
	must(cmd.RegisterFlagCompletionFunc("provider", completeProvider))
	return cmd
}

// A fleetStatus is what status prints.
type fleetStatus struct {
	Accounts []fleetAccount `json:"accounts"`
	Total    fleetTotal     `json:"total"`
}

type fleetAccount struct {
	keyturn.Issuer
	fleetCounts
	Rate   float64    `json:"rate"`            // activities a second; 0 if no worker ever served it
	Served time.Time  `json:"served,omitzero"` // when a worker said last that it does
	Paused *pauseView `json:"paused,omitempty"`

	served bool // by some worker, now
}

type fleetTotal struct {
	Accounts int `json:"accounts"`
	fleetCounts
	Paused int `json:"paused"` // accounts
}

type fleetCounts struct {
	Keys    int `json:"keys"`
	Due     int `json:"due"`
	Overdue int `json:"overdue"`
	Running int `json:"running"`
	Backlog int `json:"backlog"`
	// BacklogSeconds is 0 also where no worker serves what is in the backlog. That
	// of all accounts is that of the slowest: none waits for another.
	BacklogSeconds int64 `json:"backlog_seconds"`
	ByHand         int   `json:"by_hand"`
	Failed         int   `json:"failed_24h"`
	Done           int   `json:"done_24h"`
}

// A pauseView is a pause as it is printed.
type pauseView struct {
	Reason string    `json:"reason"`
	Actor  string    `json:"actor"`
	At     time.Time `json:"at"`
}

func viewPause(p *registry.Pause) *pauseView {
	if p == nil {
		return nil
	}
	return &pauseView{p.Reason, p.Actor, p.At}
}

func runFleetStatus(ctx context.Context, a *app, provider string) (err error) {
	store, err := a.registry(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	now := a.now()
	accounts, err := store.Accounts(ctx, now)
	if err != nil {
		return err
	}
	s := fleetStatus{Accounts: []fleetAccount{}}
	for i := range accounts {
		if provider == "" || accounts[i].Issuer.Provider == provider {
			s.add(&accounts[i], now)
		}
	}
	return a.print(s, func(w io.Writer) error {
		if len(s.Accounts) > 0 {
			return s.write(w, now)
		}
		where := "no account"
		if provider != "" {
			where += " at " + provider
		}
		_, err := fmt.Fprintln(a.err, clean(where)+" has keys in service or is paused")
		return err
	})
}

func (s *fleetStatus) add(a *registry.AccountStatus, now time.Time) {
	c := fleetCounts{
		Keys: a.Keys, Due: a.Due, Overdue: a.Overdue, Running: a.Running, Backlog: max(a.Due-a.Running, 0),
		ByHand: a.ByHand, Failed: a.Failed, Done: a.Succeeded,
	}
	served := activities.Served(*a, now)
	if served {
		c.BacklogSeconds = int64(fleet.TimeFor(c.Backlog, a.Rate).Round(time.Second) / time.Second)
	}
	s.Accounts = append(s.Accounts, fleetAccount{a.Issuer, c, a.Rate, a.Served, viewPause(a.Paused), served})
	t := &s.Total
	t.Accounts++
	if a.Paused != nil {
		t.Paused++
	}
	t.Keys += c.Keys
	t.Due += c.Due
	t.Overdue += c.Overdue
	t.Running += c.Running
	t.Backlog += c.Backlog
	t.BacklogSeconds = max(t.BacklogSeconds, c.BacklogSeconds)
	t.ByHand += c.ByHand
	t.Failed += c.Failed
	t.Done += c.Done
}

func (s *fleetStatus) write(w io.Writer, now time.Time) error {
	t := newColumns(w, "PROVIDER", "ACCOUNT", "KEYS", "DUE", "OVERDUE", "RUNNING", "BACKLOG", "BY HAND", "FAILED 24H", "DONE 24H", "RATE", "PAUSED")
	for _, a := range s.Accounts {
		t.row(a.row(dash(a.Provider), dash(a.Account), a.rate(now), a.Paused.sentence(now))...)
	}
	paused := "-"
	if s.Total.Paused > 0 {
		paused = plural(s.Total.Paused, "account", "accounts")
	}
	t.row(s.Total.row("total", plural(s.Total.Accounts, "account", "accounts"), "-", paused)...)
	return t.flush()
}

// row is a line of the table: counts between what they are of and remarks.
func (c *fleetCounts) row(provider, account, rate, paused string) []string {
	n := strconv.Itoa
	backlog := n(c.Backlog)
	if c.BacklogSeconds > 0 {
		backlog += " (" + rough(time.Duration(c.BacklogSeconds)*time.Second) + ")"
	}
	return []string{provider, account, n(c.Keys), n(c.Due), n(c.Overdue), n(c.Running), backlog, n(c.ByHand), n(c.Failed), n(c.Done), rate, paused}
}

// rate tells how much its workers do, if any does.
func (a *fleetAccount) rate(now time.Time) string {
	if a.Served.IsZero() {
		return "-"
	}
	rate := strconv.FormatFloat(a.Rate, 'g', -1, 64)
	if !a.served {
		rate += ", not served since " + distance(a.Served, now)
	}
	return rate
}

func (p *pauseView) sentence(now time.Time) string {
	if p == nil {
		return "-"
	}
	return fmt.Sprintf("%s by %s: %s", distance(p.At, now), p.Actor, p.Reason)
}
