package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/workflows"
)

type abortOptions struct{ wordOptions }

func newAbortCmd(a *app) *cobra.Command {
	opts := &abortOptions{}
	cmd := &cobra.Command{
		Use:   "abort KEY",
		Short: "Undo an operation while that is possible",
		Long: `Abort puts everything back: consumers read the old value again, the old key is
switched on again, the new one is ended. Once the revocation of the old key has
begun it is refused, because the only way is then forward.

A rotation that a sweep or a batch has planned for later is called off: nothing
has begun, so nothing is undone, and its key is free again once a worker knows.`,
		Example:           `  keyturn abort payments-stripe-live-001 --note "checkout errors since 12:04"`,
		Args:              needs("KEY"),
		ValidArgsFunction: completeKey(a),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.key = keyturn.KeyID(args[0])
			return runAbort(cmd.Context(), a, opts)
		},
	}
	opts.flags(cmd)
	return cmd
}

func runAbort(ctx context.Context, a *app, opts *abortOptions) error {
	err := say(ctx, a, workflows.UpdateAbort, &opts.wordOptions, func(w workflows.Word) any { return w })
	var planned *plannedError
	if errors.As(err, &planned) {
		return callOff(ctx, a, &opts.wordOptions, planned.open)
	}
	return err
}
