package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/keyturn/keyturn"
)

func newSchedulesListCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "Show every schedule, when it runs next, and how it stands",
		Long: `List shows what Temporal has, beside what the configuration asks for. STATE is
"active", "paused", "off", "not applied" where the schedule is missing, or
"differs" where it is not as the configuration says; "keyturn schedules apply"
mends the last two. LAST is when the last one started, and whether it runs or how
it ended. MISSED counts starts that were more than an hour late and were dropped,
as after an outage, and SKIPPED those at which the one before was still running.`,
		Example: `  keyturn schedules list
  keyturn schedules list --output json`,
		Args: needs(),
		RunE: func(cmd *cobra.Command, _ []string) error { return runSchedulesList(cmd.Context(), a) },
	}
}

// A scheduleView is a schedule as it is printed.
type scheduleView struct {
	Name    string           `json:"name"`
	State   string           `json:"state"`
	Every   keyturn.Duration `json:"every"`
	Next    time.Time        `json:"next,omitzero"`
	Last    time.Time        `json:"last,omitzero"`
	Outcome string           `json:"outcome,omitempty"` // of the last one: running, completed, failed, …; empty if it is forgotten
	Flow    string           `json:"workflow,omitempty"`
	Missed  int              `json:"missed"`
	Skipped int              `json:"skipped"`
	Note    string           `json:"note,omitempty"` // who paused it, and why
	Differs []string         `json:"differs,omitempty"`
}

func runSchedulesList(ctx context.Context, a *app) error {
	s, err := a.load()
	if err != nil {
		return err
	}
	wanted, err := s.Schedules.wanted()
	if err != nil {
		return err
	}
	var views []scheduleView
	err = withSchedules(ctx, a, func(eng *engine, schedules client.ScheduleClient) error {
		for _, w := range wanted {
			d, err := describe(ctx, schedules.GetHandle(ctx, scheduleID(eng.config.TaskQueue, w.name)))
			if err != nil {
				return err
			}
			v, err := viewSchedule(&w, d, eng)
			if err == nil && v.Flow != "" {
				v.Outcome, err = eng.outcomeOf(ctx, v.Flow)
			}
			if err != nil {
				return err
			}
			views = append(views, v)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return a.print(views, func(w io.Writer) error { return writeSchedules(w, views, a.now()) })
}

func viewSchedule(w *wantedSchedule, d *client.ScheduleDescription, eng *engine) (scheduleView, error) {
	v := scheduleView{Name: w.name, Every: w.Every}
	if d == nil {
		v.State = "not applied"
		if w.Off {
			v.State = "off"
		}
		return v, nil
	}
	want, err := w.shape(eng.config.TaskQueue)
	if err != nil {
		return v, err
	}
	have := shapeOf(&d.Schedule, eng.decode)
	v.Every, v.Differs = keyturn.Duration(have.every), differences(want, have)
	if w.Off {
		v.Differs = []string{"it is off in the configuration"}
	}
	v.Missed, v.Skipped = d.Info.NumActionsMissedCatchupWindow, d.Info.NumActionsSkippedOverlap
	if n := len(d.Info.RecentActions); n > 0 {
		last := d.Info.RecentActions[n-1]
		v.Last = last.ActualTime
		if last.StartWorkflowResult != nil {
			v.Flow = last.StartWorkflowResult.WorkflowID
		}
	}
	switch state := d.Schedule.State; {
	case state != nil && state.Paused:
		v.State, v.Note = "paused", state.Note
	case len(v.Differs) > 0:
		v.State = "differs"
	default:
		v.State = "active"
	}
	if v.State != "paused" && len(d.Info.NextActionTimes) > 0 {
		v.Next = d.Info.NextActionTimes[0]
	}
	return v, nil
}

// outcomeOf is how a workflow stands, in a word; empty if Temporal has forgotten
// it. One that went on in further runs is judged by the last of them.
func (e *engine) outcomeOf(ctx context.Context, workflow string) (string, error) {
	d, err := e.DescribeWorkflowExecution(ctx, workflow, "")
	var missing *serviceerror.NotFound
	switch status := d.GetWorkflowExecutionInfo().GetStatus(); {
	case errors.As(err, &missing):
		return "", nil
	case err != nil:
		return "", err
	case status == enumspb.WORKFLOW_EXECUTION_STATUS_TIMED_OUT:
		return "timed out", nil
	default:
		return strings.ToLower(status.String()), nil
	}
}

func writeSchedules(w io.Writer, views []scheduleView, now time.Time) error {
	t := newColumns(w, "SCHEDULE", "STATE", "EVERY", "NEXT", "LAST", "MISSED", "SKIPPED", "REMARK")
	for _, v := range views {
		last := distanceOr(v.Last, now)
		if v.Outcome != "" {
			last += ", " + v.Outcome
		}
		t.row(v.Name, v.State, rough(time.Duration(v.Every)), distanceOr(v.Next, now), last, fmt.Sprint(v.Missed), fmt.Sprint(v.Skipped), v.remark())
	}
	return t.flush()
}

func (v *scheduleView) remark() string {
	var parts []string
	if v.Note != "" {
		parts = append(parts, v.Note)
	}
	switch v.Outcome {
	case "failed", "timed out", "terminated", "canceled":
		parts = append(parts, "for why, see "+v.Flow+" in Temporal's UI")
	}
	if len(v.Differs) > 0 {
		parts = append(parts, "differs from the configuration: "+strings.Join(v.Differs, ", "))
	}
	return dash(strings.Join(parts, "; "))
}

func distanceOr(t, now time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return distance(t, now)
}
