package activities

import (
	"context"
	"maps"
	"slices"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people"
	"github.com/keyturn/keyturn/registry"
)

// ConfirmDepartureResult says whether somebody has left.
type ConfirmDepartureResult struct {
	Left bool `json:"left"`
}

// ConfirmDeparture asks the directory that said so whether somebody has left, so
// that a delivery that is late or out of order offboards nobody who is back. Where
// a person gave their word, no directory is needed. Somebody who has not left
// ends the departure.
func (a *Leavers) ConfirmDeparture(ctx context.Context, in Departure) (ConfirmDepartureResult, error) {
	d, err := a.Registry.Departure(ctx, in.ID)
	if err != nil {
		return ConfirmDepartureResult{}, err
	}
	if d.State != registry.DepartureOpen {
		return ConfirmDepartureResult{Left: d.State == registry.DepartureDone}, nil
	}
	directory, active, err := a.standing(ctx, d)
	if err != nil {
		return ConfirmDepartureResult{}, err
	}
	left := d.Sure || !active
	d, err = a.change(ctx, d.ID, func(d *registry.Departure) {
		d.Directory = directory
		if !left {
			d.State, d.Closed = registry.DepartureStayed, a.Now().UTC()
			d.Note = directory + " has them as active: nothing was done"
		}
	})
	return ConfirmDepartureResult{Left: left && d.State != registry.DepartureStayed}, err
}

// standing is how the person stands in the directory that counts: the one that
// announced the departure, else the first that knows them. active is false for
// somebody whom nobody knows.
func (a *Leavers) standing(ctx context.Context, d registry.Departure) (directory string, active bool, err error) {
	names := slices.Sorted(maps.Keys(a.Directories))
	if _, ok := a.Directories[d.Origin]; ok {
		names = []string{d.Origin}
	} else if d.Origin != OriginOperator && d.Origin != OriginComparison {
		return "", false, keyturn.Errorf(keyturn.Unavailable, "confirm departure", "no directory called %s is configured on this worker; give every worker the same people section", d.Origin)
	}
	for _, name := range names {
		p, err := a.Directories[name].Person(ctx, d.Email)
		switch {
		case keyturn.KindOf(err) == keyturn.NotFound:
		case err != nil && d.Sure: // their word counts, whatever it would say
		case err != nil:
			return "", false, err
		case directory == "" || p.Active:
			directory, active = name, p.Active
		}
		if active {
			break
		}
	}
	return directory, active, nil
}

// Origins of departures that are no directory's name.
const (
	OriginOperator   = "operator"   // a person said so
	OriginComparison = "comparison" // registry and directories were compared
)

// whoever finds a person in the directories. complete is false where one of them
// does not answer.
func (a *Leavers) whoever(ctx context.Context, email string) (out []people.Person, complete bool) {
	complete = true
	for _, name := range slices.Sorted(maps.Keys(a.Directories)) {
		p, err := a.Directories[name].Person(ctx, email)
		switch keyturn.KindOf(err) {
		case "":
			out = append(out, p)
		case keyturn.NotFound:
		default:
			complete = false
		}
	}
	return out, complete
}
