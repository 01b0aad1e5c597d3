package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/config"
)

func TestSchedulesApply(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	apply := func(args ...string) string {
		t.Helper()
		d.stdout.Reset()
		d.expect(t, exitOK, "", append([]string{"schedules", "apply"}, args...)...)
		return d.stdout.String()
	}
	all := []string{"create keyturn.sweep", "create keyturn.reconcile", "create keyturn.stuck-watch", "create keyturn.directories", "create keyturn.leaks"}
	golden(t, "testdata/schedules/dry-run.txt", apply("--dry-run"))
	if len(d.temporal.planned.changes) != 0 {
		t.Errorf("a dry run changed %v", d.temporal.planned.changes)
	}
	apply()
	if diff := cmp.Diff(all, d.temporal.planned.changes); diff != "" {
		t.Fatal(diff)
	}
	golden(t, "testdata/schedules/unchanged.txt", apply())
	if len(d.temporal.planned.changes) != len(all) {
		t.Errorf("the second apply changed %v", d.temporal.planned.changes[len(all):])
	}
	d.expect(t, exitOK, "", "schedules", "pause", "sweep", "--reason", "release week")
	d.settings.Schedules.Sweep.Every = keyturn.Duration(2 * time.Hour)
	d.settings.Schedules.Sweep.PerTeam = 50
	d.settings.Schedules.Reconcile.Off = true
	golden(t, "testdata/schedules/would-change.txt", apply("--dry-run"))
	golden(t, "testdata/schedules/changed.txt", apply())
	if diff := cmp.Diff(append(all, "update keyturn.sweep", "delete keyturn.reconcile"), d.temporal.planned.changes); diff != "" {
		t.Error(diff)
	}
	if !d.temporal.planned.all["keyturn.sweep"].Schedule.State.Paused {
		t.Error("the change took the pause away")
	}
	apply()
	if n := len(d.temporal.planned.changes); n != len(all)+2 {
		t.Errorf("repeated, it changed %v", d.temporal.planned.changes[len(all)+2:])
	}
}

// TestSchedulesApplyMendsWhatSomebodyChanged compares everything that is set.
func TestSchedulesApplyMendsWhatSomebodyChanged(t *testing.T) {
	t.Parallel()
	for what, change := range map[string]func(*client.Schedule){
		"overlap":             func(s *client.Schedule) { s.Policy.Overlap++ },
		"catch-up":            func(s *client.Schedule) { s.Policy.CatchupWindow = 365 * 24 * time.Hour },
		"pause on failure":    func(s *client.Schedule) { s.Policy.PauseOnFailure = true },
		"jitter":              func(s *client.Schedule) { s.Spec.Jitter = 0 },
		"every 3h becomes 1h": func(s *client.Schedule) { s.Spec.Intervals[0].Every = 3 * time.Hour },
		"task queue":          func(s *client.Schedule) { s.Action.(*client.ScheduleWorkflowAction).TaskQueue = "other" },
		"priority":            func(s *client.Schedule) { s.Action.(*client.ScheduleWorkflowAction).Priority.PriorityKey = 1 },
		"workflow":            func(s *client.Schedule) { s.Action.(*client.ScheduleWorkflowAction).Workflow = "Other" },
		"settings":            func(s *client.Schedule) { s.Action.(*client.ScheduleWorkflowAction).Args = nil },
	} {
		d := newDesk(t)
		d.expect(t, exitOK, "", "schedules", "apply")
		change(&d.temporal.planned.all["keyturn.sweep"].Schedule)
		d.stdout.Reset()
		d.expect(t, exitOK, "", "schedules", "apply", "--output", "json")
		if out := d.stdout.String(); !strings.Contains(out, `"`+what+`"`) || strings.Count(out, `"changed"`) != 1 {
			t.Errorf("%s: %s", what, out)
		}
		if want, have := d.wantedShape(t), shapeOf(&d.temporal.planned.all["keyturn.sweep"].Schedule, mustEngine(t, d).decode); want != have {
			t.Errorf("%s is not mended: %+v", what, have)
		}
	}
}

