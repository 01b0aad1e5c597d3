package e2e

import (
	"context"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/workflows"
)

// leakKills kills the worker before and after every side effect of answering a leak:
// where the key is ended before it is replaced, by a vendor that can switch keys off and
// by one that cannot, and where it is replaced first.
func leakKills(t *testing.T, s *stack, table *tally) {
	for _, c := range []struct {
		vendor string
		first  keyturn.OnLeak
	}{{"aws", keyturn.KillFirst}, {"datadog", keyturn.KillFirst}, {"openai", keyturn.ReplaceFirst}} {
		t.Run(c.vendor+"/"+string(c.first), func(t *testing.T) {
			t.Parallel()
			killEverywhere(t, s, c.vendor, "leak", table, func(sc *scenario) { sc.policy.OnLeak = c.first })
		})
	}
}

// leaked has the value of the scenario's key found, and waits until that is answered.
func (sc *scenario) leaked() workflows.Result {
	sc.t.Helper()
	k := sc.key()
	old := *k.Current()
	launcher := workflows.Launcher{Client: sc.client, Namespace: namespace, Queue: sc.queue, Now: time.Now}
	reporter := activities.Reporter{Registry: sc.registry, Respond: launcher.Respond, Actor: "e2e", Now: time.Now}
	out, err := reporter.Report(sc.t.Context(), []leaks.Finding{{Source: "e2e", Event: string(sc.id), Value: keyturn.NewSecret(sc.ledger.Value(old.RemoteID))}})
	if err != nil || len(out) != 1 || out[0].Leak.Key != sc.id {
		sc.t.Fatalf("%+v, %v", out, err)
	}
	ctx, cancel := context.WithTimeout(sc.t.Context(), 8*time.Minute)
	defer cancel()
	if err := sc.client.GetWorkflow(ctx, workflows.LeakWorkflowID(out[0].Leak.ID), "").Get(ctx, nil); err != nil {
		sc.t.Fatalf("%s: the leak was not answered: %v", sc.id, err)
	}
	leak, err := sc.registry.Leak(sc.t.Context(), out[0].Leak.ID)
	if err != nil || leak.State != registry.LeakDead || leak.Generation != old.Generation {
		sc.t.Errorf("%+v, %v", leak, err)
	}
	if killed := sc.policy.OnLeak == keyturn.KillFirst; killed == leak.Killed.IsZero() {
		sc.t.Errorf("policy %s, and it was ended ahead at %s", sc.policy.OnLeak, leak.Killed)
	}
	if sc.ledger.Accepts(old.RemoteID) {
		sc.t.Error("the leaked value works")
	}
	return sc.await(sc.client.GetWorkflow(sc.t.Context(), workflows.KeyWorkflowID(sc.id), ""))
}
