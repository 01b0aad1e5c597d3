package e2e

import (
	"testing"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
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
	sc.runs("Reconcile", "reconciled", workflows.Reconcile, workflows.ReconcileInput{Paths: []activities.StorePath{{Store: "default", Prefix: "secret/team"}}})
	sc.batch("b-recorded")
	sc.await(sc.client.GetWorkflow(t.Context(), workflows.KeyWorkflowID(sc.id), ""))
	sc.keep("RotateKey", "of-a-batch")
	sc.adopted()
}

// batch rotates the scenario's key as a batch.
func (sc *scenario) batch(id string) {
	sc.t.Helper()
	b := registry.Batch{ID: id, Selector: "key=" + string(sc.id), Reason: "leak", Actor: "e2e", At: time.Now()}
	if err := sc.registry.AddBatch(sc.t.Context(), b, []keyturn.KeyID{sc.id}); err != nil {
		sc.t.Fatal(err)
	}
	in := workflows.BatchInput{Page: activities.StartBatchInput{Batch: id}}
	sc.runsAs(workflows.BatchWorkflowID(id), "RotateBatch", "begun", workflows.RotateBatch, in)
}

// adopted has a key at the vendor that nobody knows taken over by an entry.
func (sc *scenario) adopted() {
	sc.t.Helper()
	k := *sc.key()
	old := k.Current()
	k.ID, k.Revision, k.Ledger, k.Generation, k.Storage.Secret.Path = sc.id+"-adopted", 0, nil, 0, k.Storage.Secret.Path+"-adopted"
	e := registry.Event{ID: "apply/" + string(k.ID), Key: k.ID, What: registry.Applied, At: time.Now()}
	if _, err := sc.registry.Save(sc.t.Context(), k, e); err != nil {
		sc.t.Fatal(err)
	}
	in := workflows.Adoption{RemoteID: old.RemoteID, Order: workflows.Order{
		Key: k.ID, Issuer: k.Scope.Issuer(), Cause: activities.Cause{Reason: "requested", Actor: "e2e"},
	}}
	sc.runsAs(workflows.KeyWorkflowID(k.ID), "AdoptKey", "rejected", workflows.AdoptKey, in) // nothing is stored at its path
	_, value, _, err := sc.consumed(sc.t.Context(), sc.path)
	if err != nil {
		sc.t.Fatal(err)
	}
	if _, err := sc.vaultAPI.KVv2("secret").Put(sc.t.Context(), sc.path+"-adopted", map[string]any{"key_id": old.RemoteID, "key": value}); err != nil {
		sc.t.Fatal(err)
	}
	first := *sc.key()
	first.Ledger = nil
	if _, err := sc.registry.Save(sc.t.Context(), first, registry.Event{ID: "forget/" + string(sc.id), Key: sc.id, What: registry.Noted, At: time.Now()}); err != nil {
		sc.t.Fatal(err)
	}
	sc.runsAs(workflows.KeyWorkflowID(k.ID), "AdoptKey", "adopted", workflows.AdoptKey, in)
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
	sc.runsAs(name+"/"+sc.queue, name, ending, flow, input)
}

func (sc *scenario) runsAs(id, name, ending string, flow, input any) {
	sc.t.Helper()
	run, err := sc.client.ExecuteWorkflow(sc.t.Context(), client.StartWorkflowOptions{ID: id, TaskQueue: sc.queue}, flow, input)
	if err == nil {
		err = run.Get(sc.t.Context(), nil)
	}
	if err != nil {
		sc.t.Fatalf("%s: %v", name, err)
	}
	sc.keepRun(name, ending, id)
}
