package registry

import (
	"context"
	"iter"
	"time"

	"github.com/keyturn/keyturn"
)

// Departures keeps who left, and how far their keys are. Departures are kept for
// ever.
type Departures interface {
	// Depart records that somebody is said to have left. If a departure of the
	// same Email is open, this joins it, and if the same Origin and Event were
	// recorded before, however long ago, that departure is returned. Only else d
	// becomes a departure of its own, Open, with revision 1, and opened is true. A
	// departure that lacks ID, Email, Origin, Event, Actor or At is Invalid.
	Depart(ctx context.Context, d Departure) (departure Departure, opened bool, err error)
	// Departure returns one, or a NotFound error.
	Departure(ctx context.Context, id string) (Departure, error)
	// SaveDeparture replaces State, Sure, Directory, Successor, Batch, Sessions,
	// Ended, Handed, Replaced, Closed and Note of one if d.Revision is still the
	// stored one; otherwise it is a Conflict. It returns it with its next
	// revision. One that is not Open is never opened again: that is a Conflict.
	SaveDeparture(ctx context.Context, d Departure) (Departure, error)
	// Departures yields those that match f, newest first.
	Departures(ctx context.Context, f DepartureFilter) iter.Seq2[Departure, error]
	// Heard yields how a departure was heard of, oldest first.
	Heard(ctx context.Context, id string) iter.Seq2[Heard, error]
	// Gone returns the last departure of an address that is Open or Done and was
	// not followed by Returned, or a NotFound error.
	Gone(ctx context.Context, email string) (Departure, error)
	// Returned records that somebody who left is back: their departures that are
	// Done count no more for Gone. Nobody having left is no error.
	Returned(ctx context.Context, email string, at time.Time) error

	// Saw records that a directory has active persons with these addresses. Only
	// the latest moment is kept.
	Saw(ctx context.Context, directory string, emails []string, at time.Time) error
	// Seen returns which directory had an active person with an address last, and
	// when, or a NotFound error if none ever had.
	Seen(ctx context.Context, email string) (directory string, at time.Time, err error)
	// Owners yields each address that owns a key in service, once, in order, as
	// entries write it.
	Owners(ctx context.Context) iter.Seq2[string, error]
	// MadeBy yields the keys that an actor knows because of what they did, and
	// when they did: who first began to issue a key, who supplied its value by hand
	// and who adopted it. A key may come several times. actors are alternatives.
	MadeBy(ctx context.Context, actors []string) iter.Seq2[Made, error]
}

// A Departure is somebody leaving.
type Departure struct {
	ID    string // opaque: it is in workflow ids and search attributes
	Email string // as people.Address writes it
	// Aliases are other addresses of the same person, likewise, as they were known
	// when it was recorded: a directory may not know them any more.
	Aliases []string
	// Origin and Event are what first said so: the name of a directory, "operator"
	// or "comparison", and its own name for that.
	Origin string
	Event  string
	Actor  string    // who or what recorded it
	At     time.Time // when it was recorded, to the microsecond, in UTC
	Reason string    // a word or two, as evidence

	State DepartureState
	// Sure says that a person gave their word for it: no directory is asked.
	Sure bool
	// Directory is the one that has them as not active; empty where none was
	// asked or none knows them.
	Directory string
	Successor string    // whom a person named to get the keys; empty if nobody did
	Batch     string    // the batch that replaces the keys; empty before there is one
	Ended     []string  // what was ended at identity providers, in a few words each
	Sessions  time.Time // when the sessions were ended; zero if they were not
	Handed    time.Time // when the last key was handed over
	Replaced  time.Time // when the last key was replaced and its old value dead
	Closed    time.Time // when it ceased to be open
	Note      string    // why it was closed otherwise, or what a person should know
	Revision  int64
}

// A DepartureState is how a departure stands. States are stored.
type DepartureState string

// The states.
const (
	DepartureOpen   DepartureState = "open"
	DepartureDone   DepartureState = "done"   // every key is handed over and replaced, or let go by a person
	DepartureStayed DepartureState = "stayed" // the directory has them as active: they have not left
)

// A Heard is one time a departure was heard of.
type Heard struct {
	Origin, Event, Actor string
	At                   time.Time
}

// A DepartureFilter narrows Departures. Zero fields match everything.
type DepartureFilter struct {
	State DepartureState
	Email string
	Limit int // 0 is no limit
}

// Made says that somebody made a key, or its value.
type Made struct {
	Key keyturn.KeyID
	At  time.Time
}
