package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn"
)

type watchOptions struct {
	key      keyturn.KeyID
	run      string
	interval time.Duration
}

func newWatchCmd(a *app) *cobra.Command {
	opts := &watchOptions{}
	cmd := &cobra.Command{
		Use:   "watch KEY",
		Short: "Follow the operation on a key until it ends",
		Long: `Watch shows the phases of the operation on a key as they pass, attempts that
failed and when they are made again, and in the end the result. On a terminal
the display is redrawn in place; elsewhere every change is a line. With
--output json or yaml, progress goes to standard error, and the result is one
document on standard output.

An operation that is planned for later is shown with the time it begins, and
followed from then on. When none is under way, watch tells how the last one ended.
Ctrl-C ends the watching, never the operation. The exit code tells how the
operation ended.

` + exitCodesHelp,
		Example: `  keyturn watch payments-stripe-live-001
  keyturn watch payments-stripe-live-001 --output json | jq -r .result.outcome`,
		Args:              needs("KEY"),
		ValidArgsFunction: completeKey(a),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.key = keyturn.KeyID(args[0])
			return runWatch(cmd.Context(), a, opts)
		},
	}
	cmd.Flags().StringVar(&opts.run, "run", "", "watch this `RUN`, not the latest")
	cmd.Flags().DurationVar(&opts.interval, "interval", 2*time.Second, "how often to look")
	return cmd
}

func runWatch(ctx context.Context, a *app, opts *watchOptions) error {
	if opts.interval < 100*time.Millisecond {
		return usagef("watch %s: --interval must be at least 100ms", opts.key)
	}
	eng, err := a.engine(ctx, slog.LevelError)
	if err != nil {
		return err
	}
	defer eng.Close()
	f := newFollower(a, eng, opts.key, opts.run)
	f.interval = opts.interval
	return f.follow(ctx)
}
