package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/registry"
)

func newBatchesStopCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "stop BATCH",
		Short: "Begin no more keys of a batch",
		Long: `Stop skips the keys of a batch that wait, and calls off the rotations that are
planned for later: nothing has begun there, so nothing is undone. Rotations that
have begun go on; "keyturn abort KEY" undoes one of them, and "keyturn providers
pause" stops an account. A few keys may still begin in the moment it takes.

"keyturn batches resume" takes it back.`,
		Example:           `  keyturn batches stop b-h4x2mzk7qa`,
		Args:              needs("BATCH"),
		ValidArgsFunction: completeBatch(a),
		RunE:              func(cmd *cobra.Command, args []string) error { return runBatchesStop(cmd.Context(), a, args[0]) },
	}
}

// A stoppedBatch is what stop prints.
type stoppedBatch struct {
	Batch   string `json:"batch"`
	Stopped int    `json:"stopped"`    // keys that were not started
	Off     int    `json:"called_off"` // keys that were planned for later
	Started int    `json:"started"`    // keys that go on
}

func runBatchesStop(ctx context.Context, a *app, id string) (err error) {
	store, err := a.registry(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	b, err := getBatch(ctx, store, id)
	if err != nil {
		return err
	}
	s := stoppedBatch{Batch: b.ID}
	// What begins the keys is stopped first, so that none begins behind the back of
	// what follows. Without Temporal they are skipped all the same.
	eng, err := a.engine(ctx, slog.LevelWarn)
	if err != nil {
		return err
	}
	defer eng.Close()
	stopErr := eng.stopBatch(ctx, b.ID)
	if err := s.skip(ctx, a, store); err != nil {
		return fmt.Errorf("batches stop %s: %w", b.ID, err)
	}
	if stopErr == nil {
		stopErr = s.callOff(ctx, store, eng)
	}
	if stopErr != nil {
		return fmt.Errorf("batches stop %s: %s skipped, but Temporal could not be told: %w; repeat the command when that is mended", b.ID, plural(s.Stopped, "key is", "keys are"), stopErr)
	}
	return a.print(s, func(w io.Writer) error {
		_, _ = fmt.Fprintf(w, "batch %s is stopped: %s not started, %d planned and called off, %d begun and going on\n", s.Batch, plural(s.Stopped, "key", "keys"), s.Off, s.Started)
		if s.Started > 0 {
			_, _ = fmt.Fprintln(w, "call one of those off with: keyturn abort KEY")
		}
		if s.Stopped+s.Off > 0 {
			_, _ = fmt.Fprintf(w, "begin the rest after all with: keyturn batches resume %s\n", s.Batch)
		}
		return nil
	})
}

// skip skips the keys that wait.
func (s *stoppedBatch) skip(ctx context.Context, a *app, store registry.Store) error {
	var skipped []registry.BatchKey
	for k, err := range store.BatchKeys(ctx, s.Batch, registry.BatchWaiting, "") {
		if err != nil {
			return err
		}
		skipped = append(skipped, registry.BatchKey{Key: k.Key, State: registry.BatchSkipped, Why: activities.SkipStopped, At: a.now().UTC()})
	}
	s.Stopped = len(skipped)
	return store.MarkBatch(ctx, s.Batch, skipped)
}

// callOff calls off what is planned for later, and counts what goes on.
func (s *stoppedBatch) callOff(ctx context.Context, store registry.Store, eng *engine) (err error) {
	if s.Off, err = callOffPlanned(ctx, store, eng, s.Batch); err != nil {
		return err
	}
	progress, err := store.BatchProgress(ctx, s.Batch)
	for _, p := range progress {
		s.Started += p.Started
	}
	s.Started = max(s.Started-s.Off, 0) // a worker closes them in a moment
	return err
}
