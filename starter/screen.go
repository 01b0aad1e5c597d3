package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/keyturn/keyturn/workflows"
)

// painter colours text, or leaves it alone.
type painter bool

func (p painter) green(s string) string  { return p.paint("32", s) }
func (p painter) red(s string) string    { return p.paint("31", s) }
func (p painter) yellow(s string) string { return p.paint("33", s) }

func (p painter) paint(code, s string) string {
	if !p {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

// redrawn is a block of lines that is drawn in place again and again.
type redrawn struct{ lines int } // on the screen now

// draw replaces what it drew before by the last lines of block, as many as fit.
func (r *redrawn) draw(w io.Writer, block []string, height int) {
	if most := max(height-1, 1); len(block) > most {
		block = block[len(block)-most:]
	}
	var b strings.Builder
	if r.lines > 0 {
		fmt.Fprintf(&b, "\x1b[%dA\r\x1b[J", r.lines)
	}
	for _, l := range block {
		b.WriteString(l + "\n")
	}
	r.lines = len(block)
	_, _ = io.WriteString(w, b.String())
}

// screen shows an operation in place.
type screen struct {
	w     io.Writer
	size  func() (width, height int)
	paint painter
	drawn redrawn
	frame int
}

func (s *screen) show(v view, now time.Time) {
	width, height := s.size()
	s.frame++
	s.drawn.draw(s.w, s.block(v, now, width), height)
}

// block renders v, each line at most width cells wide.
func (s *screen) block(v view, now time.Time, width int) []string {
	generation := ""
	if v.Status != nil && v.Status.Generation > 0 {
		generation = fmt.Sprintf(", generation %d", v.Status.Generation)
	}
	begun := "begun " + distance(v.Started, now)
	if !v.Begins.IsZero() {
		begun = "planned, begins " + stamp(v.Begins, now)
	}
	out := []string{cut(clean(fmt.Sprintf("%s %s%s, %s (run %s)", v.Operation, v.Key, generation, begun, v.Run)), width)}
	for _, r := range phaseRows(v, now) {
		text := cut(clean(fmt.Sprintf("%-17s %s", r.phase, r.text)), max(width-4, 1))
		out = append(out, "  "+s.mark(r.mark)+" "+strings.TrimRight(text, " "))
	}
	for _, a := range v.Attempts {
		for _, l := range wrap(clean(a.sentence(now)), max(width-4, 1), 3) {
			out = append(out, "    "+s.paint.yellow(l))
		}
	}
	if v.Silent != "" {
		for _, l := range wrap(clean(v.Silent), width, 3) {
			out = append(out, s.paint.yellow(l))
		}
	}
	return out
}

func (s *screen) mark(m mark) string {
	switch m {
	case passed:
		return s.paint.green("✓")
	case broken:
		return s.paint.red("✗")
	case running:
		frames := []rune("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")
		return string(frames[s.frame%len(frames)])
	}
	return "·"
}

// writeResult tells how it ended.
func writeResult(w io.Writer, v *view, now time.Time, paint painter) error {
	r := v.Result
	if r == nil {
		return nil // the error line says it
	}
	var b strings.Builder
	line := func(format string, args ...any) { b.WriteString(clean(fmt.Sprintf(format, args...)) + "\n") }
	took := rough(v.Closed.Sub(v.Started))
	switch r.Outcome {
	case workflows.RolledBack:
		b.WriteString(paint.red("✗ "))
		line("%s %s was rolled back after %s (%s): %s", v.Operation, v.Key, took, r.Why, dash(r.Detail))
		line("  everything is as it was before; find the cause, then begin again with: keyturn %s %s", v.Operation, v.Key)
	case workflows.Rejected:
		b.WriteString(paint.red("✗ "))
		line("%s %s was rejected (%s): %s", v.Operation, v.Key, r.Why, dash(r.Detail))
	default:
		b.WriteString(paint.green("✓ "))
		line("%s %s: %s in %s", v.Operation, v.Key, r.Outcome, took)
	}
	if r.New != nil && r.New.RemoteID != "" {
		name := "new key"
		if r.Outcome == workflows.Adopted {
			name = "key    "
		}
		line("  %s   %s, generation %d, expires %s", name, r.New.RemoteID, r.New.Generation, stamp(r.Expires, now))
	}
	if r.Outcome == workflows.Adopted && r.Detail != "" {
		line("  unproven  %s", r.Detail)
	}
	if len(r.Ended) > 0 {
		line("  ended     %s", strings.Join(r.Ended, ", "))
	}
	if len(r.Unproven) > 0 {
		line("  unproven  %s: revoked, but the old value could not be tried", strings.Join(r.Unproven, ", "))
	}
	if len(r.Unknown) > 0 {
		line("  unknown   nothing could be said about %s; look at them yourself", strings.Join(r.Unknown, ", "))
	}
	_, err := io.WriteString(w, b.String())
	return err
}
