package registrytest

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

func departuresAtOnce(t *testing.T, s registry.Store) { ShareDepartures(t, s, s) }

// ShareDepartures has several stores of one registry hear of somebody leaving at
// once, each of them twice of each event: one departure is opened, and all that
// was heard is kept once.
func ShareDepartures(t *testing.T, stores ...registry.Store) {
	t.Helper()
	const people, events = 5, 4
	address := func(person int) string { return fmt.Sprintf("person-%d@example.com", person) }
	var opened atomic.Int32
	var wg sync.WaitGroup
	for i, s := range stores {
		for event := range 2 * events {
			wg.Go(func() {
				for person := range people {
					d := departure(fmt.Sprintf("d-%d-%d-%d", person, i, event), fmt.Sprintf("%d/%d", person, event%events))
					d.Email = address(person)
					got, first, err := s.Depart(t.Context(), d)
					if err != nil || got.Email != d.Email || first != (got.ID == d.ID) {
						t.Errorf("Depart %s: %s of %s, opened %v, error %v", d.ID, got.ID, got.Email, first, err)
					}
					if first {
						opened.Add(1)
					}
				}
			})
		}
	}
	wg.Wait()
	if opened.Load() != people {
		t.Errorf("%d departures were opened, want %d", opened.Load(), people)
	}
	for person := range people {
		ids := departureIDs(t, stores[0], registry.DepartureFilter{Email: address(person)})
		if len(ids) != 1 {
			t.Fatalf("departures of one person are %v, want one", ids)
		}
		heard := 0
		for _, err := range stores[0].Heard(t.Context(), ids[0]) {
			if err != nil {
				t.Fatal(err)
			}
			heard++
		}
		if heard != events {
			t.Errorf("%s was heard of %d times, want %d", ids[0], heard, events)
		}
	}
}

// departureSavesAtOnce lose nothing: each save that is told well is kept.
func departureSavesAtOnce(t *testing.T, s registry.Store) {
	depart(t, s, departure("d1", "1"), true)
	const savers, each = 4, 5
	var wg sync.WaitGroup
	for saver := range savers {
		wg.Go(func() {
			for i := range each {
				if err := addEnded(t.Context(), s, "d1", fmt.Sprintf("%d/%d", saver, i)); err != nil {
					t.Errorf("SaveDeparture: %v", err)
				}
			}
		})
	}
	wg.Wait()
	d, err := s.Departure(t.Context(), "d1")
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Ended) != savers*each || d.Revision != 1+savers*each {
		t.Errorf("%d words are kept at revision %d, want %d", len(d.Ended), d.Revision, savers*each)
	}
}

// addEnded adds a word to a departure, as often as somebody else is faster.
func addEnded(ctx context.Context, s registry.Store, id, word string) error {
	for {
		d, err := s.Departure(ctx, id)
		if err != nil {
			return err
		}
		d.Ended = append(d.Ended, word)
		if _, err = s.SaveDeparture(ctx, d); keyturn.KindOf(err) != keyturn.Conflict {
			return err
		}
	}
}
