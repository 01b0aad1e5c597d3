package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/keyturn/keyturn/registry"
)

// A leakWatcher follows leaks in the registry until their values are dead.
type leakWatcher struct {
	a        *app
	store    registry.Store
	ids      []string
	again    string // the command that shows them later
	interval time.Duration
	timeout  time.Duration // zero for no end
	show     interface {
		show(v *leaksView, now time.Time)
	}
}

func newLeakWatcher(a *app, store registry.Store, again string, ids ...string) *leakWatcher {
	w := &leakWatcher{a: a, store: store, ids: ids, again: again, interval: time.Second, show: &leakLines{w: a.progress()}}
	if a.live() {
		w.show = &leakBlock{w: a.out, size: a.term.Size, paint: painter(true)}
	}
	return w
}

// watch shows the leaks again and again until none is alive, or the time is over, and
// returns how they stand then.
func (w *leakWatcher) watch(ctx context.Context) ([]registry.Leak, error) {
	var over <-chan time.Time
	if w.timeout > 0 {
		timer := time.NewTimer(w.timeout)
		defer timer.Stop()
		over = timer.C
	}
	tick := time.NewTicker(w.interval)
	defer tick.Stop()
	v := &leaksView{leaks: make([]registry.Leak, len(w.ids))}
	for {
		for i, id := range w.ids {
			if endedLeak(v.leaks[i]) && v.leaks[i].ID != "" {
				continue
			}
			l, err := w.store.Leak(ctx, id)
			if err != nil {
				return nil, w.lost(ctx, err)
			}
			v.leaks[i] = l
		}
		v.see(w.a.now())
		w.show.show(v, w.a.now())
		if v.alive == 0 {
			return v.leaks, nil
		}
		select {
		case <-ctx.Done():
			return nil, w.lost(ctx, ctx.Err())
		case <-over:
			return v.leaks, nil
		case <-tick.C:
		}
	}
}

// lost says that the leaks are seen to although nobody watches.
func (w *leakWatcher) lost(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return fmt.Errorf("watching leaks: %w; the work goes on; come back with: keyturn leaks %s", err, w.again)
	}
	_, _ = fmt.Fprintf(w.a.err, "keyturn: stopped watching; the work goes on. Come back with: keyturn leaks %s\n", w.again)
	return silent(exitInterrupted)
}

// A leaksView is how far leaks are at one moment.
type leaksView struct {
	leaks   []registry.Leak
	alive   int
	told    string // what was done about each, as it was seen last
	changed time.Time
	still   time.Duration // for how long nothing has changed
}

func (v *leaksView) see(now time.Time) {
	v.alive = 0
	told := ""
	for _, l := range v.leaks {
		told += fmt.Sprintf("%s %d\n", l.ID, l.Revision)
		if !endedLeak(l) {
			v.alive++
		}
	}
	if told != v.told {
		v.told, v.changed = told, now
	}
	v.still = now.Sub(v.changed)
}

// counts says how many values are alive.
func (v *leaksView) counts() string {
	return fmt.Sprintf("%d of %s dead", len(v.leaks)-v.alive, plural(len(v.leaks), "leaked value", "leaked values"))
}

// hint says what a person should know who waits; empty for nothing.
func (v *leaksView) hint() string {
	if v.alive == 0 || v.still <= time.Minute {
		return ""
	}
	for _, l := range v.leaks {
		if !endedLeak(l) {
			return fmt.Sprintf("nothing has changed for %s; is keyturn-worker running? see what one waits for: keyturn leaks show %s", rough(v.still), l.ID)
		}
	}
	return ""
}

// leakBlock shows how far leaks are, in place.
type leakBlock struct {
	w     io.Writer
	size  func() (width, height int)
	paint painter
	drawn redrawn
}

func (b *leakBlock) show(v *leaksView, now time.Time) {
	width, height := b.size()
	b.drawn.draw(b.w, b.block(v, now, width, height), height)
}

// block renders v, each line at most width cells wide. Where not all fit, those that
// are alive go first.
func (b *leakBlock) block(v *leaksView, now time.Time, width, height int) []string {
	out := []string{cut(v.counts(), width)}
	most := max(height-5, 1)
	shown := 0
	for _, dead := range []bool{false, true} {
		for _, l := range v.leaks {
			if endedLeak(l) != dead || shown == most {
				continue
			}
			shown++
			mark := "·"
			if dead {
				mark = b.paint.green("✓")
			}
			out = append(out, "  "+mark+" "+cut(clean(fmt.Sprintf("%s %s: %s", l.ID, leakOwner(l), leakStage(l, now))), max(width-4, 1)))
		}
	}
	if more := len(v.leaks) - shown; more > 0 {
		out = append(out, cut(fmt.Sprintf("  and %d more", more), width))
	}
	if hint := v.hint(); hint != "" {
		for _, l := range wrap(hint, width, 2) {
			out = append(out, b.paint.yellow(l))
		}
	}
	return out
}

// leakLines tells the same in lines, where nothing can be drawn in place: what has
// changed, and no more often than every ten seconds.
type leakLines struct {
	w          io.Writer
	told, hint string // as they were told last
	at         time.Time
}

func (p *leakLines) show(v *leaksView, now time.Time) {
	hint := v.hint()
	if v.told == p.told && hint == p.hint || v.alive > 0 && !p.at.IsZero() && now.Sub(p.at) < 10*time.Second {
		return
	}
	p.told, p.hint, p.at = v.told, hint, now
	text := v.counts()
	for _, l := range v.leaks[:min(len(v.leaks), 3)] {
		text += "; " + l.ID + " " + leakStage(l, now)
	}
	if hint != "" {
		text += "; " + hint
	}
	_, _ = fmt.Fprintf(p.w, "%s %s\n", now.UTC().Format(time.RFC3339), clean(text))
}
