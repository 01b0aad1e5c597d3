package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
)

// mintKey has the next generation made and its value staged: by the provider
// or, where it has no API for that, by a person.
func (o *operation) mintKey(ctx workflow.Context) (out activities.MintKeyResult, err error) {
	err = o.interruptible(ctx, func(ctx workflow.Context) error {
		return o.whenAllowed(ctx, func(ctx workflow.Context) (*activities.Hold, error) {
			out, err = call(ctx, remote(ctx, o.order.Issuer, "mint a key and stage its value"), keys.MintKey, activities.MintKeyInput{Run: o.run, IfDue: o.order.IfDue})
			o.status.Generation = out.New.Generation
			return out.Held, err
		})
	})
	if err == nil && out.ByHand {
		err = o.byHand(ctx, keyturn.SupplyValue)
	}
	return out, err
}
