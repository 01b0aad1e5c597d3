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
    BY HAND     of those, waiting for a person; see "keyturn manual list"
    FAILED 24H  operations of the last 24 hours that were rolled back
    DONE 24H    operations of the last 24 hours that ended well
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
	Paused *pauseView `json:"paused,omitempty"`
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
	ByHand  int `json:"by_hand"`
	Failed  int `json:"failed_24h"`
	Done    int `json:"done_24h"`
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
			s.add(&accounts[i])
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

func (s *fleetStatus) add(a *registry.AccountStatus) {
	c := fleetCounts{a.Keys, a.Due, a.Overdue, a.Running, a.ByHand, a.Failed, a.Succeeded}
	s.Accounts = append(s.Accounts, fleetAccount{a.Issuer, c, viewPause(a.Paused)})
	t := &s.Total
	t.Accounts++
	if a.Paused != nil {
		t.Paused++
	}
	t.Keys += c.Keys
	t.Due += c.Due
	t.Overdue += c.Overdue
	t.Running += c.Running
	t.ByHand += c.ByHand
	t.Failed += c.Failed
	t.Done += c.Done
}

func (s *fleetStatus) write(w io.Writer, now time.Time) error {
	t := newColumns(w, "PROVIDER", "ACCOUNT", "KEYS", "DUE", "OVERDUE", "RUNNING", "BY HAND", "FAILED 24H", "DONE 24H", "PAUSED")
	for _, a := range s.Accounts {
		t.row(a.row(dash(a.Provider), dash(a.Account), a.Paused.sentence(now))...)
	}
	paused := "-"
	if s.Total.Paused > 0 {
		paused = plural(s.Total.Paused, "account", "accounts")
	}
	t.row(s.Total.row("total", plural(s.Total.Accounts, "account", "accounts"), paused)...)
	return t.flush()
}

// row is a line of the table: counts between what they are of and a remark.
func (c *fleetCounts) row(provider, account, paused string) []string {
	row := []string{provider, account}
	for _, n := range []int{c.Keys, c.Due, c.Overdue, c.Running, c.ByHand, c.Failed, c.Done} {
		row = append(row, strconv.Itoa(n))
	}
	return append(row, paused)
}

func (p *pauseView) sentence(now time.Time) string {
	if p == nil {
		return "-"
	}
	return fmt.Sprintf("%s by %s: %s", distance(p.At, now), p.Actor, p.Reason)
}
