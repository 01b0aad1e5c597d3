package registry

import (
	"context"
	"time"
)

// Deliveries remembers which webhook deliveries were acted on, so that one that
// is replayed is not acted on again. They are kept for 30 days. A delivery
// without a source or an id is an Invalid error.
type Deliveries interface {
	// Delivered reports whether a delivery was recorded.
	Delivered(ctx context.Context, source, id string) (bool, error)
	// RecordDelivery records a delivery that arrived at a moment, and forgets
	// some of those that arrived more than 30 days before it. at is of the
	// caller's clock, never of the sender's. Recording twice is recording once.
	RecordDelivery(ctx context.Context, source, id string, at time.Time) error
}
