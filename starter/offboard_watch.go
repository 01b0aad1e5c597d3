package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/keyturn/keyturn/registry"
)

// A departureWatcher follows a departure in the registry until it has ended.
type departureWatcher struct {
	a        *app
	store    registry.Store
	id       string
	interval time.Duration
	show     interface {
		show(v *departureView, now time.Time)
	}
}

func newDepartureWatcher(a *app, store registry.Store, id string) *departureWatcher {
	w := &departureWatcher{a: a, store: store, id: id, interval: time.Second, show: &departureLines{w: a.progress()}}
	if a.live() {
		w.show = &departureBars{bars: bars{w: a.out, size: a.term.Size, paint: painter(true)}}
	}
	return w
}

// watch shows the departure again and again, and in the end how it stands.
func (w *departureWatcher) watch(ctx context.Context) error {
	accounts, err := w.store.Accounts(ctx, w.a.now())
	if err != nil {
		return w.lost(ctx, err)
	}
	v := &departureView{accounts: accounts}
	tick := time.NewTicker(w.interval)
	defer tick.Stop()
	for {
		if err := v.see(ctx, w.store, w.id, w.a.now()); err != nil {
			return w.lost(ctx, err)
		}
		w.show.show(v, w.a.now())
		if v.Departure.State != registry.DepartureOpen {
			return w.end(ctx, v.Departure)
		}
		select {
		case <-ctx.Done():
			return w.lost(ctx, ctx.Err())
		case <-tick.C:
		}
	}
}

// lost says that the departure is worked on although nobody watches.
func (w *departureWatcher) lost(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return fmt.Errorf("watching departure %s: %w; the work goes on; come back with: keyturn offboard show %[1]s --watch", w.id, err)
	}
	_, _ = fmt.Fprintf(w.a.err, "keyturn: stopped watching; the work goes on. Come back with: keyturn offboard show %s --watch\n", w.id)
	return silent(exitInterrupted)
}

// end prints how it stands. Somebody who has not left makes the exit code.
func (w *departureWatcher) end(ctx context.Context, d registry.Departure) error {
	r, err := readDepartureReport(ctx, w.store, d)
	if err != nil {
		return w.lost(ctx, err)
	}
	if err := r.print(w.a); err != nil {
		return err
	}
	if d.State == registry.DepartureStayed {
		return silent(exitFailed)
	}
	return nil
}

// departureBars shows how far a departure is, in place.
type departureBars struct{ bars }

func (b *departureBars) show(v *departureView, now time.Time) {
	width, height := b.size()
	b.drawn.draw(b.w, b.block(v, now, width, height), height)
}

// block renders v, each line at most width cells wide.
func (b *departureBars) block(v *departureView, now time.Time, width, height int) []string {
	d := v.Departure
	out := []string{cut(clean(fmt.Sprintf("departure %s of %s, heard of %s (%s)", d.ID, d.Email, distance(d.At, now), d.Origin)), width)}
	step := func(done bool, text string) {
		mark := "·"
		if done {
			mark = b.paint.green("✓")
		}
		out = append(out, "  "+mark+" "+cut(clean(text), max(width-4, 1)))
	}
	step(!d.Sessions.IsZero(), v.signedOut(now))
	step(!d.Handed.IsZero(), v.handed(now))
	if v.keys == nil {
		step(false, v.counts())
	} else {
		out = append(out, b.accounts(v.keys, width, max(height-8, 1))...)
	}
	return append(out, b.hint(v.hint(), width)...)
}

// departureLines tells the same in lines, where nothing can be drawn in place: what
// has changed, and no more often than every ten seconds.
type departureLines struct {
	w    io.Writer
	told string
	at   time.Time
}

func (l *departureLines) show(v *departureView, now time.Time) {
	d := v.Departure
	told := fmt.Sprintf("departure %s: ", d.ID)
	if !d.Sessions.IsZero() {
		told += "sessions ended, "
	}
	if !d.Handed.IsZero() {
		told += "keys handed over, "
	}
	told += v.counts()
	if hint := v.hint(); hint != "" {
		told += "; " + hint
	}
	over := d.State != registry.DepartureOpen
	if told == l.told || !over && !l.at.IsZero() && now.Sub(l.at) < 10*time.Second {
		return
	}
	l.told, l.at = told, now
	_, _ = fmt.Fprintf(l.w, "%s %s\n", now.UTC().Format(time.RFC3339), clean(told))
}
