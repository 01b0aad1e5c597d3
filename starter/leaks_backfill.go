package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/spf13/cobra"
	"go.temporal.io/api/serviceerror"

	"github.com/keyturn/keyturn/workflows"
)

type leaksBackfillOptions struct{ dryRun, wait bool }

func newLeaksBackfillCmd(a *app) *cobra.Command {
	opts := &leaksBackfillOptions{}
	cmd := &cobra.Command{
		Use:   "backfill",
		Short: "Make the fingerprints that keys lack",
		Long: `Backfill has a worker read the values of keys from their stores and make the
fingerprints that are lacking: of keys that were issued before there was a fingerprint
key or by an older version, and of those that were adopted. Until then their values are
not recognised. Run it once after fingerprint_key_file was set on the workers; it may
be repeated at any time.

With --wait, and with --dry-run, it follows until the end and names keys whose value
cannot be read. Ctrl-C ends the watching, never the work; give the command again to go
on watching.`,
		Example: `  keyturn leaks backfill --dry-run
  keyturn leaks backfill --wait
  keyturn leaks backfill --wait --output json`,
		Args: needs(),
		RunE: func(cmd *cobra.Command, _ []string) error { return runLeaksBackfill(cmd.Context(), a, opts) },
	}
	cmd.Flags().BoolVar(&opts.dryRun, "dry-run", false, "only count the keys that lack some, change nothing")
	cmd.Flags().BoolVar(&opts.wait, "wait", false, "follow it until it ends")
	return cmd
}

// A backfill is what backfill prints.
type backfill struct {
	DryRun   bool   `json:"dry_run"`
	Workflow string `json:"workflow"`
	Run      string `json:"run"`
	Joined   bool   `json:"joined"` // it was under way already
	// Result is nil where nobody waited for it.
	Result *workflows.FillResult `json:"result,omitempty"`
}

func runLeaksBackfill(ctx context.Context, a *app, opts *leaksBackfillOptions) error {
	actor, err := a.actor()
	if err != nil {
		return err
	}
	eng, err := a.engine(ctx, slog.LevelWarn)
	if err != nil {
		return err
	}
	defer eng.Close()
	b, err := eng.startFill(ctx, actor, opts.dryRun)
	if err != nil {
		return fmt.Errorf("leaks backfill: %w", err)
	}
	if opts.wait || opts.dryRun {
		if err := b.begun(a.progress(), true); err != nil {
			return err
		}
		if b.Result, err = newFillWatcher(a, eng, b).watch(ctx); err != nil {
			return err
		}
	}
	return a.print(b, func(w io.Writer) error {
		if b.Result == nil {
			return b.begun(w, false)
		}
		return b.end(w)
	})
}

// startFill has the fingerprints made that are lacking, or finds out that they are
// being made. A dry run keeps nobody from making them.
func (e *engine) startFill(ctx context.Context, actor string, dryRun bool) (*backfill, error) {
	ctx, cancel := context.WithTimeout(ctx, batchTimeout)
	defer cancel()
	opts, in := workflows.FillOptions(actor, dryRun, e.config.TaskQueue)
	if dryRun {
		opts.ID += "/dry-run"
	}
	b := &backfill{DryRun: dryRun, Workflow: opts.ID}
	d, err := e.DescribeWorkflowExecution(ctx, opts.ID, "")
	var missing *serviceerror.NotFound
	switch {
	case err == nil && isRunning(d):
		b.Run, b.Joined = d.GetWorkflowExecutionInfo().GetExecution().GetRunId(), true
		return b, nil
	case err != nil && !errors.As(err, &missing):
		return nil, e.explain(err)
	}
	run, err := e.ExecuteWorkflow(ctx, opts, workflows.FillFingerprints, in)
	if err != nil {
		return nil, e.explain(err)
	}
	b.Run = run.GetRunID()
	return b, nil
}

// begun says that it has begun.
func (b *backfill) begun(w io.Writer, watched bool) error {
	how := "has started"
	if b.Joined {
		how = "is under way already"
	}
	_, _ = fmt.Fprintf(w, "making fingerprints %s (run %s); workers read the values from their stores\n", how, b.Run)
	if !watched {
		_, _ = fmt.Fprintln(w, "follow it with: "+b.again())
	}
	return nil
}

// again is the command that follows it later.
func (b *backfill) again() string {
	if b.DryRun {
		return "keyturn leaks backfill --dry-run"
	}
	return "keyturn leaks backfill --wait"
}

// end says what was done.
func (b *backfill) end(w io.Writer) error {
	r := b.Result
	lacking := "lacked some and have them now"
	if b.DryRun {
		lacking = "lack some"
	}
	_, _ = fmt.Fprintf(w, "%s looked at: %d %s; the value of %d cannot be read\n", plural(r.Keys, "key", "keys"), r.Filled, lacking, r.Unread)
	if r.Unread > 0 {
		_, _ = fmt.Fprintf(w, "not read: %s; look whether the store has their value, and whether workers may read it\n", unreadKeys(r))
	}
	return nil
}

// unreadKeys names keys whose value cannot be read.
func unreadKeys(r *workflows.FillResult) string {
	out := someKeys(r.Some)
	if more := r.Unread - len(r.Some); more > 0 {
		out += fmt.Sprintf(" and %d more", more)
	}
	return out
}
