package activities

import (
	"context"
	"fmt"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// HandOverResult counts what became of a leaver's keys.
type HandOverResult struct {
	Handed int `json:"handed"`
	// Heirless are keys of teams of which nobody is found to take them.
	Heirless int `json:"heirless,omitempty"`
}

// HandOver makes somebody else answer for each key a leaver owns, one that waits
// to be issued included: the team stays, the person changes. It is safe to repeat.
func (a *Leavers) HandOver(ctx context.Context, in Departure) (HandOverResult, error) {
	var res HandOverResult
	d, err := a.Registry.Departure(ctx, in.ID)
	if err != nil {
		return res, err
	}
	heirs := a.heirs(ctx, d)
	owners, err := a.owners(ctx, heirs.leaver)
	if err != nil {
		return res, err
	}
	for _, owner := range owners {
		for k, err := range a.Registry.Find(ctx, registry.Filter{OwnerPerson: owner}) {
			if err != nil {
				return res, err
			}
			heir, err := heirs.of(ctx, k.Owner.Team)
			switch {
			case err != nil:
				return res, err
			case heir == "":
				res.Heirless++
				continue
			}
			handed, err := a.handOver(ctx, d, k, heir)
			if err != nil {
				return res, err
			}
			if handed {
				res.Handed++
			}
		}
	}
	if res.Heirless > 0 {
		return res, nil
	}
	_, err = a.change(ctx, d.ID, func(d *registry.Departure) {
		if d.Handed.IsZero() || res.Handed > 0 {
			d.Handed = a.Now().UTC()
		}
	})
	return res, err
}

// handOver gives a key to somebody else. It looks again where the key changes
// meanwhile, and leaves one alone that is the leaver's no more.
func (a *Leavers) handOver(ctx context.Context, d registry.Departure, k keyturn.Key, heir string) (bool, error) {
	for leaver := k.Owner.Person; ; {
		k.Owner.Person = heir
		_, err := a.Registry.Save(ctx, k, registry.Event{
			ID: fmt.Sprintf("%s/%s/%s/%d", d.ID, k.ID, registry.HandedOver, k.Revision), Key: k.ID, What: registry.HandedOver, Actor: DepartureActor(d.ID), At: a.Now().UTC(),
			Reason: "offboarding", Detail: "from " + leaver + " to " + heir, Tell: []registry.Audience{registry.ToOwner, registry.ToTeam},
		})
		if keyturn.KindOf(err) != keyturn.Conflict {
			return err == nil, err
		}
		if k, err = a.Registry.Get(ctx, k.ID); err != nil {
			return false, err
		}
		if k.Owner.Person != leaver || !k.Retired.IsZero() {
			return false, nil
		}
	}
}
