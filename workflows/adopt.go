package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
)

// Adopt is the operation of AdoptKey. It holds the key's lock, and needs no
// intent: it changes nothing at the vendor and in the store.
const Adopt keyturn.Operation = "adopt"

// Adopted is the outcome of AdoptKey: a key that existed already is in the
// registry.
const Adopted Outcome = "adopted"

// Adopting is the phase in which the vendor and the store are asked about a key
// that exists already.
const Adopting Phase = "adopting"

// An Adoption asks to enter a key that exists already in the registry. It is the
// input of AdoptKey.
type Adoption struct {
	Order
	RemoteID   string `json:"remote_id"` // the vendor's id of the key
	Unverified bool   `json:"unverified,omitempty"`
}

// AdoptKey enters a key that exists already in the registry, without touching it
// at the vendor or in the store. What does not fit is Rejected, with the reason.
func AdoptKey(ctx workflow.Context, in Adoption) (Result, error) {
	o, err := start(ctx, Adopt, in.Order)
	if err != nil {
		return Result{}, err
	}
	o.enter(ctx, Adopting, "")
	opts := remote(ctx, in.Issuer, "ask the vendor and the store about the key")
	opts.StartToCloseTimeout = 30 * time.Minute // a large account takes long to list
	var out activities.AdoptKeyResult
	err = o.interruptible(ctx, func(ctx workflow.Context) (err error) {
		out, err = call(ctx, opts, keys.AdoptKey, activities.AdoptKeyInput{Run: o.run, RemoteID: in.RemoteID, Unverified: in.Unverified})
		return err
	})
	if err != nil {
		free, cancel := workflow.NewDisconnectedContext(ctx)
		defer cancel()
		o.result = Result{Outcome: Rejected, Why: string(kindOf(err)), Detail: sentence(err)}
		if temporal.IsCanceledError(err) {
			o.result.Why = "cancelled"
		}
		return o.finish(free)
	}
	o.status.Generation = out.New.Generation
	o.result = Result{Outcome: Adopted, Generation: out.New.Generation, New: &out.New, Expires: out.Expires, Detail: out.Unproven}
	return o.finish(ctx)
}
