package main

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"
)

type batchesShowOptions struct {
	id       string
	watch    bool
	interval time.Duration
}

func newBatchesShowCmd(a *app) *cobra.Command {
	opts := &batchesShowOptions{}
	cmd := &cobra.Command{
		Use:   "show BATCH",
		Short: "Show how far a batch is, and what keeps keys from being done",
		Long: `Show counts the keys of a batch by provider account and by state, and lists those
that failed or were skipped with the reason, 20 of each.

With --watch it follows the batch until all of its keys have ended: on a terminal
as a bar for each account, elsewhere in lines. Ctrl-C ends the watching, never the
batch. The exit code is then 3 if a key was rolled back, and else 1 if one was
skipped or taken over by another batch.`,
		Example: `  keyturn batches show b-h4x2mzk7qa
  keyturn batches show b-h4x2mzk7qa --watch
  keyturn batches show b-h4x2mzk7qa --output json`,
		Args:              needs("BATCH"),
		ValidArgsFunction: completeBatch(a),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.id = args[0]
			return runBatchesShow(cmd.Context(), a, opts)
		},
	}
	cmd.Flags().BoolVarP(&opts.watch, "watch", "w", false, "follow the batch until its keys have ended")
	cmd.Flags().DurationVar(&opts.interval, "interval", time.Second, "how often to look")
	return cmd
}

func runBatchesShow(ctx context.Context, a *app, opts *batchesShowOptions) (err error) {
	if opts.interval < 100*time.Millisecond {
		return usagef("batches show %s: --interval must be at least 100ms", opts.id)
	}
	store, err := a.registry(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	b, err := getBatch(ctx, store, opts.id)
	if err != nil {
		return err
	}
	if opts.watch {
		w := newBatchWatcher(a, store, b)
		w.interval = opts.interval
		return w.watch(ctx)
	}
	r, err := readBatchReport(ctx, store, b, a.now())
	if err != nil {
		return err
	}
	return r.print(a)
}
