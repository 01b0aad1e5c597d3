package main

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn/registry"
)

type manualListOptions struct {
	filter  registry.Filter
	overdue bool
}

func newManualListCmd(a *app) *cobra.Command {
	opts := &manualListOptions{filter: registry.Filter{Busy: true}}
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the keys that wait for a person",
		Long: `List shows every key whose operation waits for a step by hand, in the order of
their ids. It reads the registry; no worker needs to run.`,
		Example: `  keyturn manual list
  keyturn manual list --team payments --overdue
  keyturn manual list --output json`,
		Args: needs(),
		RunE: func(cmd *cobra.Command, _ []string) error { return runManualList(cmd.Context(), a, opts) },
	}
	f := cmd.Flags()
	f.StringVar(&opts.filter.OwnerTeam, "team", "", "only keys this `TEAM` answers for")
	f.StringVar(&opts.filter.OwnerPerson, "person", "", "only keys this `PERSON` is the first to call for")
	f.StringVar(&opts.filter.Provider, "provider", "", "only keys of this `PROVIDER`")
	f.BoolVar(&opts.overdue, "overdue", false, "only steps that should have been taken already")
	return cmd
}

func runManualList(ctx context.Context, a *app, opts *manualListOptions) (err error) {
	store, err := a.registry(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	now := a.now()
	out := newLister(a, []string{"KEY", "STEP", "DUE", "TEAM", "PERSON", "PROVIDER", "TICKET"}, func(h *handStep) []string {
		return []string{string(h.Key), string(h.Step), dueText(h, now), dash(h.Team), dash(h.Person), h.Provider, dash(h.Ticket.URL)}
	})
	for k, err := range store.Find(ctx, opts.filter) {
		if err != nil {
			return err
		}
		h := asksFor(&k, now)
		if h == nil || opts.overdue && !h.Overdue {
			continue
		}
		if err := out.add(h); err != nil {
			return err
		}
	}
	return out.end("no key waits for a person")
}

func dueText(h *handStep, now time.Time) string {
	if h.Overdue {
		return stamp(h.Due, now) + ", overdue"
	}
	return stamp(h.Due, now)
}
