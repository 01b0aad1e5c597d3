package registrytest

import (
	"fmt"
	"sync"
	"testing"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// marksAtOnce marks the same keys from both ends: nobody waits for ever, and the
// states are those of one of them.
func marksAtOnce(t *testing.T, s registry.Store) {
	const n = 400
	var ids []keyturn.KeyID
	fill(t, s, n, "key-%05d", func(_ int, key *keyturn.Key) { ids = append(ids, key.ID) })
	mustAddBatch(t, s, batch("b1"), ids...)
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			marks := make([]registry.BatchKey, n)
			for i, id := range ids {
				at := i
				if worker%2 == 0 {
					at = n - 1 - i
				}
				marks[at] = inBatch(id, registry.BatchStarted, fmt.Sprint(worker), start())
			}
			if err := s.MarkBatch(t.Context(), "b1", marks); err != nil {
				t.Errorf("MarkBatch: %v", err)
			}
		})
	}
	wg.Wait()
	keys := batchKeys(t, s, "b1", registry.BatchStarted, "")
	for _, k := range keys {
		if k.Why != keys[0].Why {
			t.Fatalf("%s was marked by %s, and the first one by %s", k.Key, k.Why, keys[0].Why)
		}
	}
	if len(keys) != n {
		t.Errorf("%d keys are marked, want %d", len(keys), n)
	}
}

// marksAndSavesAtOnce starts operations of a batch by two marks at once while
// they end: every end must be seen, whoever was first.
func marksAndSavesAtOnce(t *testing.T, s registry.Store) {
	const n = 120
	var ids []keyturn.KeyID
	fill(t, s, n, "key-%03d", func(_ int, key *keyturn.Key) { ids = append(ids, key.ID) })
	mustAddBatch(t, s, batch("b1"), ids...)
	var wg sync.WaitGroup
	for worker := range 2 {
		wg.Go(func() {
			for from := range 6 {
				var marks []registry.BatchKey
				for i := from; i < n; i += 3 {
					marks = append(marks, inBatch(ids[i], registry.BatchStarted, fmt.Sprint(worker), start()))
				}
				if err := s.MarkBatch(t.Context(), "b1", marks); err != nil {
					t.Errorf("MarkBatch: %v", err)
				}
			}
		})
	}
	for worker := range 4 {
		wg.Go(func() {
			for i := worker; i < n; i += 4 {
				what := []string{registry.Completed, registry.RolledBack}[i%2]
				key := sample(ids[i])
				key.Revision = 1
				if _, err := s.Save(t.Context(), key, endedOf("b1", "end/"+string(ids[i]), what, "denied", start())); err != nil {
					t.Errorf("Save: %v", err)
				}
			}
		})
	}
	wg.Wait()
	diff(t, "progress", progress(t, s, "b1"), []registry.BatchProgress{{Issuer: sample("x").Scope.Issuer(), Done: n / 2, Failed: n / 2}})
	if got := len(outcomes(t, s, sample("x").Scope.Issuer(), 2*n)); got != n {
		t.Errorf("%d outcomes, want %d", got, n)
	}
}
