package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/workflows"
)

type extendOptions struct {
	wordOptions
	longer string
}

func newExtendCmd(a *app) *cobra.Command {
	opts := &extendOptions{}
	cmd := &cobra.Command{
		Use:   "extend KEY --for DURATION",
		Short: "Wait longer",
		Long: `Extend lengthens the wait an operation is in, so that old and new keys work side
by side for longer, or a key stays switched off longer before it is revoked.`,
		Example: `  keyturn extend payments-stripe-live-001 --for 2h
  keyturn extend payments-stripe-live-001 --for 7d --note "the batch job runs on Sunday"`,
		Args:              needs("KEY"),
		ValidArgsFunction: completeKey(a),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.key = keyturn.KeyID(args[0])
			return runExtend(cmd.Context(), a, opts)
		},
	}
	opts.flags(cmd)
	cmd.Flags().StringVar(&opts.longer, "for", "", "how much longer, as a `DURATION` such as 90m, 2h or 7d")
	return cmd
}

func runExtend(ctx context.Context, a *app, opts *extendOptions) error {
	if opts.longer == "" {
		return usagef("extend %s: say how much longer, such as --for 2h", opts.key)
	}
	d, err := keyturn.ParseDuration(opts.longer)
	if err != nil {
		return usagef("extend %s: --for: %w", opts.key, err)
	}
	if d == 0 {
		return usagef("extend %s: --for must be more than nothing, such as 2h", opts.key)
	}
	return say(ctx, a, workflows.UpdateExtend, &opts.wordOptions, func(w workflows.Word) any {
		return workflows.Extension{Word: w, For: d}
	})
}
