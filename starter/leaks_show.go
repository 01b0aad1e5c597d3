package main

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn/registry"
)

type leaksShowOptions struct {
	id         string
	all, watch bool
	interval   time.Duration
}

func newLeaksShowCmd(a *app) *cobra.Command {
	opts := &leaksShowOptions{}
	cmd := &cobra.Command{
		Use:   "show LEAK",
		Short: "Show whose a leaked value is, what was done, and what is next",
		Long: `Show prints whose the value is and how that is known, where it was found, when what was
done about it, what the vendor's log shows was done with it, and what comes next. All
of it is read from the registry; the value is not in there. Where there is much, the
first of it is shown unless --all is given; --output json has everything.

With --watch it follows the leak until the value is dead: on a terminal in place,
elsewhere in lines. Ctrl-C ends the watching, never the work.`,
		Example: `  keyturn leaks show l-7hq2mzk4xw3a9bcd
  keyturn leaks show l-7hq2mzk4xw3a9bcd --watch
  keyturn leaks show l-7hq2mzk4xw3a9bcd --output json | jq .uses`,
		Args:              needs("LEAK"),
		ValidArgsFunction: completeLeak(a),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.id = args[0]
			return runLeaksShow(cmd.Context(), a, opts)
		},
	}
	cmd.Flags().BoolVar(&opts.all, "all", false, "every place, and every use")
	cmd.Flags().BoolVarP(&opts.watch, "watch", "w", false, "follow the leak until its value is dead")
	cmd.Flags().DurationVar(&opts.interval, "interval", time.Second, "how often to look")
	return cmd
}

func runLeaksShow(ctx context.Context, a *app, opts *leaksShowOptions) (err error) {
	if opts.interval < 100*time.Millisecond {
		return usagef("leaks show %s: --interval must be at least 100ms", opts.id)
	}
	store, err := a.registry(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	l, err := getLeak(ctx, store, opts.id)
	if err != nil {
		return err
	}
	if opts.watch {
		if l, err = watchLeak(ctx, a, store, opts); err != nil {
			return err
		}
	}
	s, err := readLeakStory(ctx, a, store, l)
	if err != nil {
		return err
	}
	return a.print(s, s.write(a, opts.all))
}

// watchLeak follows a leak to its end.
func watchLeak(ctx context.Context, a *app, store registry.Store, opts *leaksShowOptions) (registry.Leak, error) {
	w := newLeakWatcher(a, store, "show "+opts.id+" --watch", opts.id)
	w.interval = opts.interval
	seen, err := w.watch(ctx)
	if err != nil {
		return registry.Leak{}, err
	}
	return seen[0], nil
}
