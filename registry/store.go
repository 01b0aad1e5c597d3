// Package registry is the system of record: one row per key, one event per
// thing that ever happened to it.
package registry

import (
	"context"
	"iter"
	"time"

	"github.com/keyturn/keyturn"
)

// A Store keeps keys and their history. All methods honour ctx, are safe for
// concurrent use by several processes, and return *keyturn.Error values,
// except that a cancelled ctx comes back as ctx.Err().
type Store interface {
	// Get returns a key, or a NotFound error.
	Get(ctx context.Context, id keyturn.KeyID) (keyturn.Key, error)
	// Save writes key and appends event in one transaction, if key.Revision
	// is still the stored one (0: the key must not exist); otherwise it is a
	// Conflict. It returns the key as stored, with its next revision. Saving
	// twice with the same event ID is saving once: the second returns what is
	// stored now. A store path that another key in service already has is a
	// Conflict, and so is a second open intent with Exclusive set for the same
	// provider, account and principal.
	Save(ctx context.Context, key keyturn.Key, event Event) (keyturn.Key, error)
	// SaveAll writes many keys in one transaction, each by the rules of Save.
	// If one is refused, none is written and the error names it.
	SaveAll(ctx context.Context, changes []Change) error
	// Find yields the keys matching f in ID order, reading pages as the
	// caller keeps going. Iteration stops after the first error.
	Find(ctx context.Context, f Filter) iter.Seq2[keyturn.Key, error]
	// Count returns how many keys match f.
	Count(ctx context.Context, f Filter) (int, error)
	// History yields a key's events, oldest first.
	History(ctx context.Context, id keyturn.KeyID) iter.Seq2[Event, error]
	// Ping reports whether the registry can be read and written, and is of the
	// version this program expects.
	Ping(ctx context.Context) error
	// Close releases what the store holds.
	Close() error
}

// A Change is one Save of a SaveAll.
type Change struct {
	Key   keyturn.Key
	Event Event
}

// A Filter narrows Find and Count. Zero fields match everything.
type Filter struct {
	After       keyturn.KeyID // only ids greater than this one: where a page starts
	Limit       int           // at most so many; 0 is no limit
	OwnerTeam   string
	OwnerPerson string
	Provider    string
	Account     string
	Principal   string
	Path        string    // store path
	DueBefore   time.Time // Due is set and before this
	Fingerprint string    // a generation in the ledger has this HMAC or HMSL fingerprint
	Busy        bool      // only keys with an open intent
	Retired     bool      // only keys ended for good; otherwise only keys in service
}

// An Event is one line of a key's history. It holds no values and no text a
// stranger wrote.
type Event struct {
	ID     string        `json:"id"` // the same for every retry: "<run>/<what>"
	Key    keyturn.KeyID `json:"key"`
	What   string        `json:"what"`
	Actor  string        `json:"actor"`
	At     time.Time     `json:"at"`
	Reason string        `json:"reason,omitempty"`
	Detail string        `json:"detail,omitempty"`
}

// What happened. These words are stored for years: added to, never renamed.
const (
	Applied    = "applied"     // the entry was created or changed from its file
	Began      = "began"       // an operation claimed a generation
	Minting    = "minting"     // the provider is about to be asked for a key
	Orphaned   = "orphaned"    // a key whose value was lost was found, entered in the ledger
	StagedKey  = "staged"      // a new key works and its value is stored
	Promoted   = "promoted"    // consumers read the new value
	Disabled   = "disabled"    // an old key was switched off
	Revoking   = "revoking"    // the old keys are about to be revoked: no way back
	Revoked    = "revoked"     // a key was revoked and its value is refused
	Completed  = "completed"   // the operation ended well
	RolledBack = "rolled_back" // the operation was undone
	Noted      = "noted"       // something a person should know
)
