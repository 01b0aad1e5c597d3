package main

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"
)

type offboardShowOptions struct {
	name     string
	watch    bool
	interval time.Duration
}

func newOffboardShowCmd(a *app) *cobra.Command {
	opts := &offboardShowOptions{}
	cmd := &cobra.Command{
		Use:   "show DEPARTURE",
		Short: "Show how far a departure is, and what is in the way",
		Long: `Show prints how a departure was heard of, what was ended, who got which key, how far
the keys of each provider account are, and for each key that is open, why. Keys that
were never issued have nothing to replace; "keyturn offboard report" has them, too.

With --watch it follows the departure until it has ended: on a terminal as a bar for
each account, elsewhere in lines. Ctrl-C ends the watching, never the work. The exit
code is then 1 if they have not left after all.`,
		Example: `  keyturn offboard show d-7hq2mzk4xw3a9bcd
  keyturn offboard show ana@example.com --watch
  keyturn offboard show ana@example.com --output json`,
		Args:              needs("DEPARTURE"),
		ValidArgsFunction: completeDeparture(a),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.name = args[0]
			return runOffboardShow(cmd.Context(), a, opts)
		},
	}
	cmd.Flags().BoolVarP(&opts.watch, "watch", "w", false, "follow the departure until it has ended")
	cmd.Flags().DurationVar(&opts.interval, "interval", time.Second, "how often to look")
	return cmd
}

func runOffboardShow(ctx context.Context, a *app, opts *offboardShowOptions) (err error) {
	if opts.interval < 100*time.Millisecond {
		return usagef("offboard show %s: --interval must be at least 100ms", opts.name)
	}
	store, err := a.registry(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	d, err := getDeparture(ctx, store, opts.name)
	if err != nil {
		return err
	}
	if opts.watch {
		w := newDepartureWatcher(a, store, d.ID)
		w.interval = opts.interval
		return w.watch(ctx)
	}
	r, err := readDepartureReport(ctx, store, d)
	if err != nil {
		return err
	}
	return r.print(a)
}
