package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// A ruleChange is what freeze, window and remove print.
type ruleChange struct {
	DryRun bool                 `json:"dry_run"`
	Keys   int                  `json:"keys"` // in service, that the rule is about
	Rule   keyturn.CalendarRule `json:"rule"`
}

func (c *ruleChange) write(w io.Writer, now time.Time) error {
	cols, r := newColumns(w), &c.Rule
	if r.ID != "" {
		cols.row("rule", r.ID)
	}
	cols.row("keys", fmt.Sprintf("%s (%s in service)", r.Whom(), plural(c.Keys, "key", "keys")))
	cols.row("when", ruleTimes(r, now))
	cols.row("now", ruleNow(r, now))
	cols.row("reason", dash(r.Reason))
	return cols.flush()
}

// second is how exact the calendar is.
func second(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }

// addRule makes a rule, or tells what it would be.
func addRule(ctx context.Context, a *app, command string, r keyturn.CalendarRule, dryRun bool) (err error) {
	if r.Actor, err = a.actor(); err != nil {
		return err
	}
	r.Created, r.ID = second(a.now()), newRuleID(r.Kind)
	if err := r.Check(); err != nil {
		return usagef("%s: %s", command, ruleMessage(err))
	}
	store, err := a.registry(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	c := ruleChange{DryRun: dryRun, Rule: r}
	if c.Keys, err = concerned(ctx, store, &r); err != nil {
		return err
	}
	if dryRun {
		c.Rule.ID = ""
	} else if err := saveRule(ctx, store, &c.Rule); err != nil {
		return err
	}
	if c.Keys == 0 {
		_, _ = fmt.Fprintf(a.err, "keyturn: hint: no key in service is of %s; check the spelling with: keyturn keys list\n", r.Whom())
	}
	return a.print(c, func(w io.Writer) error {
		if err := c.write(w, a.now()); err != nil {
			return err
		}
		if dryRun {
			_, err := fmt.Fprintln(w, "\nnothing was changed")
			return err
		}
		_, err := fmt.Fprintf(w, "\ntake it back with: keyturn calendar remove %s\n", c.Rule.ID)
		return err
	})
}

// saveRule adds the rule, under another id if somebody has this one.
func saveRule(ctx context.Context, store registry.Store, r *keyturn.CalendarRule) error {
	const tries = 5
	for try := 1; ; try++ {
		err := store.AddRule(ctx, *r)
		if err == nil || keyturn.KindOf(err) != keyturn.Conflict || try == tries {
			return err
		}
		r.ID = newRuleID(r.Kind)
	}
}

// newRuleID makes an id that is easy to type. It has no 0 and no 1 in it that
// could be taken for a letter.
func newRuleID(kind keyturn.CalendarRuleKind) string {
	return string(kind) + "-" + strings.ToLower(rand.Text()[:4])
}

// ruleMessage is what is wrong with a rule or a window.
func ruleMessage(err error) string {
	var e *keyturn.Error
	if errors.As(err, &e) {
		return e.Message
	}
	return err.Error()
}
