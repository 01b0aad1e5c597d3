package main

import (
	"context"
	"fmt"
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

// ownerLeft is what is wrong with an entry whose owner left. Applying an old file
// must not give a key back to them.
func (m *match) ownerLeft() entry.Finding {
	mend := "name somebody who is there"
	if now := m.stored.Owner.Person; now != "" && people.Address(now) != people.Address(m.entry.OwnerIndividual) {
		mend += "; the registry has given the key to " + now
	}
	return m.entry.Finding("owner_individual", fmt.Sprintf("left on %s", m.left.UTC().Format(time.DateOnly)), mend)
}
