package e2e

import (
	"testing"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/workflows"
)

// TestRecordFleetHistories does the same for the workflows about many keys.
func TestRecordFleetHistories(t *testing.T) {
	if !*record {
		return // as above
	}
	s := newStack(t)
	sc := newScenario(t, s, "datadog").issued()
	sc.due()
	sc.runs("Sweep", "swept", workflows.Sweep, workflows.SweepInput{})
	sc.runs("StuckWatch", "watched", workflows.StuckWatch, workflows.StuckWatchInput{})
	sc.await(sc.client.GetWorkflow(t.Context(), workflows.KeyWorkflowID(sc.id), ""))
	sc.keep("RotateKey", "scheduled")
	if res := sc.do(workflows.RotateKey, func(o *workflows.Order) { o.IfDue = true }); res.Outcome != workflows.NotDue {
		t.Errorf("%+v", res)
	}
	sc.keep("RotateKey", "not-due")
}

// due makes the scenario's key due for rotation.
func (sc *scenario) due() {
	sc.t.Helper()
	k := *sc.key()
	k.Rotated = k.Rotated.AddDate(0, 0, -k.Audit.EveryDays-1)
	e := registry.Event{ID: "due/" + string(sc.id), Key: sc.id, What: registry.Noted, At: time.Now()}
	if _, err := sc.registry.Save(sc.t.Context(), k, e); err != nil {
		sc.t.Fatal(err)
	}
}

// runs runs a workflow that is about many keys, and keeps its history.
func (sc *scenario) runs(name, ending string, flow, input any) {
	sc.t.Helper()
	id := name + "/" + sc.queue
	run, err := sc.client.ExecuteWorkflow(sc.t.Context(), client.StartWorkflowOptions{ID: id, TaskQueue: sc.queue}, flow, input)
	if err == nil {
		err = run.Get(sc.t.Context(), nil)
	}
	if err != nil {
		sc.t.Fatalf("%s: %v", name, err)
	}
	sc.keepRun(name, ending, id)
}
