package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/keyturn/keyturn/registry"
)

// write prints a line for each value, and a summary.
func (v *reportView) write(w io.Writer) error {
	if len(v.Leaks) > 0 {
		t := newColumns(w, "LEAK", "KEY", "GEN", "MATCH", "RULE", "HITS", "NEW", "STATE")
		for _, r := range v.Leaks {
			t.row(r.row(v.DryRun)...)
		}
		if err := t.flush(); err != nil {
			return err
		}
		_, _ = fmt.Fprintln(w)
	}
	_, _ = fmt.Fprintln(w, v.summary())
	if hint := v.hint(); hint != "" {
		_, _ = fmt.Fprintln(w, hint)
	}
	return nil
}

// hint says what to do next.
func (v *reportView) hint() string {
	open := slices.IndexFunc(v.Leaks, func(r *reportedLeak) bool { return r.State == registry.LeakOpen })
	switch {
	case open < 0:
		return ""
	case v.DryRun:
		return "see how far one is with: keyturn leaks show " + v.Leaks[open].Leak
	}
	return "workers see to them; how far one is, and what is left to you: keyturn leaks show " + v.Leaks[open].Leak
}

func (r *reportedLeak) row(dryRun bool) []string {
	gen, fresh := "-", strconv.Itoa(r.Fresh)
	if r.Key != "" {
		gen = strconv.Itoa(r.Generation)
	}
	if dryRun {
		fresh = "-"
	}
	return []string{dash(r.Leak), cmp.Or(string(r.Key), nobodys), gen, dash(r.Match), dash(r.Rule), strconv.Itoa(r.Hits), fresh, r.stands(dryRun)}
}

// stands says how a leak stands, and whether it was known before.
func (r *reportedLeak) stands(dryRun bool) string {
	switch {
	case dryRun && r.Key == "":
		return "-"
	case dryRun && r.New:
		return "would be new"
	case dryRun:
		return "would join, " + string(r.State)
	case r.New:
		return "new, " + string(r.State)
	}
	return "joined, " + string(r.State)
}

// summary counts what was found.
func (v *reportView) summary() string {
	ours, added := 0, 0
	for _, r := range v.Leaks {
		if r.Key != "" {
			ours++
		}
		if r.New {
			added++
		}
	}
	out := fmt.Sprintf("%s (%s): %s, %d nobody's", plural(v.Findings, "finding", "findings"), v.Format, plural(ours, "leaked key", "leaked keys"), len(v.Leaks)-ours)
	if !v.DryRun {
		out += fmt.Sprintf("; %d new, %d joined", added, len(v.Leaks)-added)
	}
	if v.LeftOut > 0 {
		out += fmt.Sprintf("; left out %s, found in %s, because no key has it", plural(v.LeftOut, "value", "values"), plural(v.LeftHits, "place", "places"))
	}
	if v.DryRun {
		out += "; nothing was recorded"
	}
	return out
}
