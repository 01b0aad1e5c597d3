package main

import (
	"strings"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
)

func TestDistance(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for want, d := range map[string]time.Duration{
		"now": 0, "in 5s": 5 * time.Second, "5s ago": -5*time.Second - 300*time.Millisecond,
		"in 1m30s": 90 * time.Second, "in 12m": 12*time.Minute + 5*time.Second, "2h5m ago": -125 * time.Minute, "in 3h": 3 * time.Hour,
		"in 47h59m": 2*day - time.Minute, "in 2d": 2 * day, "400d ago": -400 * day,
	} {
		if got := distance(noon.Add(d), noon); got != want {
			t.Errorf("distance of %s is %q, want %q", d, got, want)
		}
	}
	if got := stamp(time.Time{}, noon); got != "-" {
		t.Errorf("no time is %q", got)
	}
	east := time.FixedZone("east", 2*60*60)
	if got, want := stamp(noon.In(east), noon), "2027-03-01T12:00:00Z (now)"; got != want {
		t.Errorf("stamp is %q, want %q", got, want)
	}
}

func TestSpan(t *testing.T) {
	t.Parallel()
	for want, d := range map[string]time.Duration{"15m": 15 * time.Minute, "2h": 2 * time.Hour, "1h30m": 90 * time.Minute, "90s": 0, "1d": 24 * time.Hour} {
		if want == "90s" {
			d, want = 90*time.Second, "1m30s"
		}
		if got := span(keyturn.Duration(d)); got != want {
			t.Errorf("span(%s) is %q, want %q", d, got, want)
		}
	}
}

func TestParseWhen(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]time.Time{
		"7d": noon.AddDate(0, 0, 7), "90m": noon.Add(90 * time.Minute),
		"2027-01-31": time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC), "2027-01-31T08:00:00Z": time.Date(2027, 1, 31, 8, 0, 0, 0, time.UTC),
	} {
		if got, err := parseWhen(in, noon); err != nil || !got.Equal(want) {
			t.Errorf("parseWhen(%q) is %v, %v; want %v", in, got, err, want)
		}
	}
	for _, in := range []string{"", "soon", "2027-13-01", "-7d"} {
		if got, err := parseWhen(in, noon); err == nil {
			t.Errorf("parseWhen(%q) is %v", in, got)
		}
	}
}

func TestCutAndClean(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in    string
		width int
		want  string
	}{{"abcdef", 6, "abcdef"}, {"abcdef", 4, "abc…"}, {"鍵鍵鍵", 5, "鍵鍵…"}, {"鍵鍵鍵", 4, "鍵…"}, {"abc", 0, "abc"}, {"abc", 1, "…"}} {
		if got := cut(c.in, c.width); got != c.want {
			t.Errorf("cut(%q, %d) is %q, want %q", c.in, c.width, got, c.want)
		}
	}
	for want, width := range map[string]int{"one two three": 20, "one two|three": 7, "one|two|th…": 3, "one|two|three": 5, "…|…|…": 1} {
		if got := strings.Join(wrap("one two  three", width, 3), "|"); got != want {
			t.Errorf("wrapped at %d: %q, want %q", width, got, want)
		}
	}
	if got := clean("a\x1b[2J\tb\u202ec"); got != "a?[2J?b?c" {
		t.Errorf("clean lets through %q", got)
	}
}
