package main

import (
	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn"
)

func newManualExtendCmd(a *app) *cobra.Command {
	opts := &extendOptions{}
	cmd := &cobra.Command{
		Use:   "extend KEY --for DURATION",
		Short: "Give a step more time",
		Long: `Extend moves the day a step by hand is due, on the ticket as well, and with it
the reminders.`,
		Example:           `  keyturn manual extend partner-portal-001 --for 3d --note "the partner answers on Monday"`,
		Args:              needs("KEY"),
		ValidArgsFunction: completeWaiting(a),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.key = keyturn.KeyID(args[0])
			if _, _, err := a.waiting(cmd.Context(), "manual extend", opts.key); err != nil {
				return err
			}
			return runExtend(cmd.Context(), a, opts)
		},
	}
	opts.flags(cmd)
	cmd.Flags().StringVar(&opts.longer, "for", "", "how much longer, as a `DURATION` such as 12h or 3d")
	return cmd
}

func newManualCancelCmd(a *app) *cobra.Command {
	opts := &abortOptions{}
	cmd := &cobra.Command{
		Use:   "cancel KEY",
		Short: "Call off an operation that waits for a person",
		Long: `Cancel undoes the operation: consumers stay on the old key, and its ticket is
closed with the reason. If a new key was supplied already, a person is asked to
end it. Once somebody was asked to end the old key it is refused, because that
key may be dead.`,
		Example:           `  keyturn manual cancel partner-portal-001 --note "the contract ends this month"`,
		Args:              needs("KEY"),
		ValidArgsFunction: completeWaiting(a),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.key = keyturn.KeyID(args[0])
			if _, _, err := a.waiting(cmd.Context(), "manual cancel", opts.key); err != nil {
				return err
			}
			return runAbort(cmd.Context(), a, opts)
		},
	}
	opts.flags(cmd)
	return cmd
}
