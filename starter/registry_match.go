package main

import (
	"context"
	"fmt"
	"iter"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/registry/entry"
)

// A match is an entry beside the key that is stored under its id.
type match struct {
	entry  entry.Entry
	stored keyturn.Key // the zero Key when there is none
	// holder is another key in service that has the entry's store path.
	holder keyturn.KeyID
	left   time.Time // when the person whom the file has as owner left; zero if they did not
	// kept says that the file's owner left, and is left out of account; nil if not.
	kept *entry.Finding
}

func (m *match) isNew() bool { return m.stored.ID == "" }

// managed says that Keyturn has begun to issue the key, so that the registry
// and not the file knows its dates.
func (m *match) managed() bool {
	return m.stored.Generation > 0 || len(m.stored.Ledger) > 0 || m.stored.Intent != nil
}

// changes lists what applying the entry would change in a stored key.
func (m *match) changes() []entry.Change { return entry.Diff(m.stored, m.entry) }

// findings are what keeps the entry from being applied to the stored key.
func (m *match) findings() []entry.Finding {
	out := entry.CheckEdit(m.stored, m.entry)
	if m.holder != "" {
		out = append(out, entry.Finding{
			File: m.entry.File(), Line: 1, Column: 1, Field: "storage.vault_path",
			Problem: fmt.Sprintf("of %q is the path of %q, a key in service", m.entry.KeyID, m.holder),
			Mend:    "give each key a path of its own; if that key is moving away, apply its entry first",
		})
	}
	if !m.left.IsZero() && m.kept == nil {
		out = append(out, m.ownerLeft())
	}
	return out
}

const (
	batchSize = 1000 // keys in one transaction
	readers   = 8    // keys read at the same time
)

// batches collects what seq yields into slices that are used anew each time.
func batches[T any](seq iter.Seq[T], size int) iter.Seq[[]T] {
	return func(yield func([]T) bool) {
		batch := make([]T, 0, size)
		for v := range seq {
			if batch = append(batch, v); len(batch) == size {
				if !yield(batch) {
					return
				}
				batch = batch[:0]
			}
		}
		if len(batch) > 0 {
			yield(batch)
		}
	}
}

// lookUp finds the stored keys of a batch of entries.
func lookUp(ctx context.Context, store registry.Store, entries []entry.Entry) ([]match, error) {
	out := make([]match, len(entries))
	gone := newLeavers(store)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(readers)
	for i, e := range entries {
		g.Go(func() (err error) {
			out[i], err = lookUpOne(ctx, store, gone, e)
			return err
		})
	}
	return out, g.Wait()
}

func lookUpOne(ctx context.Context, store registry.Store, gone *leavers, e entry.Entry) (m match, err error) {
	m.entry = e
	if m.left, err = gone.left(ctx, e.OwnerIndividual); err != nil {
		return m, err
	}
	stored, err := store.Get(ctx, keyturn.KeyID(e.KeyID))
	switch {
	case keyturn.KindOf(err) == keyturn.NotFound:
	case err != nil:
		return m, err
	default:
		m.stored = stored
		m.keepOwner()
	}
	want := e.Key().Storage.Secret
	if want.Path == "" || want == m.stored.Storage.Secret {
		return m, nil
	}
	for k, err := range store.Find(ctx, registry.Filter{Path: want.Path}) {
		if err != nil {
			return m, err
		}
		if k.ID != keyturn.KeyID(e.KeyID) && k.Storage.Secret == want {
			m.holder = k.ID
		}
	}
	return m, nil
}
