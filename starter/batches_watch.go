package main

import (
	"context"
	"fmt"
	"time"

	"github.com/keyturn/keyturn/registry"
)

// A batchWatcher follows a batch in the registry until all of its keys have ended.
type batchWatcher struct {
	a        *app
	store    registry.Store
	batch    registry.Batch
	interval time.Duration
	show     interface {
		show(v *batchView, now time.Time)
	}
}

func newBatchWatcher(a *app, store registry.Store, b registry.Batch) *batchWatcher {
	w := &batchWatcher{a: a, store: store, batch: b, interval: time.Second, show: &batchLines{w: a.progress()}}
	if a.live() {
		w.show = &bars{w: a.out, size: a.term.Size, paint: painter(true)}
	}
	return w
}

// watch shows the batch again and again, and in the end the report.
func (w *batchWatcher) watch(ctx context.Context) error {
	accounts, err := w.store.Accounts(ctx, w.a.now())
	if err != nil {
		return w.lost(ctx, err)
	}
	v := newBatchView(w.batch, accounts)
	tick := time.NewTicker(w.interval)
	defer tick.Stop()
	for {
		progress, err := w.store.BatchProgress(ctx, w.batch.ID)
		if err != nil {
			return w.lost(ctx, err)
		}
		v.see(progress, w.a.now())
		w.show.show(v, w.a.now())
		if v.Total.Open() == 0 {
			return w.end(ctx)
		}
		select {
		case <-ctx.Done():
			return w.lost(ctx, ctx.Err())
		case <-tick.C:
		}
	}
}

// lost says that the batch goes on although nobody watches it.
func (w *batchWatcher) lost(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return fmt.Errorf("watching batch %s: %w; the batch goes on; come back with: keyturn batches show %[1]s --watch", w.batch.ID, err)
	}
	_, _ = fmt.Fprintf(w.a.err, "keyturn: stopped watching; the batch goes on. Come back with: keyturn batches show %s --watch; call the rest off with: keyturn batches stop %[1]s\n", w.batch.ID)
	return silent(exitInterrupted)
}

// end prints the report. Keys that failed or were skipped make the exit code.
func (w *batchWatcher) end(ctx context.Context) error {
	r, err := readBatchReport(ctx, w.store, w.batch, w.a.now())
	if err != nil {
		return w.lost(ctx, err)
	}
	if err := r.print(w.a); err != nil {
		return err
	}
	if code := r.code(); code != exitOK {
		return silent(code)
	}
	return nil
}
