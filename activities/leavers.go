package activities

import (
	"context"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people"
	"github.com/keyturn/keyturn/registry"
)

// Leavers works on people who leave: it has their sessions ended, their keys
// handed over to others, and every key they could have seen replaced.
type Leavers struct {
	Registry    registry.Store
	Directories map[string]people.Directory // by the name in the configuration
	Rules       LeaverRules
	Engine      LeaverEngine
	// Address is where directories deliver to, without the directory's name; empty
	// where no webhooks are served to the outside.
	Address string
	Now     func() time.Time
	// Poll is how often a departure under way is looked at, and Retry after how
	// long a key that could not be replaced is tried again.
	Poll, Retry time.Duration
}

// LeaverRules are the organisation's choices.
type LeaverRules struct {
	// Teams says more of the teams that entries name. One that is not listed is
	// looked for by its own name, and its lead is whom a directory calls so.
	Teams map[string]TeamRule
	// Fallback is who gets the keys of a team of which nobody is found.
	Fallback string
	// PersonalPaths begin the store paths that one person reads; {email} and {user},
	// the part before the @, stand for the person's.
	PersonalPaths []string
	// Overlap is how long old and new both work, at most. 0 leaves it to each
	// key's policy.
	Overlap keyturn.Duration
	// Now ends old keys as soon as consumers have moved.
	Now bool
	// SLA is how long all may take before security is told.
	SLA keyturn.Duration
	// MostLeavers is how many a comparison may find at once before it rather
	// distrusts the directory, where it is also more than a twentieth of all owners.
	MostLeavers int
}

// A TeamRule says more of a team.
type TeamRule struct {
	Group  string // what directories call it; empty is the team's own name
	Lead   string // an address; empty is whom a directory calls so
	OnCall string // an address of whoever answers for the team at any time
}

// A LeaverEngine is the little that work on leavers asks of Temporal.
type LeaverEngine interface {
	// Offboard has a departure worked on. One that is worked on, or was, is left
	// alone.
	Offboard(ctx context.Context, departure string) error
	// RunBatch has the keys of a batch begun that wait. It is safe to repeat.
	RunBatch(ctx context.Context, b registry.Batch) error
	// Expedite has an operation on a key end its soak, if it is in one.
	Expedite(ctx context.Context, id keyturn.KeyID, h Hurry) error
}

// A Hurry says who wants an operation to wait no longer, and why.
type Hurry struct{ Actor, Note string }

// Departure names one departure.
type Departure struct {
	ID string `json:"id"`
}

// Announce records that somebody left and has it worked on. It is safe to repeat,
// and joins a departure that is open. Once it has returned, nothing is lost.
func Announce(ctx context.Context, r registry.Departures, e LeaverEngine, d registry.Departure) (registry.Departure, error) {
	d.Email = people.Address(d.Email)
	d, _, err := r.Depart(ctx, d)
	if err != nil || d.State != registry.DepartureOpen {
		return d, err
	}
	return d, e.Offboard(ctx, d.ID)
}

// change saves a departure as edit leaves it, as it is now and not as somebody saw
// it before. edit may run several times.
func (a *Leavers) change(ctx context.Context, id string, edit func(*registry.Departure)) (registry.Departure, error) {
	for {
		d, err := a.Registry.Departure(ctx, id)
		if err != nil || d.State != registry.DepartureOpen {
			return d, err
		}
		edit(&d)
		d, err = a.Registry.SaveDeparture(ctx, d)
		if keyturn.KindOf(err) != keyturn.Conflict {
			return d, err
		}
	}
}

// DepartureActor is who acts in what is done for a departure. It names no person.
func DepartureActor(departure string) string { return "offboarding/" + departure }
