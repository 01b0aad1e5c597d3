package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/workflows"
)

func newBatchesCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "batches",
		Short: "Look after rotations of many keys at once",
		Long: `A batch is what "keyturn rotate --selector" makes: the keys that matched then, and
how far each is. Its keys are in one of these states:

    waiting  not begun
    started  its rotation was started; it may wait for its turn at the vendor
    done     it was replaced and the old key ended
    failed   its rotation was rolled back, or another batch took it over
    skipped  it could not begin

All of it is kept in the registry. A batch goes on without anybody watching.`,
		Example: `  keyturn batches list
  keyturn batches show b-h4x2mzk7qa --watch
  keyturn batches resume b-h4x2mzk7qa`,
		Args: group,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newBatchesListCmd(a), newBatchesShowCmd(a), newBatchesResumeCmd(a), newBatchesStopCmd(a))
	return cmd
}

// completeBatch offers the ids of the last batches.
func completeBatch(a *app) cobra.CompletionFunc {
	return completeFrom(a, func(ctx context.Context, store registry.Store, typed string) []cobra.Completion {
		const most = 100
		batches, err := store.Batches(ctx, most)
		if err != nil {
			return nil
		}
		var out []cobra.Completion
		for _, b := range batches {
			if strings.HasPrefix(b.ID, typed) {
				out = append(out, cobra.CompletionWithDesc(clean(b.ID), clean(distance(b.At, a.now())+", "+b.Selector)))
			}
		}
		return out
	})
}

// getBatch reads a batch and says where to look when there is none.
func getBatch(ctx context.Context, store registry.Store, id string) (registry.Batch, error) {
	b, err := store.Batch(ctx, id)
	if keyturn.KindOf(err) == keyturn.NotFound {
		return b, refusedf("no batch %q in the registry; see: keyturn batches list", id)
	}
	return b, err
}

// batchTimeout bounds calls about a batch: the client itself would try for ever.
const batchTimeout = 30 * time.Second

// startBatch has the waiting keys of a batch begun, by the workflow that runs, or
// else by a new one. Temporal shows its reason in plain text, and no more of it.
func (e *engine) startBatch(ctx context.Context, b registry.Batch) error {
	ctx, cancel := context.WithTimeout(ctx, batchTimeout)
	defer cancel()
	opts, in := workflows.BatchOptions(b, e.config.TaskQueue)
	_, err := e.SignalWithStartWorkflow(ctx, opts.ID, workflows.SignalResume, nil, opts, workflows.RotateBatch, in)
	return e.explain(err)
}

// stopBatch cancels what begins the keys of a batch, if it still does, and waits
// until it has ended: what it was about to begin has begun by then.
func (e *engine) stopBatch(ctx context.Context, id string) error {
	ctx, cancel := context.WithTimeout(ctx, batchTimeout)
	defer cancel()
	err := e.CancelWorkflow(ctx, workflows.BatchWorkflowID(id), "")
	var missing *serviceerror.NotFound
	if errors.As(err, &missing) {
		return nil // it has ended
	}
	if err != nil {
		return e.explain(err)
	}
	for {
		d, err := e.DescribeWorkflowExecution(ctx, workflows.BatchWorkflowID(id), "")
		switch {
		case errors.As(err, &missing):
			return nil
		case err != nil:
			return e.explain(err)
		case d.GetWorkflowExecutionInfo().GetStatus() != enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING:
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("it was told to stop and has not ended; no worker may be running: %w", ctx.Err())
		case <-time.After(200 * time.Millisecond):
		}
	}
}
