package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/workflows"
)

type expediteOptions struct {
	wordOptions
	override bool
}

func newExpediteCmd(a *app) *cobra.Command {
	opts := &expediteOptions{}
	cmd := &cobra.Command{
		Use:   "expedite KEY",
		Short: "Do not wait any longer",
		Long: `Expedite ends the wait an operation is in: the overlap of a rotation, the soak
with the old key switched off, or the pause before another attempt. The old key
is then ended even if something still uses it. An operation held by a maintenance
window or a freeze looks at the calendar again; only with --override does it go
on regardless, and the key's history says so.

An operation that is planned for later waits for its turn and not for a soak:
"keyturn rotate KEY" begins it now.`,
		Example: `  keyturn expedite payments-stripe-live-001 --note "all consumers seen on the new key"
  keyturn expedite payments-stripe-live-001 --override --note "leak; agreed with the release team"`,
		Args:              needs("KEY"),
		ValidArgsFunction: completeKey(a),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.key = keyturn.KeyID(args[0])
			return runExpedite(cmd.Context(), a, opts)
		},
	}
	opts.flags(cmd)
	cmd.Flags().BoolVar(&opts.override, "override", false, "go on in spite of maintenance windows and freezes, from here on")
	return cmd
}

func runExpedite(ctx context.Context, a *app, opts *expediteOptions) error {
	return say(ctx, a, workflows.UpdateExpedite, &opts.wordOptions, func(w workflows.Word) any {
		w.Override = opts.override
		return w
	})
}
