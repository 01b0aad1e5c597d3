package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn"
)

type calendarShowOptions struct{ key keyturn.KeyID }

func newCalendarShowCmd(a *app) *cobra.Command {
	opts := &calendarShowOptions{}
	return &cobra.Command{
		Use:   "show KEY",
		Short: "Say whether a key may be changed now, and if not, when and why",
		Long: `Show asks the calendar and the key's own entry whether the key may be changed now.
If it may not, it says what forbids it and when it may be changed next, and in
any case which freezes and windows are about the key.`,
		Example: `  keyturn calendar show payments-stripe-live-001
  keyturn calendar show payments-stripe-live-001 --output json | jq .open`,
		Args:              needs("KEY"),
		ValidArgsFunction: completeKey(a),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.key = keyturn.KeyID(args[0])
			return runCalendarShow(cmd.Context(), a, opts)
		},
	}
}

// A keyCalendar is all that limits when a key may be changed.
type keyCalendar struct {
	Key keyturn.KeyID `json:"key"`
	keyturn.Verdict
	Windows []keyturn.Window       `json:"windows"` // of its entry
	Rules   []keyturn.CalendarRule `json:"rules"`
}

func runCalendarShow(ctx context.Context, a *app, opts *calendarShowOptions) (err error) {
	store, err := a.registry(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	k, err := getKey(ctx, store, opts.key)
	if err != nil {
		return err
	}
	now := a.now()
	rules, err := store.Rules(ctx, now)
	if err != nil {
		return err
	}
	c := keyCalendar{
		Key: k.ID, Verdict: keyturn.MayChange(&k, rules, now),
		Windows: append([]keyturn.Window{}, k.Policy.Windows...), Rules: []keyturn.CalendarRule{},
	}
	for _, r := range rules {
		if r.Concerns(&k) {
			c.Rules = append(c.Rules, r)
		}
	}
	return a.print(c, func(w io.Writer) error { return c.write(w, now) })
}

func (c *keyCalendar) write(w io.Writer, now time.Time) error {
	head := newColumns(w)
	head.row("key", string(c.Key))
	if c.Open {
		head.row("may be changed", "now")
	} else {
		next := "nobody knows when"
		if !c.Opens.IsZero() {
			next = stamp(c.Opens, now)
		}
		head.row("may be changed", next)
		head.row("because", c.Why)
	}
	if err := head.flush(); err != nil || len(c.Windows)+len(c.Rules) == 0 {
		return err
	}
	_, _ = fmt.Fprintln(w)
	t := newColumns(w, "ID", "KEYS", "WHEN", "NOW", "REASON", "BY")
	for _, x := range c.Windows {
		t.row("-", "key "+string(c.Key), "only "+x.String(), windowNow(x, now), "its entry", "-")
	}
	for _, r := range c.Rules {
		t.row(r.ID, r.Whom(), ruleTimes(&r, now), ruleNow(&r, now), dash(r.Reason), dash(r.Actor))
	}
	return t.flush()
}
