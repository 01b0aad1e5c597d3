package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/keyturn/keyturn/registry"
)

// bars shows how far a batch is as one bar for each provider account, in place.
type bars struct {
	w     io.Writer
	size  func() (width, height int)
	paint painter
	drawn redrawn
}

func (b *bars) show(v *batchView, now time.Time) {
	width, height := b.size()
	b.drawn.draw(b.w, b.block(v, now, width, height), height)
}

// block renders v, each line at most width cells wide. Where not all accounts fit,
// those whose keys have all ended are left out first.
func (b *bars) block(v *batchView, now time.Time, width, height int) []string {
	out := []string{cut(clean(fmt.Sprintf("batch %s, begun %s: %s (%s)", v.Batch.ID, distance(v.Batch.At, now), v.Batch.Selector, v.Batch.Reason)), width)}
	out = append(out, b.accounts(v, width, max(height-6, 1))...)
	return append(out, b.hint(v.hint(), width)...)
}

// accounts renders a bar for each account, as many as fit on so many lines, and
// the counts of all.
func (b *bars) accounts(v *batchView, width, lines int) []string {
	var out []string
	shown, more := v.fitting(lines)
	names, texts := make([]string, len(shown)), make([]string, len(shown))
	name, text := 0, 0
	for i, p := range shown {
		names[i], texts[i] = cut(clean(p.Issuer.String()), width/3), v.short(p)
		name, text = max(name, cells(names[i])), max(text, cells(texts[i]))
	}
	const least, most = 10, 40
	room := min(width-name-text-len("    "), most)
	for i, p := range shown {
		line := "  " + names[i] + strings.Repeat(" ", name-cells(names[i])) + " "
		if room < least {
			out = append(out, cut(line+texts[i], width))
			continue
		}
		out = append(out, line+b.bar(p, room)+" "+texts[i])
	}
	if more > 0 {
		out = append(out, cut(fmt.Sprintf("  and %d more", more), width))
	}
	return append(out, wrap(v.counts()+v.longest(), width, 2)...)
}

// hint renders what a person should know, if there is anything.
func (b *bars) hint(text string, width int) []string {
	if text == "" {
		return nil
	}
	var out []string
	for _, l := range wrap(text, width, 2) {
		out = append(out, b.paint.yellow(l))
	}
	return out
}

// bar divides cells among the states of keys: ended well, failed, skipped, begun,
// and the rest.
func (b *bars) bar(p registry.BatchProgress, width int) string {
	parts := []struct {
		n     int
		glyph string
		paint func(string) string
	}{
		{p.Done, "█", b.paint.green},
		{p.Failed, "█", b.paint.red},
		{p.Skipped, "▚", b.paint.yellow},
		{p.Started, "▒", nil},
		{p.Waiting, "░", nil},
	}
	var out strings.Builder
	before, drawn := 0, 0
	for _, part := range parts {
		before += part.n
		upTo := before * width / max(p.Keys(), 1)
		text := strings.Repeat(part.glyph, upTo-drawn)
		if part.paint != nil && text != "" {
			text = part.paint(text)
		}
		out.WriteString(text)
		drawn = upTo
	}
	return out.String()
}

// batchLines tells the same in lines, where nothing can be drawn in place: what has
// changed, and no more often than every ten seconds.
type batchLines struct {
	w            io.Writer
	counts, hint string // as they were told last
	at           time.Time
}

func (l *batchLines) show(v *batchView, now time.Time) {
	counts, hint := v.counts(), v.hint()
	over := v.Total.Open() == 0
	if counts == l.counts && hint == l.hint || !over && !l.at.IsZero() && now.Sub(l.at) < 10*time.Second {
		return
	}
	text := counts + v.longest()
	if hint != "" && hint != l.hint {
		text += "; " + hint
	}
	l.counts, l.hint, l.at = counts, hint, now
	_, _ = fmt.Fprintf(l.w, "%s batch %s: %s\n", now.UTC().Format(time.RFC3339), v.Batch.ID, text)
}
