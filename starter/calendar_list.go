package main

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn"
)

func newCalendarListCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the freezes and windows that are not over",
		Long: `List shows the rules of the calendar in the order they were made. NOW says whether
a freeze holds or a window is open. Windows that entries give their own keys are
not among them; see them with "keyturn calendar show KEY".`,
		Example: `  keyturn calendar list
  keyturn calendar list --output json`,
		Args: needs(),
		RunE: func(cmd *cobra.Command, _ []string) error { return runCalendarList(cmd.Context(), a) },
	}
}

func runCalendarList(ctx context.Context, a *app) (err error) {
	store, err := a.registry(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	now := a.now()
	rules, err := store.Rules(ctx, now)
	if err != nil {
		return err
	}
	out := newLister(a, []string{"ID", "KEYS", "WHEN", "NOW", "REASON", "BY"}, func(r keyturn.CalendarRule) []string {
		return []string{r.ID, r.Whom(), ruleTimes(&r, now), ruleNow(&r, now), dash(r.Reason), dash(r.Actor)}
	})
	for _, r := range rules {
		if err := out.add(r); err != nil {
			return err
		}
	}
	return out.end("the calendar is empty: it holds nothing back")
}

// ruleNow says in a few words how a rule stands.
func ruleNow(r *keyturn.CalendarRule, now time.Time) string {
	switch {
	case r.Kind == keyturn.MaintenanceWindow:
		return windowNow(r.Window, now)
	case r.Holds(now):
		return "holds"
	case now.Before(r.From):
		return "holds " + distance(r.From, now)
	}
	return "is over"
}

func windowNow(w keyturn.Window, now time.Time) string {
	if w.Open(now) {
		return "open"
	}
	return "opens " + distance(w.Next(now), now)
}
