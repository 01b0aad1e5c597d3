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

func leaksAtOnce(t *testing.T, s registry.Store) { ShareLeaks(t, s, s) }

// ShareLeaks has several stores of one registry hear of the same values at once, each
// of them twice of each hit: each value has one leak, and each hit is counted once.
func ShareLeaks(t *testing.T, stores ...registry.Store) {
	t.Helper()
	const values, events = 5, 4
	subject := func(value int) string { return fmt.Sprintf("value %d", value) }
	var opened, fresh atomic.Int32
	var wg sync.WaitGroup
	for i, s := range stores {
		for event := range 2 * events {
			wg.Go(func() {
				for value := range values {
					l := leak(fmt.Sprintf("l-%d-%d-%d", value, i, event))
					l.Subject = subject(value)
					// Each call tells of two hits, so that calls overlap.
					hits := []registry.LeakHit{hit(fmt.Sprintf("%d/%d", value, event%events)), hit(fmt.Sprintf("%d/%d", value, (event+1)%events))}
					got, first, n, err := s.Leaked(t.Context(), l, hits)
					if err != nil || got.Subject != l.Subject || first != (got.ID == l.ID) {
						t.Errorf("Leaked %s: %s of %s, opened %v, error %v", l.ID, got.ID, got.Subject, first, err)
					}
					if fresh.Add(int32(n)); first {
						opened.Add(1)
					}
				}
			})
		}
	}
	wg.Wait()
	if opened.Load() != values || fresh.Load() != values*events {
		t.Errorf("%d leaks were opened and %d hits fresh, want %d and %d", opened.Load(), fresh.Load(), values, values*events)
	}
	for value := range values {
		found := gather(t, stores[0].Leaks(t.Context(), registry.LeakFilter{Subject: subject(value)}))
		if len(found) != 1 || found[0].Hits != events {
			t.Fatalf("leaks of one value are %+v, want one with %d hits", found, events)
		}
		if hits := gather(t, stores[0].LeakHits(t.Context(), found[0].ID)); len(hits) != events {
			t.Errorf("%s has %d hits, want %d", found[0].ID, len(hits), events)
		}
	}
}

// leakSavesAtOnce lose nothing: each save that is told well is kept, and no hit that
// joins meanwhile is lost or in the way.
func leakSavesAtOnce(t *testing.T, s registry.Store) {
	leaked(t, s, leak("l1"), true, 1, hit("1"))
	const savers, each = 4, 5
	var wg sync.WaitGroup
	for saver := range savers {
		wg.Go(func() {
			for i := range each {
				if err := addMark(t.Context(), s, "l1", keyturn.Mark(fmt.Sprintf("%d/%d", saver, i))); err != nil {
					t.Errorf("SaveLeak: %v", err)
				}
				if _, _, fresh, err := s.Leaked(t.Context(), leak("l2"), []registry.LeakHit{hit(fmt.Sprintf("%d/%d", saver, i))}); err != nil || fresh != 1 {
					t.Errorf("Leaked: %d are fresh, error %v", fresh, err)
				}
			}
		})
	}
	wg.Wait()
	l, err := s.Leak(t.Context(), "l1")
	if err != nil {
		t.Fatal(err)
	}
	if len(l.Marks) != savers*each || l.Revision != 1+savers*each || l.Hits != 1+savers*each {
		t.Errorf("%d marks and %d hits are kept at revision %d, want %d", len(l.Marks), l.Hits, l.Revision, savers*each)
	}
}

// addMark adds a mark to a leak, as often as somebody else is faster.
func addMark(ctx context.Context, s registry.Store, id string, mark keyturn.Mark) error {
	for {
		l, err := s.Leak(ctx, id)
		if err != nil {
			return err
		}
		l.Marks = append(l.Marks, mark)
		if _, err = s.SaveLeak(ctx, l); keyturn.KindOf(err) != keyturn.Conflict {
			return err
		}
	}
}
