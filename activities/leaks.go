package activities

import (
	"context"
	"crypto/rand"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/registry"
)

// Leaks answers leaks: it finds out whose a value is and whether it works, has it
// ended and replaced, sees it dead, and keeps the evidence. It works on the keys of
// Keys and opens tickets in the trackers of People.
type Leaks struct {
	Keys    *Keys
	People  *People
	Sources map[string]leaks.Source // by the name in the configuration
	Hashes  HashChecker             // nil asks nobody whether fingerprints are known to have leaked
	Rules   LeakRules
	Keep    *Keeper // nil keeps no values
	Engine  LeakEngine
	// Page tells security at once of a leak that is no key's, so that no notice can
	// be left beside a key. id is the same for every repetition.
	Page func(ctx context.Context, id, subject, text string) error
	// Poll is how often a leak under way is looked at, and Retry after how long a
	// rotation that was undone is begun again.
	Poll, Retry time.Duration
}

// LeakRules are the organisation's choices.
type LeakRules struct {
	// OnLeak is what comes first for keys whose policy does not say.
	OnLeak keyturn.OnLeak
	// KillAfter is how long ReplaceFirst may take before the leaked key is ended all
	// the same. 0 is for ever.
	KillAfter time.Duration
	// SLA is how long a leaked value may live before security is told again.
	SLA time.Duration
	// Lag is how long after the end the vendor's audit log is read once more, because
	// it runs behind. 0 does not.
	Lag time.Duration
}

// A HashChecker tells which fingerprints are known to have leaked, and shows them to
// nobody. See package leaks/hmsl.
type HashChecker interface {
	// Known asks about at most ten hashes, and says how many may be asked about next: 0
	// once its quota is used up. Asking about none is free. More than may be asked about
	// is a RateLimited error.
	Known(ctx context.Context, hashes []string) (found []KnownHash, next int, err error)
}

// A KnownHash is a hash that is known to have leaked.
type KnownHash struct {
	Hash  string
	Count int    // of places
	URL   string // one of them; may be empty
}

// A LeakEngine is what work on leaks asks of Temporal.
type LeakEngine interface {
	// Respond has a leak answered. One that is answered already is left alone.
	Respond(ctx context.Context, leak string) error
	// Begin is that of Engine.
	Begin(ctx context.Context, s Start) (Begun, error)
	// Expedite has an operation on a key end its soak, if it is in one.
	Expedite(ctx context.Context, id keyturn.KeyID, h Hurry) error
}

// LeakRef names one leak.
type LeakRef struct {
	ID string `json:"id"`
}

// NewLeakID returns an id that says nothing of anything.
func NewLeakID() string { return "l-" + strings.ToLower(rand.Text()[:16]) }

// LeakActor is who acts in what is done about a leak.
func LeakActor(leak string) string { return "leak/" + leak }

// change saves a leak as edit leaves it, as it is now and not as somebody saw it
// before. edit may run several times.
func (a *Leaks) change(ctx context.Context, id string, edit func(*registry.Leak)) (registry.Leak, error) {
	for {
		l, err := a.Keys.Registry.Leak(ctx, id)
		if err != nil {
			return l, err
		}
		edit(&l)
		l, err = a.Keys.Registry.SaveLeak(ctx, l)
		if keyturn.KindOf(err) != keyturn.Conflict {
			return l, err
		}
	}
}

// note appends an event to the leaked key's history, as edit leaves the key. The
// same name is the same event.
func (a *Leaks) note(ctx context.Context, l registry.Leak, e registry.Event, edit func(*keyturn.Key)) error {
	e.ID = l.ID + "/" + e.ID
	e.Key, e.Actor, e.Reason, e.At = l.Key, LeakActor(l.ID), "leak", a.Keys.Now().UTC()
	return amend(ctx, a.Keys.Registry, e, edit)
}
