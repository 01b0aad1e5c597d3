package workflows

import (
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// latest returns the last order given before the operation began: one planned
// for later may have been told to begin now, for another reason. What comes
// after that is too late and is dropped. With ctx the activities are as urgent as
// that reason.
func latest(ctx workflow.Context, order Order) (workflow.Context, Order) {
	changed := false
	for news := workflow.GetSignalChannel(ctx, SignalBegin); ; {
		var next Order
		if !news.ReceiveAsync(&next) {
			break
		}
		if next.Key == order.Key && next.Issuer == order.Issuer {
			order, changed = next, true
		}
	}
	if changed {
		// Whoever looks for the batch or the reason finds it by these.
		err := workflow.UpsertTypedSearchAttributes(ctx, ReasonAttribute.ValueSet(order.Cause.Reason), BatchAttribute.ValueSet(order.Batch))
		if err != nil {
			workflow.GetLogger(ctx).Warn("the order is not searchable", "error", err)
		}
		ctx = workflow.WithPriority(ctx, temporal.Priority{PriorityKey: Priority(order.Cause.Reason)})
	}
	return ctx, order
}
