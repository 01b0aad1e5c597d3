package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/workflows"
)

type rejectOptions struct{ wordOptions }

func newRejectCmd(a *app) *cobra.Command {
	opts := &rejectOptions{}
	cmd := &cobra.Command{
		Use:   "reject KEY",
		Short: "End an issuance that waits for approval",
		Long: `Reject ends an issuance that waits for approval. Nothing was made by then, so
nothing is undone.`,
		Example:           `  keyturn reject payments-stripe-live-001 --note "use the shared sandbox instead"`,
		Args:              needs("KEY"),
		ValidArgsFunction: completeKey(a),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.key = keyturn.KeyID(args[0])
			return runReject(cmd.Context(), a, opts)
		},
	}
	opts.flags(cmd)
	return cmd
}

func runReject(ctx context.Context, a *app, opts *rejectOptions) error {
	return say(ctx, a, workflows.UpdateReject, &opts.wordOptions, func(w workflows.Word) any { return w })
}
