package main

import (
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/workflows"
)

// scheduleSettings is the section schedules of the configuration file.
type scheduleSettings struct {
	Sweep       sweepSettings     `yaml:"sweep"`
	Reconcile   reconcileSettings `yaml:"reconcile"`
	StuckWatch  stuckSettings     `yaml:"stuck_watch"`
	Directories Timing            `yaml:"directories"`
	Leaks       Timing            `yaml:"leaks"`
}

// Timing is when a schedule starts its workflow.
type Timing struct {
	Every  keyturn.Duration `yaml:"every"`
	Offset keyturn.Duration `yaml:"offset"` // from multiples of Every since 1970, UTC
	Off    bool             `yaml:"off"`
}

type sweepSettings struct {
	Timing     `yaml:",inline"`
	Window     keyturn.Duration `yaml:"window"`
	Load       float64          `yaml:"load"`
	PerTeam    int              `yaml:"per_team"`
	CanaryLead keyturn.Duration `yaml:"canary_lead"`
	RetryAfter keyturn.Duration `yaml:"retry_after"`
}

type reconcileSettings struct {
	Timing `yaml:",inline"`
	Paths  []pathSettings `yaml:"paths"`
}

type pathSettings struct {
	Store  string `yaml:"store"`
	Prefix string `yaml:"prefix"`
}

type stuckSettings struct {
	Timing `yaml:",inline"`
	After  keyturn.Duration `yaml:"after"`
}

// A wantedSchedule is a schedule as the configuration asks for it.
type wantedSchedule struct {
	Timing
	name     string
	workflow any
	input    any
	priority int
	summary  string
}

// wanted completes and checks the settings.
func (s scheduleSettings) wanted() ([]wantedSchedule, error) {
	sweep := wantedSchedule{
		Timing: s.Sweep.or(time.Hour, 7*time.Minute), name: "sweep", workflow: workflows.Sweep,
		priority: workflows.Priority("scheduled"), summary: "start the rotations that are due",
	}
	if s.Sweep.Window == 0 {
		s.Sweep.Window = sweep.Every
	}
	config := activities.SweepConfig{
		Window: s.Sweep.Window, Load: s.Sweep.Load, PerTeam: s.Sweep.PerTeam, CanaryLead: s.Sweep.CanaryLead, RetryAfter: s.Sweep.RetryAfter,
	}.WithDefaults()
	sweep.input = workflows.SweepInput{Config: config}
	reconcile := wantedSchedule{
		Timing: s.Reconcile.or(24*time.Hour, 3*time.Hour), name: "reconcile", workflow: workflows.Reconcile,
		priority: workflows.Priority("reconcile"), summary: "compare vendors, registry and stores",
	}
	var paths []activities.StorePath
	for _, p := range s.Reconcile.Paths {
		paths = append(paths, activities.StorePath{Store: p.Store, Prefix: p.Prefix})
	}
	reconcile.input = workflows.ReconcileInput{Paths: paths}
	stuck := wantedSchedule{
		Timing: s.StuckWatch.or(15*time.Minute, 0), name: "stuck-watch", workflow: workflows.StuckWatch,
		priority: workflows.Priority("requested"), summary: "look for operations that do not get on",
	}
	stuck.input = workflows.StuckWatchInput{After: s.StuckWatch.After}
	directories := wantedSchedule{
		Timing: s.Directories.or(time.Hour, 30*time.Minute), name: "directories", workflow: workflows.CompareDirectories,
		input: workflows.CompareDirectoriesInput{}, priority: workflows.Priority("offboarding"), summary: "find owners of keys who left",
	}
	leaks := wantedSchedule{
		Timing: s.Leaks.or(time.Hour, 37*time.Minute), name: "leaks", workflow: workflows.LookForLeaks,
		input: workflows.LookForLeaksInput{}, priority: workflows.Priority("leak"), summary: "find leaks nobody told of",
	}
	all := []wantedSchedule{sweep, reconcile, stuck, directories, leaks}
	for _, w := range all {
		if err := w.check(field(w.name)); err != nil {
			return nil, err
		}
	}
	return all, s.check(config, sweep.Every)
}

// or is the Timing with defaults. An offset that was not asked for does not stand
// in the way of a short interval.
func (t Timing) or(every, offset time.Duration) Timing {
	if t.Every == 0 {
		t.Every = keyturn.Duration(every)
	}
	if t.Offset == 0 && offset < time.Duration(t.Every) {
		t.Offset = keyturn.Duration(offset)
	}
	return t
}

func field(name string) string {
	if name == "stuck-watch" {
		return "stuck_watch"
	}
	return name
}

func (t Timing) check(name string) error {
	switch {
	case time.Duration(t.Every) < time.Minute:
		return badSchedule(name+".every", "is less than a minute", "write 1m or more")
	case t.Offset >= t.Every:
		return badSchedule(name+".offset", "is not less than every", "write a shorter one; it counts from each beginning of the interval")
	}
	return nil
}

func (s scheduleSettings) check(c activities.SweepConfig, every keyturn.Duration) error {
	switch {
	case c.Window > every:
		return badSchedule("sweep.window", "is longer than sweep.every", "shorten it, or two sweeps would plan for the same time")
	case !(c.Load >= 0.01 && c.Load <= 1): // not a number is neither
		return badSchedule("sweep.load", fmt.Sprintf("is %g", c.Load), "write a share from 0.01 to 1, such as 0.8")
	case c.PerTeam < 0:
		return badSchedule("sweep.per_team", "is negative", "write a number, or leave it out for no cap")
	}
	for i, p := range s.Reconcile.Paths {
		if p.Store == "" || p.Prefix == "" {
			return badSchedule(fmt.Sprintf("reconcile.paths[%d]", i), "lacks store or prefix", "write both, such as {store: default, prefix: secret/apps/}")
		}
	}
	return nil
}

func badSchedule(field, problem, mend string) error {
	return usagef("schedules.%s: %s; %s in the configuration", field, problem, mend)
}

// catchup is how long a start may be late, as after an outage of Temporal's. What
// is later is left to the next one. Temporal's default is a year.
const catchup = time.Hour

// jitter keeps what is planned for the full hour from starting all at once.
func (t Timing) jitter() time.Duration { return min(time.Duration(t.Every)/10, 5*time.Minute) }

func (w *wantedSchedule) spec() client.ScheduleSpec {
	return client.ScheduleSpec{
		Intervals: []client.ScheduleIntervalSpec{{Every: time.Duration(w.Every), Offset: time.Duration(w.Offset)}}, Jitter: w.jitter(),
	}
}

// action starts the workflow. Temporal adds the time to its id.
func (w *wantedSchedule) action(queue string) *client.ScheduleWorkflowAction {
	return &client.ScheduleWorkflowAction{
		ID: scheduleID(queue, w.name), Workflow: w.workflow, Args: []any{w.input}, TaskQueue: queue,
		Priority: temporal.Priority{PriorityKey: w.priority}, StaticSummary: w.summary,
	}
}

func (w *wantedSchedule) options(queue string) client.ScheduleOptions {
	return client.ScheduleOptions{
		ID: scheduleID(queue, w.name), Spec: w.spec(), Action: w.action(queue),
		Overlap: enumspb.SCHEDULE_OVERLAP_POLICY_SKIP, CatchupWindow: catchup,
	}
}

func (w *wantedSchedule) policy() *client.SchedulePolicies {
	return &client.SchedulePolicies{Overlap: enumspb.SCHEDULE_OVERLAP_POLICY_SKIP, CatchupWindow: catchup}
}