func (d *desk) wantedShape(t *testing.T) shape {
	t.Helper()
	wanted, err := d.settings.Schedules.wanted()
	if err != nil {
		t.Fatal(err)
	}
	s, err := wanted[0].shape("keyturn")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func mustEngine(t *testing.T, d *desk) *engine {
	t.Helper()
	eng, err := d.engine(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	return eng
}

func TestSchedulesList(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.expect(t, exitOK, "", "schedules", "list")
	golden(t, "testdata/schedules/none.txt", d.stdout.String())
	d.expect(t, exitOK, "", "schedules", "apply")
	d.expect(t, exitOK, "", "schedules", "pause", "reconcile", "--reason", "incident 4711")
	d.stdout.Reset()
	d.expect(t, exitOK, "", "schedules", "trigger", "sweep")
	if out := d.stdout.String(); !strings.HasPrefix(out, "sweep has started: keyturn.sweep-1\n") {
		t.Errorf("trigger says:\n%s", out)
	}
	info := &d.temporal.planned.all["keyturn.sweep"].Info
	info.NumActionsMissedCatchupWindow = 2
	d.temporal.describe = func(int) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
		return described("Sweep", enumspb.WORKFLOW_EXECUTION_STATUS_FAILED, 9), nil
	}
	d.settings.Schedules.StuckWatch.Every = keyturn.Duration(time.Hour)
	for _, format := range []string{"table", "json"} {
		d.stdout.Reset()
		d.expect(t, exitOK, "", "schedules", "list", "--output", format)
		golden(t, "testdata/schedules/list."+format, d.stdout.String())
	}
	d.stdout.Reset()
	info.RunningWorkflows = []client.ScheduleWorkflowExecution{{WorkflowID: "keyturn.sweep-1"}}
	d.expect(t, exitRefused, "one runs already: keyturn.sweep-1", "schedules", "trigger", "sweep")
	d.expect(t, exitOK, "", "schedules", "resume", "all")
	if state := d.temporal.planned.all["keyturn.reconcile"].Schedule.State; state.Paused || state.Note != "resumed by bob@laptop" {
		t.Errorf("%+v", state)
	}
}

// TestSchedulesSpokenToAll: "all" is those that are there.
func TestSchedulesSpokenToAll(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.settings.Schedules.Reconcile.Off = true
	d.expect(t, exitOK, "", "schedules", "apply")
	d.stdout.Reset()
	d.expect(t, exitOK, "", "schedules", "pause", "all", "--reason", "incident 4711")
	if diff := cmp.Diff("sweep is paused\nstuck-watch is paused\ndirectories is paused\nleaks is paused\n", d.stdout.String()); diff != "" {
		t.Error(diff)
	}
	d.stdout.Reset()
	d.expect(t, exitOK, "", "schedules", "resume", "all", "-o", "json")
	var got []scheduleChange
	if err := json.Unmarshal(d.stdout.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]scheduleChange{{Name: "sweep", Outcome: "resumed"}, {Name: "stuck-watch", Outcome: "resumed"}, {Name: "directories", Outcome: "resumed"}, {Name: "leaks", Outcome: "resumed"}}, got); diff != "" {
		t.Error(diff)
	}
}

// TestScheduleOutcomes: how the last run stands is said in a word.
func TestScheduleOutcomes(t *testing.T) {
	t.Parallel()
	for status, want := range map[enumspb.WorkflowExecutionStatus]string{
		enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING:   "running",
		enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED: "completed",
		enumspb.WORKFLOW_EXECUTION_STATUS_TIMED_OUT: "timed out",
	} {
		d := newDesk(t)
		d.temporal.describe = func(int) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
			return described("Sweep", status, 9), nil
		}
		if got, err := mustEngine(t, d).outcomeOf(t.Context(), "keyturn.sweep-1"); got != want || err != nil {
			t.Errorf("%s is told as %q (%v), want %q", status, got, err, want)
		}
	}
	if got, err := mustEngine(t, newDesk(t)).outcomeOf(t.Context(), "keyturn.sweep-1"); got != "" || err != nil {
		t.Errorf("one that is forgotten is told as %q (%v)", got, err)
	}
}

func TestSchedulesMistakes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		code int
		says string
		args []string
	}{
		{exitUsage, `there is no schedule "swept"; there are: sweep, reconcile, stuck-watch, directories, leaks`, []string{"pause", "swept", "--reason", "x"}},
		{exitUsage, "--reason is missing", []string{"pause", "sweep"}},
		{exitUsage, "name one schedule", []string{"trigger", "all"}},
		{exitUsage, "SCHEDULE is missing", []string{"resume"}},
		{exitRefused, "the schedule sweep does not exist; make it with: keyturn schedules apply", []string{"trigger", "sweep"}},
		{exitRefused, "no schedule exists; make them with: keyturn schedules apply", []string{"pause", "all", "--reason", "x"}},
	} {
		newDesk(t).expect(t, c.code, c.says, append([]string{"schedules"}, c.args...)...)
	}
}

// TestScheduleSettings reads them as they are written in the file.
func TestScheduleSettings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, says string }{
		{"sweep: {every: 30s}", "schedules.sweep.every: is less than a minute"},
		{"sweep: {every: 1h, offset: 1h}", "schedules.sweep.offset: is not less than every"},
		{"sweep: {every: 1h, window: 2h}", "schedules.sweep.window: is longer than sweep.every"},
		{"sweep: {load: 1.5}", "schedules.sweep.load: is 1.5"},
		{"sweep: {load: -1}", "schedules.sweep.load: is -1"},
		{"sweep: {per_team: -1}", "schedules.sweep.per_team: is negative"},
		{"reconcile: {paths: [{store: default}]}", "schedules.reconcile.paths[0]: lacks store or prefix"},
		{"stuck_watch: {every: 1s}", "schedules.stuck_watch.every: is less than a minute"},
		{"stuck_watch: {evry: 1s}", "unknown field"},
		{"leaks: {every: 30m, offset: 37m}", "schedules.leaks.offset: is not less than every"},
		{"leaks: {every: 30m}", ""},
		{"sweep: {every: 5m}", ""},
		{"stuck_watch: {off: true, after: 3d}", ""},
	} {
		file := filepath.Join(t.TempDir(), "keyturn.yaml")
		text := "schedules:\n  " + c.text + "\n"
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		var s settings
		err := config.Load(file, &s)
		if err == nil {
			_, err = s.Schedules.wanted()
		}
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, want %q", c.text, err, c.says)
		}
	}
}

func TestScheduleDefaults(t *testing.T) {
	t.Parallel()
	wanted, err := scheduleSettings{}.wanted()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, w := range wanted {
		names = append(names, w.name)
		if w.Off || w.jitter() <= 0 || w.jitter() > 5*time.Minute {
			t.Errorf("%s: %+v, jitter %s", w.name, w.Timing, w.jitter())
		}
	}
	if !slices.Equal(names, scheduleNames()) {
		t.Errorf("made are %v, named are %v", names, scheduleNames())
	}
}
