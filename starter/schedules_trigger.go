package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
)

func newSchedulesTriggerCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "trigger SCHEDULE",
		Short: "Start one run of a schedule now",
		Long: `Trigger starts the schedule's workflow at once, also while the schedule is paused.
While one runs already it starts none. It prints the workflow's id; what it does
is shown in Temporal's UI.`,
		Example: `  keyturn schedules trigger sweep
  keyturn schedules trigger reconcile`,
		Args: needs("SCHEDULE"),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return scheduleNames(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error { return runSchedulesTrigger(cmd.Context(), a, args[0]) },
	}
}

// triggered is what trigger prints.
type triggered struct {
	Name     string `json:"name"`
	Workflow string `json:"workflow"`
}

func runSchedulesTrigger(ctx context.Context, a *app, name string) error {
	const command = "schedules trigger"
	if name == "all" {
		return usagef("%s: name one schedule", command)
	}
	if _, err := chosen(command, []string{name}); err != nil {
		return err
	}
	return withSchedules(ctx, a, func(eng *engine, schedules client.ScheduleClient) error {
		h := schedules.GetHandle(ctx, scheduleID(eng.config.TaskQueue, name))
		before, err := describe(ctx, h)
		switch {
		case err != nil:
			return err
		case before == nil:
			return notApplied(command, name)
		case len(before.Info.RunningWorkflows) > 0:
			return refusedf("%s: one runs already: %s; wait until it has ended", command, before.Info.RunningWorkflows[0].WorkflowID)
		}
		if err := h.Trigger(ctx, client.ScheduleTriggerOptions{Overlap: enumspb.SCHEDULE_OVERLAP_POLICY_SKIP}); err != nil {
			return err
		}
		id, err := startedBy(ctx, h, before.Info.NumActions)
		if err != nil {
			return err
		}
		if id == "" {
			return fmt.Errorf("%s: Temporal took the word, but nothing has started yet; see: keyturn schedules list", command)
		}
		return a.print(triggered{name, id}, func(w io.Writer) error {
			_, err := fmt.Fprintf(w, "%s has started: %s\nsee in Temporal's UI what it does, and whether it has ended with: keyturn schedules list\n", name, id)
			return err
		})
	})
}

// startedBy waits for the schedule to start its next workflow, and returns its
// id; empty if it does not within some seconds.
func startedBy(ctx context.Context, h client.ScheduleHandle, before int) (string, error) {
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		d, err := h.Describe(ctx)
		if err != nil {
			return "", err
		}
		if n := len(d.Info.RecentActions); d.Info.NumActions > before && n > 0 && d.Info.RecentActions[n-1].StartWorkflowResult != nil {
			return d.Info.RecentActions[n-1].StartWorkflowResult.WorkflowID, nil
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	return "", nil
}
