package registrytest

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/keyturn/keyturn/registry"
)

func claimsAtOnce(t *testing.T, s registry.Store) { ShareOutbox(t, s, s, s, s) }

// ShareOutbox empties the outbox of one registry through several stores of it
// at once. No notice may be handed out while somebody holds it, and every one
// must be. Some are given back the first time.
func ShareOutbox(t *testing.T, stores ...registry.Store) {
	t.Helper()
	const n = 600
	fillOutbox(t, stores[0], n)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	book := desk{t: t, held: map[string]bool{}, told: map[string]int{}}
	var wg sync.WaitGroup
	for _, s := range stores {
		wg.Go(func() {
			for book.count() < n {
				if err := book.round(ctx, s); err != nil {
					t.Errorf("a round of claims: %v", err)
					return
				}
			}
		})
	}
	wg.Wait()
	for id, times := range book.told {
		if times != 1 {
			t.Errorf("%s was told %d times", id, times)
		}
	}
	if left := waiting(t, stores[0]); left != 0 || len(book.told) != n {
		t.Errorf("%d wait and %d were told, want 0 and %d", left, len(book.told), n)
	}
}

// A desk keeps the books of those who empty one outbox.
type desk struct {
	t    *testing.T
	mu   sync.Mutex
	held map[string]bool
	told map[string]int
}

// round claims a few notices, gives some back and settles the others.
func (d *desk) round(ctx context.Context, s registry.Store) error {
	notices, err := s.ClaimNotices(ctx, start(), lease, 7)
	if err != nil {
		return err
	}
	done, back := d.take(notices)
	if err := s.DeferNotices(ctx, back, start()); err != nil {
		return err
	}
	if err := s.SettleNotices(ctx, done); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, id := range done {
		d.told[id]++
	}
	return nil
}

// take enters what was claimed. What goes back is let go of before anybody else
// can get it.
func (d *desk) take(notices []registry.Notice) (done, back []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i, n := range notices {
		if d.held[n.ID] {
			d.t.Errorf("%s is handed out while it is held", n.ID)
		}
		if i%3 == 0 && n.Attempts == 0 {
			back = append(back, n.ID)
			continue
		}
		d.held[n.ID] = true
		done = append(done, n.ID)
	}
	return done, back
}

func (d *desk) count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.told)
}

// claimsWhole: what is due together goes to one of those who claim at once, so
// that it is told in one message.
func claimsWhole(t *testing.T, s registry.Store) {
	const n, claimers = 200, 4
	fillOutbox(t, s, n)
	got := make([]int, claimers)
	var wg sync.WaitGroup
	for i := range claimers {
		wg.Go(func() {
			notices, err := s.ClaimNotices(t.Context(), start(), lease, 10*n)
			if err != nil {
				t.Errorf("claim: %v", err)
			}
			got[i] = len(notices)
		})
	}
	wg.Wait()
	for _, g := range got {
		if g != 0 && g != n {
			t.Errorf("claims at once got %v notices, want all %d in one of them", got, n)
		}
	}
}
