package main

import (
	"fmt"
	"io"
	"strconv"
	"time"
)

// write prints the plan for people.
func (p *offboardPlan) write(w io.Writer, now time.Time) error {
	if p.Keys > 0 {
		if err := p.keys.writeAccounts(w, now); err != nil {
			return err
		}
		_, _ = fmt.Fprintln(w)
	}
	head := newColumns(w)
	head.row("leaver", p.Email)
	if p.Keys > 0 {
		head.row("teams", p.keys.teams())
	}
	head.row("new owner", p.heir())
	head.row("sessions", "ended at every directory that the workers have")
	head.row("besides", "a worker also finds keys in personal paths of the store, and under other addresses of theirs")
	if err := head.flush(); err != nil {
		return err
	}
	if p.Keys > 0 {
		_, _ = fmt.Fprintln(w)
		notes := newColumns(w, "WHAT", "KEYS", "MEANING")
		for _, n := range p.notes() {
			notes.row(n...)
		}
		if err := notes.flush(); err != nil {
			return err
		}
	}
	for _, warning := range p.warnings(now) {
		_, _ = fmt.Fprintln(w, "\n"+clean(warning))
	}
	return nil
}

func (p *offboardPlan) heir() string {
	if p.Successor != "" {
		return p.Successor
	}
	return "whom the worker finds: the team's lead, who is on call, their manager, or the fallback"
}

// notes say what the counts mean, and what becomes of what cannot begin.
func (p *offboardPlan) notes() [][]string {
	var out [][]string
	add := func(n int, head, text string) {
		if n > 0 {
			out = append(out, []string{head, strconv.Itoa(n), text})
		}
	}
	add(p.Owned, "owned", "they answer for; each gets a new owner")
	add(p.Made, "made", "besides, of which they made the value: issued first, supplied by hand or adopted, and not replaced since")
	add(p.Begin, "begin", fmt.Sprintf("within %s, as fast as %s allows; overlaps and waits for consumers come on top", rough(time.Duration(p.keys.Takes)), p.keys.Slowest))
	add(p.ByHand, "by hand", "of those: no API makes the new key, a person is asked; see: keyturn manual list")
	add(p.Override, "overriding", "of those: freezes or windows, as a leaver does not wait for them; the key's history says so")
	add(p.UnderWay, "later", "with an operation under way: it is hurried, and then the key is rotated if its value is still theirs")
	add(p.Paused, "later", "at paused accounts, tried again every few minutes; end a pause with: keyturn providers resume PROVIDER/ACCOUNT")
	add(p.Unserved, "later", "at accounts that no worker serves; start one that has them in its configuration")
	add(p.Unissued, "left out", "never issued: they get a new owner, and there is nothing to replace")
	return out
}

// recently is how long after they were active somebody may be thought to be there
// still: directories are compared every hour.
const recently = 24 * time.Hour

// warnings are what a person should know before they go on.
func (p *offboardPlan) warnings(now time.Time) []string {
	var out []string
	if p.Joins != "" {
		out = append(out, fmt.Sprintf("departure %s of them is open already; this joins it. See how far it is: keyturn offboard show %[1]s", p.Joins))
	}
	if p.Seen != nil && now.Sub(p.Seen.At) < recently {
		out = append(out, fmt.Sprintf("warning: %s had them as active %s. Your word counts for more: no directory is asked again.", p.Seen.Directory, distance(p.Seen.At, now)))
	}
	if p.Keys == 0 {
		out = append(out, "No key in service is theirs as far as the registry knows; is the address right? See who owns keys: keyturn keys list")
	}
	return out
}
