package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// TestLeakIsWatched: without a terminal it is told in lines, and the end is the story.
func TestLeakIsWatched(t *testing.T) {
	t.Parallel()
	d := leaky(t)
	l := d.leaked(t, dead)
	d.expect(t, exitOK, "", "leaks", "show", leakID, "--watch")
	for _, want := range []string{"2027-03-01T12:00:00Z 1 of 1 leaked value dead; " + leakID + " dead, 15s after it was told of\n", "\nleak ", "next: nothing\n"} {
		if !strings.Contains("\n"+d.stdout.String(), want) {
			t.Errorf("%q is not said of %s:\n%s", want, l.ID, d.stdout)
		}
	}
}

// TestLeakLive: on a terminal a leak is followed in place, until it is dead.
func TestLeakLive(t *testing.T) {
	t.Parallel()
	d := leaky(t)
	l := d.leaked(t, triaged)
	d.term.Out, d.term.Tick = true, time.Second
	d.term.Size = func() (int, int) { return 100, 24 }
	time.AfterFunc(150*time.Millisecond, func() {
		dead(&l)
		if _, err := d.store(t).SaveLeak(context.Background(), l); err != nil {
			t.Error(err)
		}
	})
	d.expect(t, exitOK, "", "leaks", "show", leakID, "--watch", "--interval", "100ms")
	for _, want := range []string{"0 of 1 leaked value dead\n  · " + leakID + " search-aws: being replaced\n", "\x1b[2A\r\x1b[J1 of 1 leaked value dead\n  \x1b[32m✓\x1b[0m "} {
		if !strings.Contains(d.stdout.String(), want) {
			t.Errorf("%q is not shown:\n%q", want, d.stdout)
		}
	}
}

// TestLeakWatchIsLeft: whoever leaves is told how to come back.
func TestLeakWatchIsLeft(t *testing.T) {
	t.Parallel()
	d := leaky(t)
	d.leaked(t)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(200*time.Millisecond, cancel)
	code := run(ctx, d.app, []string{"leaks", "show", leakID, "--watch"})
	if want := "stopped watching; the work goes on. Come back with: keyturn leaks show " + leakID + " --watch\n"; code != exitInterrupted || !strings.Contains(d.stderr.String(), want) {
		t.Errorf("exit code %d:\n%s", code, d.stderr)
	}
	w := newLeakWatcher(d.app, d.store(t), "list", "l-none")
	if _, err := w.watch(t.Context()); keyturn.KindOf(err) != keyturn.NotFound || !strings.Contains(err.Error(), "come back with: keyturn leaks list") {
		t.Errorf("a leak that is not there: %v", err)
	}
}

func manyLeaks(n int) *leaksView {
	v := &leaksView{}
	for i := range n {
		l := registry.Leak{ID: fmt.Sprint("l-", i), Key: keyturn.KeyID(fmt.Sprint("team-service-key-", i)), State: registry.LeakOpen, At: noon.Add(-time.Minute), Revision: 1}
		if i%3 == 0 {
			l.Dead = noon
		}
		v.leaks = append(v.leaks, l)
	}
	v.see(noon)
	return v
}

func TestLeakBlock(t *testing.T) {
	t.Parallel()
	for _, width := range []int{100, 40} {
		var text strings.Builder
		for _, v := range []*leaksView{manyLeaks(2), manyLeaks(30)} {
			v.see(noon.Add(2 * time.Minute))
			b := &leakBlock{}
			lines := b.block(v, noon.Add(2*time.Minute), width, 12)
			if len(lines) >= 12 {
				t.Errorf("%d lines on a screen of 12", len(lines))
			}
			for _, line := range lines {
				if cells(line) > width {
					t.Errorf("%d cells wide, not %d: %q", cells(line), width, line)
				}
				text.WriteString(line + "\n")
			}
			text.WriteString("\n")
		}
		golden(t, fmt.Sprintf("testdata/leaks/block-%d.txt", width), text.String())
	}
}

// TestLeakLines tells what has changed, and not more often than every ten seconds.
func TestLeakLines(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	lines := &leakLines{w: &out}
	v := manyLeaks(2)
	told := func(after time.Duration) int {
		v.see(noon.Add(after))
		lines.show(v, noon.Add(after))
		return strings.Count(out.String(), "\n")
	}
	for _, step := range []struct {
		after time.Duration
		do    func()
		want  int
	}{
		{0, func() {}, 1},
		{20 * time.Second, func() {}, 1},
		{21 * time.Second, func() { v.leaks[1].Revision++ }, 2},
		{22 * time.Second, func() { v.leaks[1].Revision++ }, 2},
		{40 * time.Second, func() {}, 3},
		{3 * time.Minute, func() {}, 4}, // it stands still
		{3*time.Minute + time.Second, func() { v.leaks[1].Dead = noon; v.leaks[1].Revision++ }, 5},
	} {
		step.do()
		if got := told(step.after); got != step.want {
			t.Errorf("after %s: %d lines, want %d:\n%s", step.after, got, step.want, &out)
		}
	}
	if !strings.Contains(out.String(), "nothing has changed for 2m38s; is keyturn-worker running?") {
		t.Errorf("nobody is told that it stands still:\n%s", &out)
	}
}
