// Package tickets asks people to do what no API can, in the tracker they work
// with anyway. What a ticket says is a claim: nothing in Keyturn happens only
// because somebody closed one.
package tickets

import (
	"context"
	"net/http"
	"time"

	"github.com/keyturn/keyturn"
)

// A Ticket is a request for a person.
type Ticket struct {
	// Key makes the ticket unique for all time: opening the same Key twice
	// opens one ticket, so that a retry cannot nag. It holds letters, digits
	// and ./-_ only, and at most 200 of them.
	Key   string
	Title string    // one line, at most 200 characters
	Body  string    // Markdown, as GitHub and Linear read it
	Due   time.Time // the day it should be done by; zero is none
	// Urgent asks for the tracker's higher priority, where it has one.
	Urgent bool
}

// A Ref names a ticket in its tracker.
type Ref struct {
	ID  string // what the other methods take: OPS-12, a UUID, acme/ops#12
	URL string // where a person sees it
}

// A State is whether anybody still has to do something.
type State string

// The states. A tracker's own workflow may have more; what counts there as
// done, cancelled or not planned is Closed.
const (
	Open   State = "open"
	Closed State = "closed"
)

// A Comment is something said about a ticket. The same Key twice on a ticket
// is one comment. It holds what a Ticket's Key may hold.
type Comment struct {
	Key  string
	Text string // Markdown
}

// A Tracker is one project of Jira, Linear, GitHub Issues or the like.
//
// All methods honour ctx, are safe for concurrent use and safe to repeat, and
// return *keyturn.Error values, except that a cancelled ctx comes back as
// ctx.Err(). A ticket that does not exist, or was deleted, is a NotFound error.
// None retries: a method makes each request once.
type Tracker interface {
	// Open opens a ticket, or returns the one that was opened under its Key
	// before, whatever became of it. When the answer is lost, calling it again
	// leaves one ticket.
	Open(ctx context.Context, t Ticket) (Ref, error)
	// State reports whether a ticket is open, from the tracker itself.
	State(ctx context.Context, id string) (State, error)
	// Set opens or closes a ticket. One that is there already is left alone.
	Set(ctx context.Context, id string, s State) error
	// Comment says something on a ticket.
	Comment(ctx context.Context, id string, c Comment) error
	// Postpone changes the day a ticket should be done by.
	Postpone(ctx context.Context, id string, due time.Time) error
	// Check finds out, by harmless calls only, whether the tracker can be used:
	// the credential, the project, and what the settings name in it. The error
	// says the mend.
	Check(ctx context.Context) error
	// Hear reads one delivery of the tracker's webhook. A wrong signature, a
	// missing one, and a delivery that is too old or from the future are Denied
	// errors; what is signed but cannot be understood is Invalid; a tracker that
	// was given no webhook secret is Unsupported. It makes no request.
	Hear(header http.Header, body []byte) (News, error)
}

// News is what a delivery is about. It is a hint and no more: whoever gets it
// asks the tracker, because deliveries come late, twice and out of order.
type News struct {
	// Delivery is the tracker's name for this delivery, the same when it is
	// sent again.
	Delivery string
	// Ticket is the ID of the ticket whose state may have changed; empty where
	// the delivery says nothing about one, such as a ping or a comment.
	Ticket string
}

// A Factory is the one thing a tracker's folder exports to the outside.
type Factory struct {
	Name string
	New  func(Env) (Tracker, error)
}

// Env is everything a tracker may take from the world.
type Env struct {
	HTTP    *http.Client // counted, rate limited, never retried; follows no redirect
	BaseURL string       // where the API is; empty means the vendor's own address
	// Decode reads the tracker's own settings, strictly.
	Decode func(any) error
	// Secret reads a credential from the secret store it is kept in. It is read
	// anew for every call, so that rotating it needs no restart.
	Secret func(ctx context.Context, ref keyturn.SecretRef) (keyturn.Secret, error)
	// WebhookSecret verifies deliveries; zero where no webhook is set up.
	WebhookSecret keyturn.Secret
	Now           func() time.Time
}
