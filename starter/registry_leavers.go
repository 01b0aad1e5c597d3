package main

import (
	"context"
	"sync"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/registry/entry"
)

// leavers look up who left, each address once. They are asked anew for each batch
// of entries: what is given to a leaver between two looks is a change that the
// registry refuses.
type leavers struct {
	store registry.Departures
	mu    sync.Mutex // guards known
	known map[string]func() (time.Time, error)
}

func newLeavers(store registry.Departures) *leavers {
	return &leavers{store: store, known: map[string]func() (time.Time, error){}}
}

// left is when the person with an address left; zero if they did not.
func (l *leavers) left(ctx context.Context, person string) (time.Time, error) {
	address := people.Address(person)
	if address == "" {
		return time.Time{}, nil // that is a finding of its own
	}
	l.mu.Lock()
	look := l.known[address]
	if look == nil {
		look = sync.OnceValues(func() (time.Time, error) {
			d, err := l.store.Gone(ctx, address)
			if keyturn.KindOf(err) == keyturn.NotFound {
				return time.Time{}, nil
			}
			return d.At, err
		})
		l.known[address] = look
	}
	l.mu.Unlock()
	return look()
}

// keepOwner has an entry whose owner left name whoever answers for the key now:
// applying an old file must not give a key back to a leaver, and must not stand in
// the way of all the others.
func (m *match) keepOwner() {
	if m.left.IsZero() || m.isNew() {
		return
	}
	m.kept = new(entry.Finding)
	*m.kept = m.entry.Finding("owner_individual", "left on "+m.left.UTC().Format(time.DateOnly)+", and "+m.stored.Owner.Person+" keeps the key", "correct the file")
	m.entry.OwnerIndividual = m.stored.Owner.Person
}

// ownerLeft is what is wrong with a new entry whose owner left.
func (m *match) ownerLeft() entry.Finding {
	return m.entry.Finding("owner_individual", "left on "+m.left.UTC().Format(time.DateOnly), "name somebody who is there")
}
