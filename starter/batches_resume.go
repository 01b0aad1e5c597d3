package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn/registry"
)

type batchesResumeOptions struct {
	id                  string
	yes, watch, noWatch bool
}

func newBatchesResumeCmd(a *app) *cobra.Command {
	opts := &batchesResumeOptions{}
	cmd := &cobra.Command{
		Use:   "resume BATCH",
		Short: "Begin the keys of a batch that failed, were skipped or never began",
		Long: `Resume puts the keys of a batch that failed or were skipped back to waiting, also
those whose workflow was terminated, and has all that wait begun. Those that are done
or under way are left alone, so it is safe to repeat; so are those that another batch
has taken over. It is also the way on where a batch was recorded and its start
failed. A key that was replaced since the batch was made is skipped again.

It asks you to type the number of keys. A script says --yes.`,
		Example: `  keyturn batches resume b-h4x2mzk7qa
  keyturn batches resume b-h4x2mzk7qa --yes --watch`,
		Args:              needs("BATCH"),
		ValidArgsFunction: completeBatch(a),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.id = args[0]
			return runBatchesResume(cmd.Context(), a, opts)
		},
	}
	f := cmd.Flags()
	f.BoolVarP(&opts.yes, "yes", "y", false, "do not ask for confirmation")
	f.BoolVarP(&opts.watch, "watch", "w", false, "follow the batch until its keys have ended")
	f.BoolVar(&opts.noWatch, "no-watch", false, "do not follow the batch on a terminal")
	return cmd
}

func runBatchesResume(ctx context.Context, a *app, opts *batchesResumeOptions) (err error) {
	ask := confirmation{command: "batches resume " + opts.id, yes: opts.yes}
	if opts.watch && opts.noWatch {
		return usagef("%s: --watch and --no-watch contradict each other; leave one out", ask.command)
	}
	if err := ask.possible(a); err != nil {
		return err
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
	eng, err := a.engine(ctx, slog.LevelWarn)
	if err != nil {
		return err
	}
	defer eng.Close()
	again, waiting, err := unfinished(ctx, store, eng, b)
	if err != nil {
		return err
	}
	n := len(again) + waiting
	if n == 0 {
		return refusedf("%s: no key of it failed, was skipped or waits; see: keyturn batches show %s", ask.command, b.ID)
	}
	prompt := fmt.Sprintf("%s of batch %s (%s) failed, were skipped or wait.\nType that number to begin them: ", plural(n, "key", "keys"), b.ID, b.Selector)
	if err := ask.typed(ctx, a, prompt, "number", strconv.Itoa(n)); err != nil {
		return err
	}
	for i := range again {
		again[i].State, again[i].Why, again[i].At = registry.BatchWaiting, "", a.now().UTC()
	}
	if len(again) > 0 {
		if err := store.MarkBatch(ctx, b.ID, again); err != nil {
			return fmt.Errorf("%s: %w", ask.command, err)
		}
	}
	if err := eng.startBatch(ctx, b); err != nil {
		return fmt.Errorf("%s: nothing has begun: %w; repeat the command when that is mended", ask.command, err)
	}
	return followBatch(ctx, a, store, b, n, opts.watch || a.live() && !opts.noWatch)
}

// unfinished are the keys of a batch that failed, were skipped or lost their
// workflow, and how many wait.
func unfinished(ctx context.Context, store registry.Store, eng *engine, b registry.Batch) (again []registry.BatchKey, waiting int, err error) {
	for k, err := range store.BatchKeys(ctx, b.ID, "", "") {
		switch {
		case err != nil:
			return nil, 0, err
		case takenOver(k.State, k.Why):
		case k.State == registry.BatchFailed, k.State == registry.BatchSkipped:
			again = append(again, k)
		case k.State == registry.BatchWaiting:
			waiting++
		}
	}
	gone, err := lost(ctx, store, eng, b.ID)
	return append(again, gone...), waiting, err
}
