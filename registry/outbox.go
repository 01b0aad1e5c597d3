package registry

import (
	"context"
	"time"

	"github.com/keyturn/keyturn"
)

// An Audience is who is told of something.
type Audience string

// The audiences.
const (
	ToOwner    Audience = "owner"    // the person the entry names
	ToTeam     Audience = "team"     // the owner team
	ToSecurity Audience = "security" // whoever answers for all keys
)

// A Notice is an event that somebody is still to be told of.
type Notice struct {
	ID    string // "<event id>/<audience>"
	Event Event  // as History returns it
	To    Audience
	// Key is the key as it is now, so that a notice goes to the owner of today.
	Key      keyturn.Key
	Urgent   bool
	Attempts int // how often it was claimed before and given back
}

// An Outbox holds the notices that [Store.Save] left. Each is handed to one
// process at a time, and stays until it is settled: it is told at least once.
// Times are those of the caller's clock.
type Outbox interface {
	// ClaimNotices hands out at most limit notices that are due at now and that
	// nobody holds, urgent ones first and then the oldest. Nobody else gets them
	// until now + lease. A notice is due as soon as it is saved. One whose key
	// this program cannot read is held back, but no other one because of it.
	ClaimNotices(ctx context.Context, now time.Time, lease time.Duration, limit int) ([]Notice, error)
	// SettleNotices removes notices that were told, or that nobody is to be told
	// of. Ids that are gone are no error.
	SettleNotices(ctx context.Context, ids []string) error
	// DeferNotices gives notices back that are not to be handed out before at.
	// Ids that are gone are no error.
	DeferNotices(ctx context.Context, ids []string, at time.Time) error
	// DropNotices removes notices of events from before a time, held or not, and
	// returns how many: nobody was there to tell them.
	DropNotices(ctx context.Context, before time.Time) (int, error)
	// CountNotices returns how many wait, and when the oldest of them happened.
	CountNotices(ctx context.Context) (waiting int, oldest time.Time, err error)
}
