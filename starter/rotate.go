package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/workflows"
)

type rotateOptions struct{ orderOptions }

func newRotateCmd(a *app) *cobra.Command {
	opts := &rotateOptions{}
	cmd := &cobra.Command{
		Use:   "rotate KEY",
		Short: "Replace a key while old and new both work",
		Long: `Rotate makes a new generation of a key, proves it, moves consumers to it, lets
old and new work side by side for the policy's overlap, and then ends the old
one. Any failure before the old key's revocation puts everything back.

With --now there is no overlap: the old key is ended as soon as the new one is
in place, even if something still uses it. That is for leaks; it asks first.`,
		Example: `  keyturn rotate payments-stripe-live-001 --dry-run
  keyturn rotate payments-stripe-live-001 --watch
  keyturn rotate payments-stripe-live-001 --reason leak --now --yes`,
		Args:              needs("KEY"),
		ValidArgsFunction: completeKey(a),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.key = keyturn.KeyID(args[0])
			return runRotate(cmd.Context(), a, opts)
		},
	}
	opts.flags(cmd)
	opts.urgentFlags(cmd, "no overlap: end the old key as soon as the new one is in place; asks first")
	return cmd
}

func runRotate(ctx context.Context, a *app, opts *rotateOptions) error {
	o := order{op: keyturn.Rotate, workflow: workflows.RotateKey, opts: &opts.orderOptions}
	if opts.now {
		o.warning = func(k keyturn.Key) string {
			return fmt.Sprintf("The old key of %s at %s is ended as soon as the new one is in place, whoever still uses it (%s).",
				k.ID, k.Scope.Issuer(), plural(len(k.Storage.Consumers), "known consumer", "known consumers"))
		}
	}
	hintUrgent(a, opts.cause.reason, opts.now)
	return o.run(ctx, a)
}
