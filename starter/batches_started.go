package main

import (
	"context"
	"errors"
	"sync"

	"go.temporal.io/api/serviceerror"
	"golang.org/x/sync/errgroup"

	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/workflows"
)

// eachStarted looks in Temporal at the keys of a batch that were started, several at
// a time, and returns those that are wanted. open is nil where no operation is
// under way.
func eachStarted(ctx context.Context, store registry.Store, eng *engine, id string, want func(context.Context, registry.BatchKey, *opened) (bool, error)) ([]registry.BatchKey, error) {
	var mu sync.Mutex
	var out []registry.BatchKey
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(8)
	for k, err := range store.BatchKeys(inner, id, registry.BatchStarted, "") {
		if err != nil {
			return nil, errors.Join(err, group.Wait())
		}
		group.Go(func() error {
			open, err := eng.open(inner, k.Key, "")
			if err != nil {
				return err
			}
			ok, err := want(inner, k, open)
			if ok {
				mu.Lock()
				out = append(out, k)
				mu.Unlock()
			}
			return err
		})
	}
	return out, group.Wait()
}

// callOffPlanned calls off the rotations of a batch that are planned for later.
func callOffPlanned(ctx context.Context, store registry.Store, eng *engine, id string) (int, error) {
	off, err := eachStarted(ctx, store, eng, id, func(ctx context.Context, k registry.BatchKey, open *opened) (bool, error) {
		if !open.planned() || open.Batch != id {
			return false, nil
		}
		err := eng.CancelWorkflow(ctx, workflows.KeyWorkflowID(k.Key), open.Run)
		var missing *serviceerror.NotFound
		if errors.As(err, &missing) {
			return false, nil
		}
		return err == nil, eng.explain(err)
	})
	return len(off), err
}

// lost are the keys of a batch that were started, and whose workflow ended without
// a word in the registry, as after a terminate.
func lost(ctx context.Context, store registry.Store, eng *engine, id string) ([]registry.BatchKey, error) {
	return eachStarted(ctx, store, eng, id, func(_ context.Context, _ registry.BatchKey, open *opened) (bool, error) {
		return open == nil, nil
	})
}
