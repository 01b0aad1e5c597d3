package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn"
)

type windowOptions struct {
	whom   whomOptions
	open   string
	reason string
	dryRun bool
}

func newCalendarWindowCmd(a *app) *cobra.Command {
	opts := &windowOptions{}
	cmd := &cobra.Command{
		Use:   "window --open WINDOW",
		Short: "Let keys be changed at certain times of the week only",
		Long: `Window lets keys be changed only while it is open, or another window for the same
keys. It is days, times and a time zone, with a space between them:

    Sat-Sun 02:00-06:00 Europe/Berlin
    Mon,Wed,Fri 22:00-04:00 America/New_York    ends on the next morning
    02:00-06:00                                 every day, UTC

The clock on the wall of the zone decides. A window inside the hour that is left
out when clocks are put forward does not open that day; one inside the hour that
comes twice when they are put back is open twice.

Windows for other keys do not add to each other: a key of team payments at aws
needs one of the team's windows open and one of aws's, where they have any.`,
		Example: `  keyturn calendar window --team payments --open "Sat-Sun 02:00-06:00 Europe/Berlin"
  keyturn calendar window --provider aws --account 123456789012 --open "22:00-04:00" --reason "batch jobs"
  keyturn calendar window --all --open "Mon-Fri 09:00-17:00 Europe/Berlin" --dry-run`,
		Args: needs(),
		RunE: func(cmd *cobra.Command, _ []string) error { return runWindow(cmd.Context(), a, opts) },
	}
	opts.whom.flags(cmd, a)
	f := cmd.Flags()
	f.StringVar(&opts.open, "open", "", "the `WINDOW`, such as \"Sat 02:00-06:00 Europe/Berlin\"")
	f.StringVar(&opts.reason, "reason", "", "a `TEXT` that says why")
	f.BoolVar(&opts.dryRun, "dry-run", false, "print the window and how many keys it is about, change nothing")
	must(cmd.RegisterFlagCompletionFunc("open", cobra.NoFileCompletions))
	return cmd
}

func runWindow(ctx context.Context, a *app, opts *windowOptions) error {
	const command = "calendar window"
	if err := opts.whom.check(command); err != nil {
		return err
	}
	if opts.open == "" {
		return usagef(`%s: --open is missing; say when, such as --open "Sat-Sun 02:00-06:00 Europe/Berlin"`, command)
	}
	w, err := keyturn.ParseWindow(opts.open)
	if err != nil {
		return usagef("%s: --open %q %s", command, opts.open, ruleMessage(err))
	}
	if err := plainText("--reason", opts.reason); err != nil {
		return err
	}
	r := keyturn.CalendarRule{Kind: keyturn.MaintenanceWindow, Window: w, Reason: opts.reason}
	opts.whom.apply(&r)
	return addRule(ctx, a, command, r, opts.dryRun)
}
