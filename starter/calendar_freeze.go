package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn"
)

type freezeOptions struct {
	whom              whomOptions
	from, until, span string
	reason            string
	dryRun            bool
}

func newCalendarFreezeCmd(a *app) *cobra.Command {
	opts := &freezeOptions{}
	cmd := &cobra.Command{
		Use:   "freeze --reason TEXT",
		Short: "Let keys not be changed for a time",
		Long: `Freeze keeps operations on keys from beginning, from moving consumers to a new
key, and from ending an old one. Operations under way wait where they are; both
keys go on working. They can still be undone with "keyturn abort KEY".

Without --from it holds at once. Without --until and --for it holds until
"keyturn calendar remove" takes it back.`,
		Example: `  keyturn calendar freeze --all --from 2026-12-18 --until 2027-01-04 --reason "end of the year"
  keyturn calendar freeze --team payments --for 2d --reason "sale weekend"
  keyturn calendar freeze --provider aws --account 123456789012 --reason "incident 4711"
  keyturn calendar freeze --key payments-stripe-live-001 --for 6h --reason "load test" --dry-run`,
		Args: needs(),
		RunE: func(cmd *cobra.Command, _ []string) error { return runFreeze(cmd.Context(), a, opts) },
	}
	opts.whom.flags(cmd, a)
	f := cmd.Flags()
	f.StringVar(&opts.from, "from", "", "begin at a `TIME`: 3d from now, 2027-01-31 (midnight UTC), or 2027-01-31T18:00:00+01:00")
	f.StringVar(&opts.until, "until", "", "end at a `TIME`, written as for --from")
	f.StringVar(&opts.span, "for", "", "end after a `DURATION` such as 6h or 2d, counted from the beginning")
	f.StringVar(&opts.reason, "reason", "", "a `TEXT` that says why; whoever waits reads it")
	f.BoolVar(&opts.dryRun, "dry-run", false, "print the freeze and how many keys it is about, change nothing")
	return cmd
}

func runFreeze(ctx context.Context, a *app, opts *freezeOptions) error {
	const command = "calendar freeze"
	if err := opts.whom.check(command); err != nil {
		return err
	}
	if opts.reason == "" {
		return usagef(`%s: --reason is missing; say why, such as --reason "end of the year"`, command)
	}
	if err := plainText("--reason", opts.reason); err != nil {
		return err
	}
	r := keyturn.CalendarRule{Kind: keyturn.Freeze, Reason: opts.reason}
	opts.whom.apply(&r)
	if err := opts.times(command, &r, second(a.now())); err != nil {
		return err
	}
	return addRule(ctx, a, command, r, opts.dryRun)
}

// times reads when the freeze begins and ends.
func (o *freezeOptions) times(command string, r *keyturn.CalendarRule, now time.Time) error {
	begins := now
	if o.from != "" {
		t, err := parseWhen(o.from, now)
		if err != nil {
			return usagef("%s: --from: %w", command, err)
		}
		r.From, begins = second(t), second(t)
	}
	switch {
	case o.until != "" && o.span != "":
		return usagef("%s: --until and --for both say when it ends; leave one out", command)
	case o.until != "":
		t, err := parseWhen(o.until, now)
		if err != nil {
			return usagef("%s: --until: %w", command, err)
		}
		r.Until = second(t)
	case o.span != "":
		d, err := keyturn.ParseDuration(o.span)
		if err != nil {
			return usagef("%s: --for: %w", command, err)
		}
		r.Until = begins.Add(time.Duration(d))
	default:
		return nil
	}
	switch {
	case !r.Until.After(begins):
		return usagef("%s: it would end when or before it begins, at %s; let it end later", command, begins.Format(time.RFC3339))
	case !r.Until.After(now):
		return usagef("%s: it would be over already, since %s; let it end later", command, r.Until.Format(time.RFC3339))
	}
	return nil
}
