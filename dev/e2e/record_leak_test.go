package e2e

import (
	"testing"
	"time"

	"go.temporal.io/api/workflowservice/v1"

	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/servertest"
	"github.com/keyturn/keyturn/workflows"
)

// TestRecordLeakHistories does the same for the workflows about leaks.
func TestRecordLeakHistories(t *testing.T) {
	if !*record {
		return // as above
	}
	a := account("datadog", 0, 1000)
	r := newRig(t, inMemory, servertest.StartVaultInMemory(t), a)
	l := newLeaky(r, map[string]any{"on_leak": "kill"})
	r.start(1)
	ids := r.inService(a, 2)
	l.fill()
	keepHistory(t, r.client, "FillFingerprints", "filled", workflows.FillWorkflowID)
	l.alert(l.value(a, ids[0]))
	l.alert(canary + "of-nobody")
	l.until("both are known", time.Minute, func() bool { return len(l.found()) == 2 })
	nobody := l.found()[""]
	killed := l.within(time.Minute, l.found()[ids[0]].ID)
	keepHistory(t, r.client, "RespondToLeak", "killed-first", workflows.LeakWorkflowID(killed.ID))
	l.say(nobody.ID, func(l *registry.Leak) {
		l.State, l.Dismissal, l.Worder = registry.LeakDismissed, "false-positive", "e2e"
	})
	l.within(time.Minute, nobody.ID)
	keepHistory(t, r.client, "RespondToLeak", "dismissed", workflows.LeakWorkflowID(nobody.ID))
	page, err := r.client.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{Namespace: namespace, Query: `WorkflowType = "HearScanner"`})
	if err != nil || len(page.GetExecutions()) != 2 {
		t.Fatalf("%d deliveries were looked at, %v", len(page.GetExecutions()), err)
	}
	keepHistory(t, r.client, "HearScanner", "heard", page.GetExecutions()[0].GetExecution().GetWorkflowId())
	l.look("look-1")
	keepHistory(t, r.client, "LookForLeaks", "looked", "look-1")
}
