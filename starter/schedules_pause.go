package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"
)

func newSchedulesPauseCmd(a *app) *cobra.Command {
	reason := ""
	cmd := &cobra.Command{
		Use:   "pause SCHEDULE...",
		Short: "Have schedules start nothing until they are resumed",
		Long: `Pause keeps schedules from starting anything. What they have started goes on: a
paused sweep does not call off the rotations that the last one planned. Who
paused it and why is shown by "keyturn schedules list"; the text is kept in plain
text by Temporal. "keyturn schedules trigger" starts one run all the same.`,
		Example: `  keyturn schedules pause sweep --reason "release week"
  keyturn schedules pause all --reason "incident 4711"`,
		Args:              needsSome("SCHEDULE"),
		ValidArgsFunction: completeSchedules,
		RunE: func(cmd *cobra.Command, args []string) error {
			return runSchedulesPause(cmd.Context(), a, args, reason)
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "a `TEXT` that says why; whoever waits reads it")
	return cmd
}

func runSchedulesPause(ctx context.Context, a *app, names []string, reason string) error {
	if reason == "" {
		return usagef(`schedules pause: --reason is missing; say why, such as --reason "release week"`)
	}
	if err := plainText("--reason", reason); err != nil {
		return err
	}
	return speakToSchedules(ctx, a, "schedules pause", names, "paused", func(h client.ScheduleHandle, actor string) error {
		return h.Pause(ctx, client.SchedulePauseOptions{Note: "paused by " + actor + ": " + reason})
	})
}

func newSchedulesResumeCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "resume SCHEDULE...",
		Short: "Let paused schedules start again",
		Long: `Resume takes a pause back. What was missed meanwhile is not made up for: the next
start does all that is due.`,
		Example: `  keyturn schedules resume sweep
  keyturn schedules resume all`,
		Args:              needsSome("SCHEDULE"),
		ValidArgsFunction: completeSchedules,
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			return speakToSchedules(ctx, a, "schedules resume", args, "resumed", func(h client.ScheduleHandle, actor string) error {
				return h.Unpause(ctx, client.ScheduleUnpauseOptions{Note: "resumed by " + actor})
			})
		},
	}
}

// speakToSchedules says the same to several schedules. Those that are named must
// exist; "all" is those that do.
func speakToSchedules(ctx context.Context, a *app, command string, names []string, done string, say func(client.ScheduleHandle, string) error) error {
	all := slices.Contains(names, "all")
	names, err := chosen(command, names)
	if err != nil {
		return err
	}
	actor, err := a.actor()
	if err != nil {
		return err
	}
	return withSchedules(ctx, a, func(eng *engine, schedules client.ScheduleClient) error {
		handle := func(name string) client.ScheduleHandle {
			return schedules.GetHandle(ctx, scheduleID(eng.config.TaskQueue, name))
		}
		var there []string
		for _, name := range names {
			switch d, err := describe(ctx, handle(name)); {
			case err != nil:
				return err
			case d == nil && !all:
				return notApplied(command, name)
			case d != nil:
				there = append(there, name)
			}
		}
		if len(there) == 0 {
			return refusedf("%s: no schedule exists; make them with: keyturn schedules apply", command)
		}
		var said []scheduleChange
		for _, name := range there {
			if err := say(handle(name), actor); err != nil {
				return fmt.Errorf("%s: %s: %w", command, name, err)
			}
			said = append(said, scheduleChange{Name: name, Outcome: done, Paused: done == "paused"})
		}
		return a.print(said, func(w io.Writer) error {
			_, err := fmt.Fprintln(w, strings.Join(there, " is "+done+"\n")+" is "+done)
			return err
		})
	})
}
