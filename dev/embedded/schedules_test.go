package embedded_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.temporal.io/api/workflowservice/v1"

	"github.com/keyturn/keyturn/dev/embedded"
)

// TestSchedulesOfTheCommand holds Temporal to what "keyturn schedules" relies on:
// what apply made reads back as it was written, also where payloads are encrypted.
func TestSchedulesOfTheCommand(t *testing.T) {
	t.Parallel()
	s := start(t, embedded.Options{NoUI: true})
	c := dial(t, s)
	t.Cleanup(c.Close)
	dir := t.TempDir()
	program := filepath.Join(dir, "keyturn")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "github.com/keyturn/keyturn/starter").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	key := filepath.Join(dir, "key")
	if err := os.WriteFile(key, []byte("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	config := func(more string) string {
		file := filepath.Join(t.TempDir(), "keyturn.yaml")
		text := fmt.Sprintf("temporal: {address: %q, namespace: keyturn, encryption: {active: k1, keys: [{id: k1, file: %q}]}}\nregistry: {sqlite: {path: %q}}\n%s",
			s.Address(), key, filepath.Join(dir, "registry.db"), more)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	plain := config("")
	run := func(file string, args ...string) string {
		t.Helper()
		out, err := exec.CommandContext(t.Context(), program, append([]string{"--config", file, "schedules"}, args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("schedules %v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	is := func(out string, want map[string]int) {
		t.Helper()
		for word, n := range want {
			if got := strings.Count(out, word); got != n {
				t.Errorf("%q is there %d times, want %d:\n%s", word, got, n, out)
			}
		}
	}
	is(run(plain, "apply"), map[string]int{"created": 5})
	is(run(plain, "apply"), map[string]int{"unchanged": 5})
	is(run(plain, "pause", "sweep", "--reason", "release week"), map[string]int{"sweep is paused": 1})
	other := config("schedules: {sweep: {every: 2h, per_team: 9}, reconcile: {off: true}}\n")
	is(run(other, "apply"), map[string]int{"every 1h becomes 2h": 1, "settings; paused": 1, "removed": 1, "unchanged": 3})
	is(run(other, "apply"), map[string]int{"unchanged": 4, "off": 1})
	is(run(other, "list"), map[string]int{"release week": 1, "active": 3, "off": 1})
	is(run(other, "trigger", "sweep"), map[string]int{"sweep has started: keyturn.sweep-": 1})
	is(run(other, "list"), map[string]int{", running": 1})
	is(run(other, "resume", "sweep"), map[string]int{"sweep is resumed": 1})
	d, err := c.WorkflowService().DescribeSchedule(t.Context(), &workflowservice.DescribeScheduleRequest{Namespace: "keyturn", ScheduleId: "keyturn.sweep"})
	if err != nil {
		t.Fatal(err)
	}
	a := d.GetSchedule().GetAction().GetStartWorkflow()
	if a.GetWorkflowType().GetName() != "Sweep" || a.GetPriority().GetPriorityKey() != 4 || strings.Contains(a.String(), "per_team") {
		t.Errorf("the schedule starts %s", a)
	}
	if len(d.GetInfo().GetRunningWorkflows()) != 1 {
		t.Errorf("what was triggered is not under way: %s", d.GetInfo())
	}
}
