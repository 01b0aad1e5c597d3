package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/workflows"
)

type revokeOptions struct{ orderOptions }

func newRevokeCmd(a *app) *cobra.Command {
	opts := &revokeOptions{}
	cmd := &cobra.Command{
		Use:   "revoke KEY",
		Short: "End a key for good",
		Long: `Revoke ends every generation of a key and takes it out of service. Nothing
replaces it. Where the provider can switch a key off, it is switched off first,
and "keyturn abort KEY" switches it on again until the policy's disabled_soak is
over; --now skips that.

It always asks you to type the key's id. A script says --yes.`,
		Example: `  keyturn revoke payments-stripe-live-001 --dry-run
  keyturn revoke payments-stripe-live-001 --reason offboarding --watch
  keyturn revoke payments-stripe-live-001 --reason compromise --now --yes`,
		Args:              needs("KEY"),
		ValidArgsFunction: completeKey(a),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.key = keyturn.KeyID(args[0])
			return runRevoke(cmd.Context(), a, opts)
		},
	}
	opts.flags(cmd)
	opts.urgentFlags(cmd, "do not switch it off for a while first: revoke at once")
	return cmd
}

func runRevoke(ctx context.Context, a *app, opts *revokeOptions) error {
	o := order{op: keyturn.Revoke, workflow: workflows.RevokeKey, opts: &opts.orderOptions}
	o.warning = func(k keyturn.Key) string {
		return fmt.Sprintf("%s at %s is ended for good, and nothing replaces it: %s; known consumers: %d.", k.ID, k.Scope.Issuer(),
			plural(len(k.Ledger), "key dies", "keys die"), len(k.Storage.Consumers))
	}
	return o.run(ctx, a)
}
