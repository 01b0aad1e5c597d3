package main

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
)

const schedulesHelp = `Schedules start what runs by itself:

    sweep        starts the rotations that are due, spread over the time until the
                 next one, within each provider account's rate limit
    reconcile    compares what vendors list, the registry and the stores; what
                 differs is shown by "keyturn findings list"
    stuck-watch  has operations go on whose workflow is gone, and reports those
                 that take too long
    directories  finds owners of keys who left, and has them offboarded; see
                 "keyturn offboard --help"
    leaks        finds leaks nobody told of: alerts that are open at the scanners, and
                 values that HasMySecretLeaked knows; see "keyturn leaks --help"

They are kept by Temporal, and made from the configuration by "keyturn schedules
apply". Every field has a default:

    schedules:
      sweep:
        every: 1h
        offset: 7m           # after the full hour, UTC
        window: 1h           # default: every
        load: 0.8            # the share of each account's rate that is planned for
        per_team: 200        # at most so many keys of a team in one sweep; default: any
        canary_lead: 10m     # how long the first key of each team goes ahead
        retry_after: 6h      # how long a key that was rolled back is left alone
      reconcile:
        every: 1d
        offset: 3h
        paths: [{store: default, prefix: secret/apps/}]
      stuck_watch:
        every: 15m
        after: 7d
        off: false           # with true it is removed
      directories:
        every: 1h
        offset: 30m
      leaks:
        every: 1h
        offset: 37m`

func newSchedulesCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "schedules",
		Short: "Have due keys rotated by themselves, and look after the fleet",
		Long:  schedulesHelp,
		Example: `  keyturn schedules apply --dry-run
  keyturn schedules list
  keyturn schedules pause sweep --reason "release week"
  keyturn schedules trigger reconcile`,
		Args: group,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newSchedulesApplyCmd(a), newSchedulesListCmd(a), newSchedulesPauseCmd(a), newSchedulesResumeCmd(a), newSchedulesTriggerCmd(a))
	return cmd
}

// scheduleNames are the schedules there are, in the order in which they are shown.
func scheduleNames() []string {
	return []string{"sweep", "reconcile", "stuck-watch", "directories", "leaks"}
}

// chosen checks names of schedules; "all" is every one.
func chosen(command string, names []string) ([]string, error) {
	if slices.Contains(names, "all") {
		return scheduleNames(), nil
	}
	for _, name := range names {
		if !slices.Contains(scheduleNames(), name) {
			return nil, usagef("%s: there is no schedule %q; there are: %s", command, name, strings.Join(scheduleNames(), ", "))
		}
	}
	return names, nil
}

func completeSchedules(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return append(scheduleNames(), "all"), cobra.ShellCompDirectiveNoFileComp
}

// scheduleID keeps two installations in one namespace apart.
func scheduleID(queue, name string) string { return queue + "." + name }

// withSchedules connects and does something with the schedules.
func withSchedules(ctx context.Context, a *app, do func(*engine, client.ScheduleClient) error) error {
	eng, err := a.engine(ctx, slog.LevelError)
	if err != nil {
		return err
	}
	defer eng.Close()
	return eng.explain(do(eng, eng.ScheduleClient()))
}

// describe reads a schedule; nil if it does not exist.
func describe(ctx context.Context, h client.ScheduleHandle) (*client.ScheduleDescription, error) {
	d, err := h.Describe(ctx)
	var missing *serviceerror.NotFound
	if errors.As(err, &missing) {
		return nil, nil
	}
	return d, err
}

func notApplied(command, name string) error {
	return refusedf("%s: the schedule %s does not exist; make it with: keyturn schedules apply", command, name)
}
