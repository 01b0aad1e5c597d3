package activities

import (
	"context"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/fleet"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/secrets"
)

// Fleet works on many keys at once: it decides what is to be done, and has the
// keys' own workflows do it.
type Fleet struct {
	Registry registry.Store
	Secrets  secrets.Catalog
	Engine   Engine
	Brake    fleet.Brake
	Now      func() time.Time
}

// An Engine is the little the fleet's activities ask of Temporal.
type Engine interface {
	// Begin starts an operation under the key's lock. It is safe to repeat while
	// what it started is open: to begin again for the same Batch, with Hurry, is
	// to have Started.
	Begin(ctx context.Context, s Start) (Begun, error)
	// Underway reports whether an operation on a key is open, one that is planned
	// for later included.
	Underway(ctx context.Context, id keyturn.KeyID) (bool, error)
	// Stop has no activity of an account start any more, whatever its workers ask
	// for, until Resume takes the limit away again.
	Stop(ctx context.Context, issuer keyturn.Issuer, reason string) error
	// Resume takes away what Stop has set. Where nothing is set it does nothing.
	Resume(ctx context.Context, issuer keyturn.Issuer) error
}

// A Start is an operation to start.
type Start struct {
	Operation keyturn.Operation
	Key       *keyturn.Key
	Cause     Cause
	Now       bool          // skip every soak
	IfDue     bool          // only if it is still due when it begins
	Batch     string        // empty if it is of none
	After     time.Duration // how long from now it begins
	// Hurry has an operation that is planned for later begin at once, as this
	// Start says. Otherwise it is left as it is.
	Hurry bool
}

// Begun says what became of a Start.
type Begun string

// What becomes of a Start.
const (
	Started Begun = "started"
	Hurried Begun = "hurried" // it was planned for later and begins now
	Busy    Begun = "busy"    // another operation holds the key
)
