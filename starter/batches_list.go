package main

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn/registry"
)

func newBatchesListCmd(a *app) *cobra.Command {
	limit := 20
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the last batches",
		Long: `List shows the last batches, the newest first, and how many of their keys are done,
failed, skipped, and not at an end.`,
		Example: `  keyturn batches list
  keyturn batches list --limit 5 --output json`,
		Args: needs(),
		RunE: func(cmd *cobra.Command, _ []string) error { return runBatchesList(cmd.Context(), a, limit) },
	}
	cmd.Flags().IntVar(&limit, "limit", 20, "at most `N` batches")
	return cmd
}

// A batchHead is a batch and how many of its keys are in which state.
type batchHead struct {
	Batch    string    `json:"batch"`
	Made     time.Time `json:"made"`
	Actor    string    `json:"actor"`
	Reason   string    `json:"reason"`
	Note     string    `json:"note,omitempty"`
	Selector string    `json:"selector"`
	Now      bool      `json:"now,omitempty"`
	Keys     int       `json:"keys"`
	batchCounts
}

type batchCounts struct {
	Done    int `json:"done"`
	Failed  int `json:"failed"`
	Skipped int `json:"skipped"`
	Started int `json:"started"`
	Waiting int `json:"waiting"`
}

func (c *batchCounts) open() int { return c.Started + c.Waiting }

// row is the counts as cells of a table.
func (c *batchCounts) row() []string {
	var out []string
	for _, n := range []int{c.Done, c.Failed, c.Skipped, c.Started, c.Waiting} {
		out = append(out, strconv.Itoa(n))
	}
	return out
}

func (c *batchCounts) add(p registry.BatchProgress) {
	c.Done += p.Done
	c.Failed += p.Failed
	c.Skipped += p.Skipped
	c.Started += p.Started
	c.Waiting += p.Waiting
}

func headOf(b registry.Batch) batchHead {
	return batchHead{Batch: b.ID, Made: b.At, Actor: b.Actor, Reason: b.Reason, Note: b.Note, Selector: b.Selector, Now: b.Now, Keys: b.Keys}
}

func runBatchesList(ctx context.Context, a *app, limit int) (err error) {
	if limit < 1 {
		return usagef("batches list: --limit must be at least 1")
	}
	store, err := a.registry(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	batches, err := store.Batches(ctx, limit)
	if err != nil {
		return err
	}
	head := []string{"BATCH", "MADE", "BY", "REASON", "KEYS", "DONE", "FAILED", "SKIPPED", "STARTED", "WAITING", "SELECTOR"}
	out := newLister(a, head, func(h *batchHead) []string {
		row := []string{h.Batch, stamp(h.Made, a.now()), dash(h.Actor), h.Reason, strconv.Itoa(h.Keys)}
		return append(append(row, h.row()...), h.Selector)
	})
	for _, b := range batches {
		h := headOf(b)
		progress, err := store.BatchProgress(ctx, b.ID)
		if err != nil {
			return err
		}
		for _, p := range progress {
			h.add(p)
		}
		if err := out.add(&h); err != nil {
			return err
		}
	}
	return out.end("no batch was made; see: keyturn rotate --help")
}
