package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/workflows"
)

type approveOptions struct{ wordOptions }

func newApproveCmd(a *app) *cobra.Command {
	opts := &approveOptions{}
	cmd := &cobra.Command{
		Use:   "approve KEY",
		Short: "Let an issuance that waits for approval go ahead",
		Long: `Approve gives the second person's word that an issuance waits for. Who approved
is recorded in the key's history.`,
		Example:           `  keyturn approve payments-stripe-live-001 --note "seen with the payments team"`,
		Args:              needs("KEY"),
		ValidArgsFunction: completeKey(a),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.key = keyturn.KeyID(args[0])
			return runApprove(cmd.Context(), a, opts)
		},
	}
	opts.flags(cmd)
	return cmd
}

func runApprove(ctx context.Context, a *app, opts *approveOptions) error {
	return say(ctx, a, workflows.UpdateApprove, &opts.wordOptions, func(w workflows.Word) any { return w })
}
