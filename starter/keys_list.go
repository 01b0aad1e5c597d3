package main

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

type keysListOptions struct {
	filter registry.Filter
	due    string
}

func newKeysListCmd(a *app) *cobra.Command {
	opts := &keysListOptions{}
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List keys",
		Long: `List shows the keys in service that match every given flag, in the order of
their ids. STATE is the operation under way, else "current" for an issued key,
"not issued", or "retired". GEN is the generation consumers read.`,
		Example: `  keyturn keys list --team payments
  keyturn keys list --due-before 7d
  keyturn keys list --provider aws --account 123456789012 --output json
  keyturn keys list --busy`,
		Args: needs(),
		RunE: func(cmd *cobra.Command, _ []string) error { return runKeysList(cmd.Context(), a, opts) },
	}
	f := cmd.Flags()
	f.StringVar(&opts.filter.OwnerTeam, "team", "", "only keys this `TEAM` answers for")
	f.StringVar(&opts.filter.OwnerPerson, "person", "", "only keys this `PERSON` is the first to call for")
	f.StringVar(&opts.filter.Provider, "provider", "", "only keys issued by this `PROVIDER`, such as aws")
	f.StringVar(&opts.filter.Account, "account", "", "only keys of this provider `ACCOUNT`")
	f.StringVar(&opts.filter.Principal, "principal", "", "only keys that authenticate as this `PRINCIPAL`")
	f.StringVar(&opts.due, "due-before", "", "only keys due for rotation before a `TIME`: 7d from now, or 2027-01-31")
	f.BoolVar(&opts.filter.Busy, "busy", false, "only keys with an operation under way")
	f.BoolVar(&opts.filter.Retired, "retired", false, "only keys ended for good, instead of those in service")
	f.IntVar(&opts.filter.Limit, "limit", 0, "at most `N` keys; 0 is all")
	return cmd
}

func runKeysList(ctx context.Context, a *app, opts *keysListOptions) (err error) {
	now := a.now()
	if opts.filter.Limit < 0 {
		return usagef("keys list: --limit must not be negative")
	}
	if opts.due != "" {
		if opts.filter.DueBefore, err = parseWhen(opts.due, now); err != nil {
			return usagef("keys list: --due-before: %w", err)
		}
	}
	store, err := a.registry(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	out := newLister(a, []string{"KEY", "PROVIDER", "ACCOUNT", "TEAM", "PERSON", "STATE", "GEN", "DUE"}, func(k keyturn.Key) []string {
		return keyRow(&k, now)
	})
	for k, err := range store.Find(ctx, opts.filter) {
		if err != nil {
			return err
		}
		if err := out.add(k); err != nil {
			return err
		}
	}
	return out.end("no key matches")
}

func keyRow(k *keyturn.Key, now time.Time) []string {
	generation := "-"
	if c := k.Current(); c != nil {
		generation = strconv.Itoa(c.Generation)
	}
	due := k.Due()
	if !k.Retired.IsZero() {
		due = time.Time{}
	}
	return []string{
		string(k.ID), dash(k.Scope.Provider), dash(k.Scope.Account), dash(k.Owner.Team), dash(k.Owner.Person),
		keyState(k), generation, stamp(due, now),
	}
}

// keyState says in a word or two how a key stands.
func keyState(k *keyturn.Key) string {
	switch {
	case !k.Retired.IsZero():
		return "retired"
	case k.Intent != nil:
		return string(k.Intent.Operation) + " under way"
	case k.Current() != nil:
		return string(keyturn.Current)
	}
	return "not issued"
}
