package e2e

import (
	"testing"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/keyturn/keyturn/servertest"
	"github.com/keyturn/keyturn/workflows"
)

// TestRecordLeaverHistories does the same for the workflows about people.
func TestRecordLeaverHistories(t *testing.T) {
	if !*record {
		return // as above
	}
	a := account("datadog", 0, 1000)
	r := newRig(t, inMemory, servertest.StartVaultInMemory(t), a)
	s := newStaff(r)
	r.start(1)
	r.inService(a, 5)
	s.leaves()
	d := s.offboarded(time.Minute)
	keepHistory(t, r.client, "OffboardPerson", "left", workflows.OffboardWorkflowID(d.ID))
	page, err := r.client.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{Namespace: namespace, Query: `WorkflowType = "HearDirectory"`})
	if err != nil || len(page.GetExecutions()) != 1 {
		t.Fatalf("%d deliveries were looked at, %v", len(page.GetExecutions()), err)
	}
	keepHistory(t, r.client, "HearDirectory", "left", page.GetExecutions()[0].GetExecution().GetWorkflowId())
	o := client.StartWorkflowOptions{ID: workflows.CompareWorkflowID, TaskQueue: r.queue}
	run, err := r.client.ExecuteWorkflow(t.Context(), o, workflows.CompareDirectories, workflows.CompareDirectoriesInput{})
	if err == nil {
		err = run.Get(t.Context(), nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	keepHistory(t, r.client, "CompareDirectories", "compared", workflows.CompareWorkflowID)
}
