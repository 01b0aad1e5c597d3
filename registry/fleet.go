package registry

import (
	"context"
	"iter"
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
	// Due yields the keys in service of an account whose Due is at or before
	// now, the longest due first and those of one moment in ID order. It reads
	// pages as Find does, and yields no key twice, though one may move to a later
	// place meanwhile. Busy keys are among them.
	Due(ctx context.Context, issuer keyturn.Issuer, now time.Time, after DueKey) iter.Seq2[keyturn.Key, error]
	// Outcomes returns how the last n operations on keys of an account ended, or
	// that they cannot, newest first. Save keeps one for each event that is
	// Completed, RolledBack or Failing, for 30 days of the events' clock. n below 1
	// is Invalid.
	Outcomes(ctx context.Context, issuer keyturn.Issuer, n int) ([]Outcome, error)
	// Serve records that a worker serves an account: at most rate activities a
	// second start there, over all workers. The word that comes last counts,
	// whatever its time. A rate that is no number above 0, an account that lacks
	// anything, and no time are Invalid.
	Serve(ctx context.Context, issuer keyturn.Issuer, rate float64, at time.Time) error
	// SetPause records that an account is paused. Another pause of the same
	// account replaces the first. One that lacks anything is Invalid. At is kept
	// to the microsecond, in UTC. It stops nothing by itself.
	SetPause(ctx context.Context, p Pause) error
	// ClearPause removes the pause of an account and keeps that it was resumed
	// at that moment, or is a NotFound error. No time is Invalid.
	ClearPause(ctx context.Context, issuer keyturn.Issuer, at time.Time) error
}

// A DueKey is a place in the order of Due: after this key. The zero value is
// the beginning.
type DueKey struct {
	Due time.Time     `json:"due,omitzero"`
	Key keyturn.KeyID `json:"key,omitempty"`
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
	Paused            *Pause    // nil if it is not
	Rate              float64   // activities a second, as a worker said last; 0 if none ever did
	Served            time.Time // when a worker said so last; zero if none ever did
	// Resumed is when a pause of it was last cleared; zero if none ever was.
	Resumed time.Time
}

// An Outcome is how one operation ended, or that it cannot.
type Outcome struct {
	Key  keyturn.KeyID
	What string // Completed, RolledBack or Failing
	Why  string // the event's Detail: for what failed, the kind of error
	At   time.Time
	// Began is the event's Began: when the operation began, zero if that is not
	// known.
	Began time.Time
}

// CalledOff reports whether a person ended the operation, and no failure.
func (o Outcome) CalledOff() bool { return o.Why == "aborted" || o.Why == "cancelled" }

// A Pause says that nothing is to be done at a provider account.
type Pause struct {
	Issuer keyturn.Issuer
	Reason string
	Actor  string
	At     time.Time
}
