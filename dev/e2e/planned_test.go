package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/client"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/workflows"
)

// TestPlanned speaks with the real command line to rotations that are planned
// for later, as a sweep plans them.
func TestPlanned(t *testing.T) {
	s := newStack(t)
	command := build(t, s.dir, "github.com/keyturn/keyturn/starter")
	t.Run("begins as ordered anew", func(t *testing.T) {
		t.Parallel()
		plannedBegins(t, newScenario(t, s, "aws").issued().commanded(command))
	})
	for _, up := range []bool{true, false} {
		t.Run(fmt.Sprintf("called off, worker running %v", up), func(t *testing.T) {
			t.Parallel()
			plannedIsCalledOff(t, newScenario(t, s, "aws").issued().commanded(command), up)
		})
	}
}

// plannedBegins: the planned order would end at once, because the key is not
// due. The one that is carried out is the one given last.
func plannedBegins(t *testing.T, sc *commanded) {
	run := sc.plan()
	out, code := sc.keyturn("rotate", string(sc.id), "--reason", "leak", "--now", "--yes", "--as", "carol")
	if code != 0 || !strings.Contains(out, "begins now (run "+run.GetRunID()+")") {
		t.Fatalf("rotate: exit code %d\n%s", code, out)
	}
	if res := sc.await(run); res.Outcome != workflows.Rotated {
		t.Errorf("%+v", res)
	}
	sc.promised(t)
	what := sc.events(run, func(e registry.Event) {
		if e.Actor != "carol" || e.Reason != "leak" {
			t.Errorf("%s by %q because of %q, want carol's order because of a leak", e.What, e.Actor, e.Reason)
		}
	})
	if !slices.Contains(what, registry.Began) || !slices.Contains(what, registry.Completed) {
		t.Errorf("the key's history has %v of it", what)
	}
}

// events is what a run wrote into the key's history; look sees each.
func (sc *commanded) events(run client.WorkflowRun, look func(registry.Event)) (what []string) {
	sc.t.Helper()
	for e, err := range sc.registry.History(sc.t.Context(), sc.id) {
		if err != nil {
			sc.t.Fatal(err)
		}
		if strings.HasPrefix(e.ID, run.GetRunID()) {
			look(e)
			what = append(what, e.What)
		}
	}
	return what
}

// plannedIsCalledOff: neither the key nor the vendor is touched, and the key can
// be rotated as before.
func plannedIsCalledOff(t *testing.T, sc *commanded, up bool) {
	key, log := sc.key(), sc.ledger.Log()
	run := sc.plan()
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"expedite"}, "begin it now with: keyturn rotate"},
		{[]string{"extend", "--for", "1h"}, "nothing to extend yet"},
		{[]string{"revoke", "--yes"}, "keyturn abort " + string(sc.id)},
	} {
		if out, code := sc.keyturn(append(c.args, string(sc.id))...); code != 5 || !strings.Contains(out, c.says) {
			t.Errorf("%s: exit code %d\n%s", c.args[0], code, out)
		}
	}
	if !up {
		sc.halt()
	}
	if out, code := sc.keyturn("abort", string(sc.id)); code != 0 || !strings.Contains(out, "is called off; nothing has begun") {
		t.Fatalf("abort: exit code %d\n%s", code, out)
	}
	if !up {
		if out, code := sc.keyturn("rotate", string(sc.id)); code != 5 || !strings.Contains(out, "already under way") {
			t.Errorf("rotate before a worker has read it: exit code %d\n%s", code, out)
		}
		sc.start()
	}
	if res := sc.await(run); res.Outcome != workflows.RolledBack || res.Why != "cancelled" || res.Generation != 0 {
		t.Errorf("%+v", res)
	}
	after := sc.key()
	if diff := cmp.Diff([]string{registry.RolledBack}, sc.events(run, func(registry.Event) {})); diff != "" {
		t.Errorf("the key's history (-want +got):\n%s", diff)
	}
	after.Revision = key.Revision // which every event raises
	if diff := cmp.Diff(key, after); diff != "" {
		t.Errorf("the key was changed (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff(log, sc.ledger.Log()); diff != "" {
		t.Errorf("something was changed at the vendor (-before +after):\n%s", diff)
	}
	if res := sc.do(workflows.RotateKey); res.Outcome != workflows.Rotated {
		t.Errorf("%+v", res)
	}
	sc.promised(t)
}

// commanded is a scenario with a command line.
type commanded struct {
	*scenario
	binary, settings string
}

func (sc *scenario) commanded(binary string) *commanded {
	sc.t.Helper()
	dir := filepath.Join(sc.dir, sc.queue)
	urlFile, settings := filepath.Join(dir, "direct-url"), filepath.Join(dir, "keyturn.yaml")
	for file, text := range map[string]string{
		urlFile: sc.postgres.URL(),
		settings: fmt.Sprintf("temporal: {address: %q, namespace: %s, task_queue: %s}\nregistry: {postgres: {url_file: %q}}\n",
			sc.temporal.Address(), namespace, sc.queue, urlFile),
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			sc.t.Fatal(err)
		}
	}
	return &commanded{sc, binary, settings}
}

// keyturn runs one command and returns what it said and its exit code.
func (sc *commanded) keyturn(args ...string) (string, int) {
	sc.t.Helper()
	ctx, cancel := context.WithTimeout(sc.t.Context(), 20*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, sc.binary, append(args, "--config", sc.settings)...).CombinedOutput()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return string(out), 0
	case ctx.Err() == nil && errors.As(err, &exit):
		return string(out), exit.ExitCode()
	}
	sc.t.Fatalf("keyturn %s: %v\n%s", strings.Join(args, " "), err, out)
	return "", 0
}

// plan starts a rotation that begins in an hour, if the key is due then.
func (sc *commanded) plan() client.WorkflowRun {
	sc.t.Helper()
	l := workflows.Launcher{Client: sc.client, Namespace: namespace, Queue: sc.queue, Now: time.Now}
	begun, err := l.Begin(sc.t.Context(), activities.Start{
		Operation: keyturn.Rotate, Key: sc.key(), Cause: activities.Cause{Reason: "scheduled", Actor: "sweep"}, IfDue: true, After: time.Hour,
	})
	if err != nil || begun.What != activities.Started {
		sc.t.Fatalf("%s, %v", begun, err)
	}
	d, err := sc.client.DescribeWorkflowExecution(sc.t.Context(), workflows.KeyWorkflowID(sc.id), "")
	if err != nil {
		sc.t.Fatal(err)
	}
	if _, planned := workflows.Planned(d, time.Now()); !planned {
		sc.t.Fatal("it is not planned for later")
	}
	return sc.client.GetWorkflow(sc.t.Context(), workflows.KeyWorkflowID(sc.id), d.GetWorkflowExecutionInfo().GetExecution().GetRunId())
}
