package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/keyturn/keyturn/registry"
)

// TestOffboardIsWatched: without a terminal it is told in lines, and the end is the
// report.
func TestOffboardIsWatched(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		state registry.DepartureState
		code  int
		says  string
	}{
		"done":   {registry.DepartureDone, exitOK, "0 keys replaced or needing nothing, in 0s"},
		"stayed": {registry.DepartureStayed, exitFailed, "they have not left"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := leaving(t)
			d.ends(t, c.state)
			d.expect(t, c.code, "", "offboard", leaver, "--yes", "--watch")
			for _, want := range []string{" of ana@example.com is recorded\n", "2027-03-01T12:00:00Z departure d-", ": no key selected yet\n", c.says} {
				if !strings.Contains(d.stdout.String(), want) {
					t.Errorf("%q is not said:\n%s", want, d.stdout)
				}
			}
		})
	}
}

// TestOffboardLive: on a terminal a departure is followed in place, until it ends.
func TestOffboardLive(t *testing.T) {
	t.Parallel()
	d := leaving(t)
	one := d.worked(t)
	d.term.Out, d.term.Tick = true, time.Second
	d.term.Size = func() (int, int) { return 100, 24 }
	looks := 0
	d.betweenLooks(func() {
		if looks++; looks != 2 {
			return
		}
		one.State, one.Closed = registry.DepartureDone, noon
		if _, err := d.store(t).SaveDeparture(t.Context(), one); err != nil {
			t.Error(err)
		}
	})
	d.expect(t, exitOK, "", "offboard", "show", departureID, "--watch", "--interval", "100ms")
	for _, want := range []string{"\x1b[32m█", "\x1b[31m█", "2 of 6 keys done, 1 failed, 2 skipped, 1 started", "\x1b[9A", "closed with 3 of 6 keys not replaced"} {
		if !strings.Contains(d.stdout.String(), want) {
			t.Errorf("%q is not shown:\n%s", want, d.stdout)
		}
	}
}

// TestDepartureStandsStill: whoever watches a departure that no worker takes up is
// told so.
func TestDepartureStandsStill(t *testing.T) {
	t.Parallel()
	d := leaving(t)
	one := d.left(t)
	s := d.store(t)
	v := &departureView{}
	look := func(after time.Duration) string {
		t.Helper()
		if err := v.see(t.Context(), s, departureID, noon.Add(after)); err != nil {
			t.Fatal(err)
		}
		return v.hint()
	}
	look(0)
	if got := look(30 * time.Second); got != "" {
		t.Errorf("after half a minute: %q", got)
	}
	if got := look(2 * time.Minute); !strings.Contains(got, "nothing has changed for 2m; is keyturn-worker running") {
		t.Errorf("after two minutes: %q", got)
	}
	one.Sessions = noon
	if _, err := s.SaveDeparture(t.Context(), one); err != nil {
		t.Fatal(err)
	}
	if got := look(3 * time.Minute); got != "" {
		t.Errorf("sessions were ended just now: %q", got)
	}
}

func TestDepartureBlock(t *testing.T) {
	t.Parallel()
	now := noon
	none := &departureView{Departure: registry.Departure{ID: departureID, Email: leaver, Origin: "okta", At: noon.Add(-2 * time.Minute), State: registry.DepartureOpen}, still: 2 * time.Minute}
	some := &departureView{Departure: none.Departure, keys: newBatchView(registry.Batch{ID: departureID}, nil)}
	some.Departure.Sessions, some.Departure.Handed = noon.Add(-time.Minute), noon.Add(-30*time.Second)
	some.keys.see([]registry.BatchProgress{progressOf("aws", "123456789012", 4, 1, 1, 0, 0), progressOf("github", "acme", 3, 0, 0, 0, 0)}, now)
	for _, width := range []int{100, 40} {
		var text strings.Builder
		for _, v := range []*departureView{none, some} {
			b := &departureBars{bars{}}
			for _, line := range b.block(v, now, width, 24) {
				if cells(line) > width {
					t.Errorf("%d cells wide, not %d: %q", cells(line), width, line)
				}
				text.WriteString(line + "\n")
			}
			text.WriteString("\n")
		}
		golden(t, fmt.Sprintf("testdata/offboard/block-%d.txt", width), text.String())
	}
}

// TestDepartureHints: whoever waits is told what for.
func TestDepartureHints(t *testing.T) {
	t.Parallel()
	view := func(p registry.BatchProgress, change func(*departureView)) *departureView {
		v := &departureView{Departure: registry.Departure{ID: "d-1", State: registry.DepartureOpen}, keys: newBatchView(registry.Batch{}, nil)}
		v.keys.see([]registry.BatchProgress{p}, noon)
		if change != nil {
			change(v)
		}
		return v
	}
	for name, c := range map[string]struct {
		v    *departureView
		says string
	}{
		"under way":      {view(progressOf("aws", "1", 1, 0, 0, 1, 0), nil), "all have been started"},
		"about to begin": {view(progressOf("aws", "1", 1, 0, 0, 1, 1), nil), ""},
		"nothing moves":  {view(progressOf("aws", "1", 1, 0, 0, 1, 1), func(v *departureView) { v.still = 3 * time.Minute }), "is keyturn-worker running"},
		"tried again":    {view(progressOf("aws", "1", 1, 1, 0, 0, 0), nil), "tried again every few minutes"},
		"no heir":        {view(progressOf("aws", "1", 2, 0, 0, 0, 0), nil), "keyturn offboard successor d-1 EMAIL"},
		"handed over":    {view(progressOf("aws", "1", 2, 0, 0, 0, 0), func(v *departureView) { v.Departure.Handed = noon }), ""},
		"ended":          {view(progressOf("aws", "1", 1, 1, 0, 0, 0), func(v *departureView) { v.Departure.State = registry.DepartureDone }), ""},
	} {
		if got := c.v.hint(); c.says == "" && got != "" || !strings.Contains(got, c.says) {
			t.Errorf("%s: %q, want %q", name, got, c.says)
		}
	}
}
