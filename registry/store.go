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

	Outbox
	Calendar
	Deliveries
	Fleet
	Batches
	Findings
	Roster
	Departures
	Leaks
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
	PathPrefix  string    // the store path begins with this
	StoredIn    string    // the name of the store, or the kind or name of a consumer
	Permission  string    // one of the permissions
	Ticket      string    // the open intent waits for this ticket, as "tracker/id"
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
	// Began is when the operation began that this event is of; zero if that is not
	// known. It is kept with the outcome; History does not return it.
	Began time.Time `json:"-"`
	// Batch names the batch that the operation is of, if it is of one. Save
	// moves the batch on with it; History does not return it.
	Batch string `json:"-"`
	// Tell names who is to be told of it. Save puts one notice for each of them
	// into the outbox, in the same transaction. History does not return it.
	Tell []Audience `json:"-"`
	// Urgent notices wait neither for a digest nor for the end of quiet hours.
	Urgent bool `json:"-"`
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
	Asked      = "asked"       // a person was asked to take a step by hand
	Reminded   = "reminded"    // half the time a person was given is over
	Overdue    = "overdue"     // the time a person was given is over
	Escalated  = "escalated"   // it has been over for long, and security was told
	Refused    = "refused"     // a step was said to be done, and is not
	Supplied   = "supplied"    // a person stored a new value, and it stands up to the checks
	Confirmed  = "confirmed"   // a person ended an old key
	Announced  = "announced"   // its owner was told that it is due soon
	Stuck      = "stuck"       // an operation needs a person
	Failing    = "failing"     // a step that must be taken fails, again and again
	Braked     = "braked"      // too many operations at its account failed, so the account was paused
	Adopted    = "adopted"     // a key that existed already was entered in the ledger
	HandedOver = "handed_over" // its owner left, and somebody else answers for it
	LeakFound  = "leak_found"  // its value was found where it should not be
	Killed     = "killed"      // its value leaked, and it was ended ahead of its replacement
	LeakLate   = "leak_late"   // a leaked value lives longer than it may
	LeakClosed = "leak_closed" // a leaked value is dead, or nothing is to be done about it
)
