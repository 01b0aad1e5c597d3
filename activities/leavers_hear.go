package activities

import (
	"context"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// LookAtPersonInput says of whom a directory said that something became of them.
type LookAtPersonInput struct {
	Directory string `json:"directory"`
	ID        string `json:"id"` // the directory's id of the person
	Event     string `json:"event"`
}

// LookAtPersonResult is what came of it.
type LookAtPersonResult struct {
	Departure string `json:"departure,omitempty"` // of somebody who left
	// Gone says that the directory does not know them any more, so that owners and
	// directories must be compared.
	Gone bool `json:"gone,omitempty"`
}

// LookAtPerson asks a directory about somebody it sent news of. One who is not
// active has left. One who is active and had left is back. It is safe to repeat.
func (a *Leavers) LookAtPerson(ctx context.Context, in LookAtPersonInput) (LookAtPersonResult, error) {
	directory, ok := a.Directories[in.Directory]
	if !ok {
		return LookAtPersonResult{}, keyturn.Errorf(keyturn.Unavailable, "look at person", "no directory called %s is configured on this worker; give every worker the same people section", in.Directory)
	}
	p, err := directory.PersonByID(ctx, in.ID)
	switch {
	case keyturn.KindOf(err) == keyturn.NotFound:
		return LookAtPersonResult{Gone: true}, nil
	case err != nil:
		return LookAtPersonResult{}, err
	case p.Active:
		return LookAtPersonResult{}, a.Registry.Returned(ctx, p.Email, a.Now().UTC())
	case p.Email == "":
		return LookAtPersonResult{}, nil // an account without an address owns no key
	}
	d, err := Announce(ctx, a.Registry, a.Engine, registry.Departure{
		ID: NewDepartureID(), Email: p.Email, Aliases: p.Aliases, Origin: in.Directory, Event: in.Event, Actor: in.Directory, At: a.Now().UTC(), Reason: "not active any more",
	})
	return LookAtPersonResult{Departure: d.ID}, err
}
