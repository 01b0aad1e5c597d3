package main

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/rivo/uniseg"

	"github.com/keyturn/keyturn"
)

// clean makes text safe for a terminal: whatever does not print, such as an
// escape sequence in a note, becomes a question mark.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || unicode.IsGraphic(r) {
			return r
		}
		return '?'
	}, s)
}

// plainText refuses what does not print and what is too long for one line.
func plainText(flag, s string) error {
	const most = 500
	if clean(s) != s {
		return usagef("%s: one line of plain text, please", flag)
	}
	if len(s) > most {
		return usagef("%s: at most %d bytes, not %d", flag, most, len(s))
	}
	return nil
}

// cut shortens s to width terminal cells.
func cut(s string, width int) string {
	if width <= 0 || cells(s) <= width {
		return s
	}
	var b strings.Builder
	left := width - 1
	for g := uniseg.NewGraphemes(s); g.Next() && g.Width() <= left; left -= g.Width() {
		b.WriteString(g.Str())
	}
	return b.String() + "…"
}

// wrap breaks s between words into at most so many lines of width cells.
func wrap(s string, width, most int) []string {
	var out []string
	line := ""
	for _, word := range strings.Fields(s) {
		switch {
		case line == "":
			line = word
		case len(out) == most-1 || cells(line)+1+cells(word) <= width:
			line += " " + word
		default:
			out, line = append(out, cut(line, width)), word
		}
	}
	return append(out, cut(line, width))
}

// stamp prints a time in UTC with its distance from now; "-" for none.
func stamp(t, now time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(time.RFC3339) + " (" + distance(t, now) + ")"
}

// distance prints how far t is from now: "3d ago", "in 5m", "now".
func distance(t, now time.Time) string {
	d := t.Sub(now)
	switch {
	case d > -time.Second && d < time.Second:
		return "now"
	case d < 0:
		return rough(-d) + " ago"
	}
	return "in " + rough(d)
}

// rough prints a duration with the precision people think in.
func rough(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d < time.Second:
		return "0s"
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d/time.Second))
	case d < time.Hour:
		return two(int(d/time.Minute), "m", int(d%time.Minute/time.Second), "s", d < 10*time.Minute)
	case d < 2*day:
		return two(int(d/time.Hour), "h", int(d%time.Hour/time.Minute), "m", true)
	}
	return fmt.Sprintf("%dd", int(d/day))
}

func two(a int, unitA string, b int, unitB string, both bool) string {
	if !both || b == 0 {
		return fmt.Sprintf("%d%s", a, unitA)
	}
	return fmt.Sprintf("%d%s%d%s", a, unitA, b, unitB)
}

// span prints a policy's duration as people write it: 15m, not 15m0s.
func span(d keyturn.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// parseWhen reads a date, a time, or a duration from now such as 7d.
func parseWhen(s string, now time.Time) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	d, err := keyturn.ParseDuration(s)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is neither a duration such as 7d nor a date such as 2027-01-31", s)
	}
	return now.Add(time.Duration(d)), nil
}

// plural counts things: "1 key", "2 keys".
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// dash stands in for nothing in a table.
func dash(s string) string {
	if s == "" {
		return "-"
	}
	return clean(s)
}

// cells counts how many terminal cells s takes.
func cells(s string) int { return uniseg.StringWidth(s) }
