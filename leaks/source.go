package leaks

import (
	"context"
	"iter"
	"net/http"
	"time"

	"github.com/keyturn/keyturn"
)

// A Source is a service that finds leaks and tells of them by webhook. All methods
// honour ctx, are safe for concurrent use, make one attempt and return
// *keyturn.Error values, except that a cancelled ctx comes back as ctx.Err().
type Source interface {
	// Hear reads one delivery. One that does not prove that it comes from the
	// source, or is too old, is a Denied error; one that does, and cannot be
	// understood, is Invalid; a source that was given no webhook secret is
	// Unsupported. It makes no request but for the public keys that prove a delivery;
	// where they cannot be had it is Unavailable.
	Hear(ctx context.Context, d Delivery) (News, error)
	// Check finds out, by harmless calls only, whether the source can be used. The
	// error says the mend.
	Check(ctx context.Context) error
}

// A Looker is a source whose deliveries name an alert and do not tell the value.
type Looker interface {
	// Look returns what an alert is about. One that does not exist is a NotFound
	// error.
	Look(ctx context.Context, alert string) (Finding, error)
}

// A Lister is a source that can be asked what it found, because deliveries get lost.
type Lister interface {
	// Open yields the findings of alerts that are open and were made or changed at or
	// after since. Iteration stops after the first error.
	Open(ctx context.Context, since time.Time) iter.Seq2[Finding, error]
}

// A Closer is a source whose alerts can be closed.
type Closer interface {
	// Close closes an alert, with a comment for people. One that is closed already, or
	// does not exist, is no error.
	Close(ctx context.Context, alert string, why Closing, comment string) error
}

// A Closing is why an alert is closed. The words are stored.
type Closing string

// Why an alert is closed.
const (
	Revoked       Closing = "revoked"        // the value is dead
	FalsePositive Closing = "false-positive" // it is no secret
	Accepted      Closing = "accepted"       // somebody knows of it and lives with it
)

// A Delivery is one request to a source's webhook. Its body is bounded.
type Delivery struct {
	Method string
	Path   string // what follows the source's own path: "" or "/revoke_tokens"
	Header http.Header
	Body   []byte
}

// News is what a delivery says.
type News struct {
	// Event is the source's name for the delivery, the same when it is sent again;
	// empty where nothing follows from it.
	Event string
	// Alert is to be looked at by a [Looker]; empty if Findings say it all.
	Alert    string
	Findings []Finding
	// Answer is what the source wants to hear, as ContentType; empty for a plain
	// answer.
	Answer      string
	ContentType string
	Status      int // of the answer; 0 is 200
}

// A Factory is the one thing a source's folder exports to the outside.
type Factory struct {
	Name string
	New  func(Env) (Source, error)
}

// Env is everything a source may take from the world.
type Env struct {
	Name    string       // what the configuration calls it: Finding.Source
	HTTP    *http.Client // counted, rate limited, never retried; follows no redirect
	BaseURL string       // where the API is; empty means the vendor's own address
	// Decode reads the source's own settings, strictly.
	Decode func(any) error
	// Secret reads a credential from the secret store it is kept in. It is read anew
	// whenever it is needed, so that rotating it needs no restart. id is what is
	// stored beside the value; empty where there is none.
	Secret func(ctx context.Context, ref keyturn.SecretRef) (id string, value keyturn.Secret, err error)
	// WebhookSecret proves deliveries; zero where no webhook is set up.
	WebhookSecret keyturn.Secret
	Now           func() time.Time
}
