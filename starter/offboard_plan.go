package main

import (
	"context"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/people"
	"github.com/keyturn/keyturn/registry"
)

// An offboardPlan is what the registry knows of a leaver beforehand.
type offboardPlan struct {
	Email     string `json:"email"`
	Joins     string `json:"joins,omitempty"`     // the departure that is open already
	Successor string `json:"successor,omitempty"` // whom a person named
	// Seen is where they were active last; nil where no directory ever had them so.
	Seen  *sighting `json:"seen,omitempty"`
	Owned int       `json:"owned"` // keys they answer for
	Made  int       `json:"made"`  // keys besides, whose value they made
	bulkCounts
	Accounts []*bulkAccount `json:"accounts"`
	Teams    []bulkTeam     `json:"teams"`

	keys *bulkPlan
}

// A sighting is where somebody was active last, and when.
type sighting struct {
	Directory string    `json:"directory"`
	At        time.Time `json:"at"`
}

func readOffboardPlan(ctx context.Context, a *app, store registry.Store, d registry.Departure) (*offboardPlan, error) {
	p := &offboardPlan{Email: d.Email, Successor: d.Successor}
	for open, err := range store.Departures(ctx, registry.DepartureFilter{Email: d.Email, State: registry.DepartureOpen}) {
		if err != nil {
			return nil, err
		}
		p.Joins = open.ID
		if p.Successor == "" {
			p.Successor = open.Successor
		}
	}
	switch directory, at, err := store.Seen(ctx, d.Email); {
	case err == nil:
		p.Seen = &sighting{directory, at}
	case keyturn.KindOf(err) != keyturn.NotFound:
		return nil, err
	}
	b, err := newBulkReader(ctx, store, a.now(), true)
	if err != nil {
		return nil, err
	}
	count := &counter{a: a}
	defer count.clear()
	seen := map[keyturn.KeyID]bool{}
	add := func(k keyturn.Key, n *int) {
		if count.next(); !seen[k.ID] {
			seen[k.ID] = true
			b.add(&k)
			*n++
		}
	}
	if err := ownedBy(ctx, store, d.Email, func(k keyturn.Key) { add(k, &p.Owned) }); err != nil {
		return nil, err
	}
	if err := madeBy(ctx, store, d.Email, func(k keyturn.Key) { add(k, &p.Made) }); err != nil {
		return nil, err
	}
	p.keys = b.plan("")
	p.bulkCounts, p.Accounts, p.Teams = p.keys.bulkCounts, p.keys.Accounts, p.keys.Teams
	return p, nil
}

// ownedBy visits the keys in service that a person answers for, in whatever way
// entries write the address.
func ownedBy(ctx context.Context, store registry.Store, email string, visit func(keyturn.Key)) error {
	for owner, err := range store.Owners(ctx) {
		if err != nil {
			return err
		}
		if people.Address(owner) != email {
			continue
		}
		for k, err := range store.Find(ctx, registry.Filter{OwnerPerson: owner}) {
			if err != nil {
				return err
			}
			visit(k)
		}
	}
	return nil
}

// madeBy visits the keys in service whose value a person made, and which was not
// replaced since.
func madeBy(ctx context.Context, store registry.Store, email string, visit func(keyturn.Key)) error {
	for made, err := range store.MadeBy(ctx, []string{email}) {
		if err != nil {
			return err
		}
		k, err := store.Get(ctx, made.Key)
		if err != nil {
			return err
		}
		if cur := k.Current(); k.Retired.IsZero() && cur != nil && activities.StillMade(cur.Created, made.At) {
			visit(k)
		}
	}
	return nil
}
