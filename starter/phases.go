package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/workflows"
)

// A mark is how a phase stands.
type mark int

const (
	ahead mark = iota
	running
	passed
	broken // it failed, and something else was done about it
)

// A phaseRow is one phase of an operation as it is shown.
type phaseRow struct {
	mark  mark
	phase workflows.Phase
	text  string
}

// phaseRows lists the phases gone through, the one it is in, and those ahead.
func phaseRows(v view, now time.Time) []phaseRow {
	s := v.Status
	if s == nil {
		return nil
	}
	var rows []phaseRow
	for i, p := range s.Past {
		if p.Phase == workflows.Done {
			break
		}
		if i < len(s.Past)-1 {
			next := s.Past[i+1]
			m := passed
			if next.Phase == workflows.RollingBack || next.Phase == workflows.NeedsHuman {
				m = broken
			}
			rows = append(rows, phaseRow{m, p.Phase, rough(next.At.Sub(p.At))})
			continue
		}
		rows = append(rows, phaseRow{running, p.Phase, current(s, now)})
	}
	if v.ended() || s.Phase == workflows.Done {
		return rows
	}
	plan := usualPhases(s)
	for _, p := range plan[slices.Index(plan, s.Phase)+1:] {
		if slices.Contains(plan, s.Phase) {
			rows = append(rows, phaseRow{mark: ahead, phase: p})
		}
	}
	return rows
}

// usualPhases are those an operation goes through without incident, with the
// steps by hand if a person was asked for one.
func usualPhases(s *workflows.Status) []workflows.Phase {
	var out []workflows.Phase
	switch s.Operation {
	case keyturn.Issue:
		out = []workflows.Phase{workflows.AwaitingApproval, workflows.Minting, workflows.AwaitingSupply, workflows.Moving}
	case keyturn.Rotate:
		out = []workflows.Phase{workflows.Minting, workflows.AwaitingSupply, workflows.Moving, workflows.Soaking, workflows.Retiring, workflows.AwaitingEnd}
	default:
		out = []workflows.Phase{workflows.Retiring, workflows.AwaitingEnd}
	}
	if s.Manual == nil {
		out = slices.DeleteFunc(out, func(p workflows.Phase) bool {
			return p == workflows.AwaitingSupply || p == workflows.AwaitingEnd
		})
	}
	return out
}

// current tells about the phase an operation is in.
func current(s *workflows.Status, now time.Time) string {
	text := rough(now.Sub(s.Since))
	if !s.Until.IsZero() {
		text = "until " + clock(s.Until, now)
		if left := s.Until.Sub(now); left > 0 {
			text += ", " + rough(left) + " left"
		}
	}
	if s.Detail != "" {
		text += ": " + s.Detail
	}
	return text
}

// clock prints a time of today without its date, and with seconds where they
// count.
func clock(t, now time.Time) string {
	t, now = t.UTC(), now.UTC()
	switch {
	case t.Format(time.DateOnly) != now.Format(time.DateOnly):
		return t.Format(time.RFC3339)
	case t.Sub(now).Abs() < 2*time.Minute:
		return t.Format("15:04:05") + " UTC"
	}
	return t.Format("15:04") + " UTC"
}

// lines prints one line for every change.
type lines struct {
	w      io.Writer
	said   []string
	phases int // how many phases have been told
}

func (l *lines) show(v view, now time.Time) {
	say := func(at time.Time, text string) {
		_, _ = fmt.Fprintf(l.w, "%s %s %s: %s\n", at.UTC().Format(time.RFC3339), v.Operation, v.Key, clean(text))
	}
	if s := v.Status; s != nil { // phases too short to have been seen
		for ; l.phases < len(s.Past)-1; l.phases++ {
			say(s.Past[l.phases].At, string(s.Past[l.phases].Phase))
		}
		l.phases = len(s.Past)
	}
	said := l.sentences(v, now)
	for _, s := range said {
		if !slices.Contains(l.said, s) {
			say(now, s)
		}
	}
	l.said = said
}

// sentences tells what there is to say in words that stay the same until
// something changes: times of day, and no time that is left.
func (l *lines) sentences(v view, now time.Time) []string {
	var out []string
	if !v.Begins.IsZero() {
		out = append(out, "planned, begins "+v.Begins.UTC().Format(time.RFC3339))
	}
	if s := v.Status; s != nil {
		text := string(s.Phase)
		if !s.Until.IsZero() {
			text += " until " + s.Until.UTC().Format(time.RFC3339)
		}
		if s.Detail != "" {
			text += ": " + s.Detail
		}
		if s.Generation > 0 {
			text += fmt.Sprintf(" (generation %d)", s.Generation)
		}
		out = append(out, text)
	}
	for _, a := range v.Attempts {
		switch {
		case a.Waiting:
			out = append(out, "waiting: "+a.Failure)
		case a.Failure != "":
			out = append(out, strings.TrimSuffix(attempt{Activity: a.Activity, Number: a.Number, Failure: a.Failure}.sentence(now), "; "))
		default:
			out = append(out, a.Activity+": taken up by no worker; is one running?")
		}
	}
	if v.Silent != "" {
		out = append(out, v.Silent)
	}
	return out
}
