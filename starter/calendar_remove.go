package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

type removeOptions struct {
	id          string
	yes, dryRun bool
}

func newCalendarRemoveCmd(a *app) *cobra.Command {
	opts := &removeOptions{}
	cmd := &cobra.Command{
		Use:   "remove ID",
		Short: "Take a freeze or a window back",
		Long: `Remove ends a rule of the calendar at once. Operations that wait ask the calendar
again every 12 hours; "keyturn expedite KEY" makes one ask now.

It asks you to type the rule's id. A script says --yes.`,
		Example: `  keyturn calendar remove freeze-7kq2 --dry-run
  keyturn calendar remove freeze-7kq2
  keyturn calendar remove window-m3xp --yes`,
		Args:              needs("ID"),
		ValidArgsFunction: completeRule(a),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.id = args[0]
			return runCalendarRemove(cmd.Context(), a, opts)
		},
	}
	cmd.Flags().BoolVarP(&opts.yes, "yes", "y", false, "do not ask for confirmation")
	cmd.Flags().BoolVar(&opts.dryRun, "dry-run", false, "print the rule and how many keys it is about, change nothing")
	return cmd
}

func runCalendarRemove(ctx context.Context, a *app, opts *removeOptions) (err error) {
	ask := confirmation{command: "calendar remove " + opts.id, yes: opts.yes || opts.dryRun}
	if err := ask.possible(a); err != nil {
		return err
	}
	store, err := a.registry(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	r, err := getRule(ctx, store, opts.id, a.now())
	if err != nil {
		return err
	}
	c := ruleChange{DryRun: opts.dryRun, Rule: r}
	if c.Keys, err = concerned(ctx, store, &r); err != nil {
		c.Keys = 0 // the key is gone, and the rule may go, too
	}
	if !opts.dryRun {
		if err := confirmRemoval(ctx, a, ask, &c); err != nil {
			return err
		}
		if err := store.RemoveRule(ctx, r.ID); keyturn.KindOf(err) == keyturn.NotFound {
			return noRule(r.ID)
		} else if err != nil {
			return err
		}
	}
	return a.print(c, func(w io.Writer) error {
		if opts.dryRun {
			if err := c.write(w, a.now()); err != nil {
				return err
			}
			_, err := fmt.Fprintln(w, "\nnothing was changed")
			return err
		}
		_, err := fmt.Fprintf(w, "%s is removed\n", r.ID)
		return err
	})
}

// confirmRemoval shows the rule and has the person type its id.
func confirmRemoval(ctx context.Context, a *app, ask confirmation, c *ruleChange) error {
	if ask.yes {
		return nil
	}
	if err := c.write(a.err, a.now()); err != nil {
		return err
	}
	return ask.typed(ctx, a, "Without it, operations that wait for it go on. Type the rule's id to go on: ", "id", c.Rule.ID)
}

func getRule(ctx context.Context, store registry.Store, id string, now time.Time) (keyturn.CalendarRule, error) {
	rules, err := store.Rules(ctx, now)
	if err != nil {
		return keyturn.CalendarRule{}, err
	}
	i := slices.IndexFunc(rules, func(r keyturn.CalendarRule) bool { return r.ID == id })
	if i < 0 {
		return keyturn.CalendarRule{}, noRule(id)
	}
	return rules[i], nil
}

func noRule(id string) error {
	return refusedf("no rule %q in the calendar, or it is over; see: keyturn calendar list", id)
}

// completeRule offers the ids of the rules that are not over.
func completeRule(a *app) cobra.CompletionFunc {
	return completeFrom(a, func(ctx context.Context, store registry.Store, typed string) []cobra.Completion {
		rules, err := store.Rules(ctx, a.now())
		if err != nil {
			return nil
		}
		var out []cobra.Completion
		for _, r := range rules {
			if strings.HasPrefix(r.ID, typed) {
				out = append(out, cobra.CompletionWithDesc(r.ID, clean(r.Whom()+": "+ruleTimes(&r, a.now()))))
			}
		}
		return out
	})
}
