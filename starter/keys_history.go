package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

type keysHistoryOptions struct{ key keyturn.KeyID }

func newKeysHistoryCmd(a *app) *cobra.Command {
	opts := &keysHistoryOptions{}
	cmd := &cobra.Command{
		Use:   "history KEY",
		Short: "Show what ever happened to a key",
		Long: `History prints the events of a key, oldest first: what happened, who asked for
it, and why.`,
		Example: `  keyturn keys history payments-stripe-live-001
  keyturn keys history payments-stripe-live-001 --output json | jq '.[-1]'`,
		Args:              needs("KEY"),
		ValidArgsFunction: completeAnyKey(a),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.key = keyturn.KeyID(args[0])
			return runKeysHistory(cmd.Context(), a, opts)
		},
	}
	return cmd
}

func runKeysHistory(ctx context.Context, a *app, opts *keysHistoryOptions) (err error) {
	store, err := a.registry(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if _, err := getKey(ctx, store, opts.key); err != nil {
		return err
	}
	now := a.now()
	out := newLister(a, []string{"AT", "WHAT", "ACTOR", "REASON", "DETAIL"}, func(e registry.Event) []string {
		return []string{stamp(e.At, now), e.What, dash(e.Actor), dash(e.Reason), dash(e.Detail)}
	})
	for e, err := range store.History(ctx, opts.key) {
		if err != nil {
			return err
		}
		if err := out.add(e); err != nil {
			return err
		}
	}
	return out.end("nothing has happened to this key yet")
}
