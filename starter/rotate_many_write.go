package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// write prints the plan for people.
func (p *bulkPlan) write(w io.Writer, now time.Time) error {
	if err := p.writeAccounts(w, now); err != nil {
		return err
	}
	_, _ = fmt.Fprintln(w)
	_, _ = fmt.Fprintf(w, "selector  %s\nteams     %s\n\n", clean(p.Selector), p.teams())
	notes := newColumns(w, "WHAT", "KEYS", "MEANING")
	for _, n := range p.notes() {
		notes.row(n...)
	}
	return notes.flush()
}

// writeAccounts prints what happens at each account.
func (p *bulkPlan) writeAccounts(w io.Writer, now time.Time) error {
	t := newColumns(w, "PROVIDER", "ACCOUNT", "KEYS", "BEGIN", "RATE", "TAKES", "REMARKS")
	for _, at := range p.Accounts {
		rate, takes := "-", "-"
		if at.Rate > 0 {
			rate = strconv.FormatFloat(at.Rate, 'g', 3, 64) + "/s"
		}
		if at.Begin > 0 {
			takes = rough(time.Duration(at.Takes))
		}
		t.row(dash(at.Provider), dash(at.Account), strconv.Itoa(at.Keys), strconv.Itoa(at.Begin), rate, takes, dash(at.remarks(now)))
	}
	takes := "-"
	if p.Begin > 0 {
		takes = rough(time.Duration(p.Takes))
	}
	t.row("total", plural(len(p.Accounts), "account", "accounts"), strconv.Itoa(p.Keys), strconv.Itoa(p.Begin), "-", takes, "-")
	return t.flush()
}

// remarks say in short what is special about an account.
func (at *bulkAccount) remarks(now time.Time) string {
	var out []string
	add := func(n int, what string) {
		if n > 0 {
			out = append(out, fmt.Sprintf("%d %s", n, what))
		}
	}
	switch {
	case at.Pause != nil:
		out = append(out, "paused "+at.Pause.sentence(now))
	case !at.served:
		out = append(out, "no worker serves it")
	}
	add(at.ByHand, "by hand")
	add(at.Held, "held: "+at.Calendar)
	add(at.Override, "overriding the calendar")
	add(at.UnderWay, "under way already")
	add(at.Unissued, "never issued")
	return strings.Join(out, ", ")
}

// teams lists the teams with the most keys.
func (p *bulkPlan) teams() string {
	const most = 8
	var out []string
	for _, t := range p.Teams[:min(most, len(p.Teams))] {
		out = append(out, fmt.Sprintf("%s %d", dash(t.Team), t.Keys))
	}
	if more := len(p.Teams) - most; more > 0 {
		out = append(out, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(out, ", ")
}

// notes say what the counts mean, and the mend for what does not begin.
func (p *bulkPlan) notes() [][]string {
	var out [][]string
	add := func(n int, head, text string) {
		if n > 0 {
			out = append(out, []string{head, strconv.Itoa(n), text})
		}
	}
	rest := "overlaps and waits for consumers come on top"
	if p.Now {
		rest = "waits for consumers come on top"
	}
	add(p.Begin, "begin", fmt.Sprintf("within %s, as fast as %s allows; %s", rough(time.Duration(p.Takes)), p.Slowest, rest))
	add(p.ByHand, "by hand", "of those: no API makes the new key, a person is asked; see: keyturn manual list")
	add(p.Held, "held", "of those: until the calendar allows it; --now overrides it, for a leak")
	add(p.Override, "overriding", "of those: freezes or windows, because of --now; the key's history says so")
	add(p.UnderWay, "skipped", "with an operation under way, unless it has ended by then; hurry one with: keyturn expedite KEY")
	add(p.Paused, "skipped", "at paused accounts; end a pause with: keyturn providers resume PROVIDER/ACCOUNT")
	add(p.Unserved, "skipped", "at accounts that no worker serves; start one that has them in its configuration")
	add(p.Unissued, "left out", "never issued, so there is nothing to replace; see: keyturn issue --help")
	return out
}
