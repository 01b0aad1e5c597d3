package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"
)

func newSchedulesApplyCmd(a *app) *cobra.Command {
	dryRun := false
	cmd := &cobra.Command{
		Use:   "apply",
		Short: "Make the schedules as the configuration says",
		Long: `Apply makes the schedules that are missing, changes those that differ from the
configuration, and removes those that are off. What is as it should be is left
alone, and a pause stays: it may be repeated at any time, and after Temporal's
data were lost it brings everything back.`,
		Example: `  keyturn schedules apply --dry-run
  keyturn schedules apply`,
		Args: needs(),
		RunE: func(cmd *cobra.Command, _ []string) error { return runSchedulesApply(cmd.Context(), a, dryRun) },
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "print what would be changed, change nothing")
	return cmd
}

// A scheduleChange is what a command did to a schedule, or would do.
type scheduleChange struct {
	Name    string   `json:"name"`
	Outcome string   `json:"outcome"` // created, changed, unchanged, removed, off; paused, resumed
	Changes []string `json:"changes,omitempty"`
	Paused  bool     `json:"paused,omitempty"`
}

func runSchedulesApply(ctx context.Context, a *app, dryRun bool) error {
	s, err := a.load()
	if err != nil {
		return err
	}
	wanted, err := s.Schedules.wanted()
	if err != nil {
		return err
	}
	done := []scheduleChange{}
	err = withSchedules(ctx, a, func(eng *engine, schedules client.ScheduleClient) error {
		for _, w := range wanted {
			change, err := applySchedule(ctx, eng, schedules, &w, dryRun)
			if err != nil {
				return fmt.Errorf("the schedule %s: %w", w.name, err)
			}
			done = append(done, change)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return a.print(done, func(w io.Writer) error { return writeChanges(w, done, dryRun) })
}

func applySchedule(ctx context.Context, eng *engine, schedules client.ScheduleClient, w *wantedSchedule, dryRun bool) (scheduleChange, error) {
	queue := eng.config.TaskQueue
	h := schedules.GetHandle(ctx, scheduleID(queue, w.name))
	have, err := describe(ctx, h)
	change := scheduleChange{Name: w.name}
	switch {
	case err != nil:
		return change, err
	case have == nil && w.Off:
		change.Outcome = "off"
		return change, nil
	case have == nil:
		change.Outcome = "created"
		if !dryRun {
			_, err = schedules.Create(ctx, w.options(queue))
		}
		return change, err
	case w.Off:
		change.Outcome = "removed"
		if !dryRun {
			err = h.Delete(ctx)
		}
		return change, err
	}
	change.Paused = have.Schedule.State != nil && have.Schedule.State.Paused
	want, err := w.shape(queue)
	if err != nil {
		return change, err
	}
	change.Changes = differences(want, shapeOf(&have.Schedule, eng.decode))
	change.Outcome = "unchanged"
	if len(change.Changes) == 0 {
		return change, nil
	}
	change.Outcome = "changed"
	if dryRun {
		return change, nil
	}
	return change, h.Update(ctx, client.ScheduleUpdateOptions{DoUpdate: func(in client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
		s := in.Description.Schedule
		spec := w.spec()
		s.Spec, s.Action, s.Policy = &spec, w.action(queue), w.policy()
		return &client.ScheduleUpdate{Schedule: &s}, nil
	}})
}

func writeChanges(w io.Writer, done []scheduleChange, dryRun bool) error {
	t := newColumns(w)
	for _, c := range done {
		more := strings.Join(c.Changes, ", ")
		if c.Paused {
			more = strings.TrimPrefix(more+"; paused", "; ")
		}
		t.row(c.Name, c.Outcome, dash(more))
	}
	if err := t.flush(); err != nil {
		return err
	}
	last := "see: keyturn schedules list"
	if dryRun {
		last = "nothing was changed"
	}
	_, err := fmt.Fprintln(w, "\n"+last)
	return err
}
