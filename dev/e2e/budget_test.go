package e2e

import (
	"testing"

	enumspb "go.temporal.io/api/enums/v1"

	"github.com/keyturn/keyturn/workflows"
)

// The budget of a rotation without incident.
const (
	maxEvents  = 35
	maxActions = 7
)

// withinBudget counts the events and the billable actions of a real history.
// An action is a start, an attempt of an activity, a timer, an upsert of search
// attributes, a signal or an update (Temporal documentation, "Temporal Cloud
// Actions").
func withinBudget(t *testing.T, sc *scenario) {
	sc.issued()
	if res := sc.do(workflows.RotateKey); res.Outcome != workflows.Rotated {
		t.Fatalf("%+v", res)
	}
	events, actions := 0, 0
	it := sc.client.GetWorkflowHistory(t.Context(), workflows.KeyWorkflowID(sc.id), "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for it.HasNext() {
		e, err := it.Next()
		if err != nil {
			t.Fatal(err)
		}
		events++
		switch e.EventType {
		case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED, enumspb.EVENT_TYPE_TIMER_STARTED,
			enumspb.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES, enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
			enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED:
			actions++
		case enumspb.EVENT_TYPE_ACTIVITY_TASK_STARTED:
			actions += int(e.GetActivityTaskStartedEventAttributes().Attempt)
		}
	}
	t.Logf("%s: %d events of %d, %d actions of %d", sc.vendor.Provider, events, maxEvents, actions, maxActions)
	if events > maxEvents || actions > maxActions {
		t.Errorf("%d events and %d actions, the budget is %d and %d", events, actions, maxEvents, maxActions)
	}
	if events < 10 {
		t.Errorf("%d events are too few to be a rotation", events)
	}
}
