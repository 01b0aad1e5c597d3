package registry

import (
	"context"
	"time"

	"github.com/keyturn/keyturn"
)

// OverdueAfter is how long a key may be due before it counts as overdue: long
// enough for a window that opens once a week.
const OverdueAfter = 7 * 24 * time.Hour

// A Fleet answers how the keys of each provider account do, and keeps which
// accounts are paused.
type Fleet interface {
	// Accounts returns every account that has keys in service or is paused, in
	// the order of providers and then accounts. It reads no key as a whole, so
	// it also counts those that this program cannot read.
	Accounts(ctx context.Context, now time.Time) ([]AccountStatus, error)
	// Outcomes returns how the last n operations on keys of an account ended,
	// newest first. Save keeps one for each event that is Completed or
	// RolledBack, for 30 days of the events' clock. n below 1 is Invalid.
	Outcomes(ctx context.Context, issuer keyturn.Issuer, n int) ([]Outcome, error)
	// SetPause records that an account is paused. Another pause of the same
	// account replaces the first. One that lacks anything is Invalid. At is kept
	// to the microsecond, in UTC. It stops nothing by itself.
	SetPause(ctx context.Context, p Pause) error
	// ClearPause removes the pause of an account, or is a NotFound error.
	ClearPause(ctx context.Context, issuer keyturn.Issuer) error
}

// An AccountStatus is how the keys of one provider account do at a moment.
type AccountStatus struct {
	Issuer  keyturn.Issuer
	Keys    int // in service
	Due     int // of those, due for rotation
	Overdue int // of those, due for more than OverdueAfter
	Running int // have an open intent
	ByHand  int // of those, wait for a person
	// Failed and Succeeded are the operations that were rolled back and completed
	// in the last 24 hours.
	Failed, Succeeded int
	Paused            *Pause // nil if it is not
}

// An Outcome is how one operation ended.
type Outcome struct {
	Key  keyturn.KeyID
	What string // Completed or RolledBack
	At   time.Time
}

// A Pause says that nothing is to be done at a provider account.
type Pause struct {
	Issuer keyturn.Issuer
	Reason string
	Actor  string
	At     time.Time
}
