package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// print prints the report in the format asked for.
func (r *departureReport) print(a *app) error {
	return a.print(r, func(w io.Writer) error { return r.write(w, a.now(), painter(a.live())) })
}

func (r *departureReport) write(w io.Writer, now time.Time, paint painter) error {
	head := newColumns(w)
	head.row("departure", r.Departure)
	head.row("leaver", r.Email)
	head.row("state", string(r.State)+r.closed(now))
	for i, h := range r.Heard {
		what := "heard"
		if i > 0 {
			what = "again"
		}
		head.row(what, stamp(h.At, now)+" from "+h.Origin+", by "+h.Actor)
	}
	head.row("reason", dash(r.Reason))
	head.row("sessions", stamp(r.Sessions, now)+ended(r.Ended))
	head.row("handed over", stamp(r.Handed, now))
	if r.Successor != "" {
		head.row("successor", r.Successor)
	}
	if err := head.flush(); err != nil {
		return err
	}
	if len(r.Accounts) > 0 {
		_, _ = fmt.Fprintln(w)
		t := newColumns(w, "PROVIDER", "ACCOUNT", "KEYS", "DONE", "FAILED", "SKIPPED", "STARTED", "WAITING")
		for _, at := range r.Accounts {
			t.row(append([]string{dash(at.Provider), dash(at.Account), strconv.Itoa(at.Keys)}, at.row()...)...)
		}
		t.row(append([]string{"total", plural(len(r.Accounts), "account", "accounts"), strconv.Itoa(r.Keys)}, r.row()...)...)
		if err := t.flush(); err != nil {
			return err
		}
	}
	if err := r.writeKeys(w, now); err != nil {
		return err
	}
	_, err := fmt.Fprintln(w, "\n"+r.verdict(now, paint))
	return err
}

// writeKeys lists who got which key, and what is open.
func (r *departureReport) writeKeys(w io.Writer, now time.Time) error {
	if len(r.Given) > 0 {
		_, _ = fmt.Fprintln(w)
		t := newColumns(w, "NEW OWNER", "KEYS", "WHICH")
		for _, g := range r.Given {
			t.row(g.To, strconv.Itoa(len(g.Keys)), someKeys(g.Keys))
		}
		if err := t.flush(); err != nil {
			return err
		}
	}
	if len(r.Open) == 0 {
		return nil
	}
	_, _ = fmt.Fprintln(w)
	t := newColumns(w, "OPEN KEY", "ACCOUNT", "STATE", "SINCE", "WHY", "MEND")
	for _, k := range r.Open[:min(listed, len(r.Open))] {
		t.row(string(k.Key), k.String(), string(k.State), since(k.Since, now), dash(k.Why), k.Mend)
	}
	if err := t.flush(); err != nil {
		return err
	}
	if more := len(r.Open) - listed; more > 0 {
		_, _ = fmt.Fprintf(w, "and %d more; all of them with: keyturn offboard show %s --output json\n", more, r.Departure)
	}
	return nil
}

// someKeys names the first of many keys.
func someKeys(ids []keyturn.KeyID) string {
	names := make([]string, 0, listed)
	for _, id := range ids[:min(listed, len(ids))] {
		names = append(names, string(id))
	}
	out := strings.Join(names, ", ")
	if more := len(ids) - len(names); more > 0 {
		out += fmt.Sprintf(" and %d more", more)
	}
	return out
}

func (r *departureReport) closed(now time.Time) string {
	if r.Closed.IsZero() {
		return ""
	}
	return " since " + stamp(r.Closed, now)
}

func ended(what []string) string {
	if len(what) == 0 {
		return ""
	}
	return ": " + strings.Join(what, ", ")
}

// verdict is the last line.
func (r *departureReport) verdict(now time.Time, paint painter) string {
	keys := plural(r.Keys, "key", "keys")
	note := ""
	if r.Note != "" {
		note = ": " + clean(r.Note)
	}
	switch {
	case r.State == registry.DepartureStayed:
		return paint.yellow("✓") + " they have not left" + note
	case r.State == registry.DepartureDone && len(r.Open) > 0:
		return paint.yellow("✓") + fmt.Sprintf(" closed with %d of %s not replaced", len(r.Open), keys) + note
	case r.State == registry.DepartureDone:
		return paint.green("✓") + fmt.Sprintf(" %s replaced or needing nothing, in %s", keys, rough(r.Closed.Sub(r.At))) + note
	case r.Keys == 0:
		return "no key is selected yet; follow it with: keyturn offboard show " + r.Departure + " --watch"
	case len(r.Open) == 0 && r.Handed.IsZero():
		return "every key is replaced, but nobody is found to answer for some; name somebody: keyturn offboard successor " + r.Departure + " EMAIL"
	}
	return fmt.Sprintf("%d of %s open after %s; follow it with: keyturn offboard show %s --watch", len(r.Open), keys, rough(now.Sub(r.At)), r.Departure)
}
