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
	// to have Started, unless that began before Since and is not the run that the
	// Key's intent is of.
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
	Now       bool             // skip every soak
	Overlap   keyturn.Duration // how long old and new both work, at most; 0 leaves it to the policy
	Urgent    bool             // windows and freezes do not hold it
	IfDue     bool             // only if it is still due when it begins
	Batch     string           // empty if it is of none
	After     time.Duration    // how long from now it begins
	// Hurry has an operation that is planned for later begin at once, as this
	// Start says. Otherwise it is left as it is.
	Hurry bool
	// Since is when the key began to wait in its Batch. What began before is an
	// earlier try of the batch, which has failed.
	Since time.Time
}

// Begun says what became of a Start.
type Begun struct {
	What string // Started, Hurried or Busy
	// Former is another batch that the operation was of until it was Hurried; empty
	// if there is none. It tells that batch nothing more.
	Former string
}

// What becomes of a Start.
const (
	Started = "started"
	Hurried = "hurried" // it was planned for later and begins now
	Busy    = "busy"    // another operation holds the key
)
