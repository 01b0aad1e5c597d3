package workflows

import (
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/keyturn/keyturn/activities"
)

// OffboardOptions are how what is done for a departure is started: once, and again
// only where it was cut off.
func OffboardOptions(departure, queue string) (client.StartWorkflowOptions, activities.Departure) {
	o := Launcher{Queue: queue}.once(OffboardWorkflowID(departure), "a person left: "+departure)
	o.WorkflowIDReusePolicy = enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY
	return o, activities.Departure{ID: departure}
}
