package registrytest

import (
	"fmt"
	"testing"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// fillBatch saves 100,000 keys in 40 accounts, and returns their ids.
func fillBatch(b *testing.B, s registry.Store) []keyturn.KeyID {
	ids := make([]keyturn.KeyID, benchKeys)
	fill(b, s, benchKeys, "key-%06d", func(i int, key *keyturn.Key) {
		key.Scope.Account = fmt.Sprintf("%012d", i%40)
		ids[i] = key.ID
	})
	return ids
}

// BenchmarkAddBatch adds a batch of all 100,000 keys.
func BenchmarkAddBatch(b *testing.B, open func(b *testing.B) registry.Store) {
	s := open(b)
	ids := fillBatch(b, s)
	i := 0
	for b.Loop() {
		if err := s.AddBatch(b.Context(), batch(fmt.Sprint("b", i)), ids); err != nil {
			b.Fatal(err)
		}
		i++
	}
}

// BenchmarkMarkBatch marks 500 of the 100,000 keys of a batch, others each time.
func BenchmarkMarkBatch(b *testing.B, open func(b *testing.B) registry.Store) {
	s := open(b)
	ids := fillBatch(b, s)
	if err := s.AddBatch(b.Context(), batch("b1"), ids); err != nil {
		b.Fatal(err)
	}
	i := 0
	for b.Loop() {
		markMany(b, s, ids[i%len(ids):][:500])
		i += 500
	}
}

func markMany(b *testing.B, s registry.Store, ids []keyturn.KeyID) {
	marks := make([]registry.BatchKey, len(ids))
	for i, id := range ids {
		marks[i] = registry.BatchKey{Key: id, State: registry.BatchStarted, At: start()}
	}
	if err := s.MarkBatch(b.Context(), "b1", marks); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkBatchProgress counts the 100,000 keys of a batch, of which one in ten
// is started.
func BenchmarkBatchProgress(b *testing.B, open func(b *testing.B) registry.Store, settle func()) {
	s := open(b)
	ids := fillBatch(b, s)
	if err := s.AddBatch(b.Context(), batch("b1"), ids); err != nil {
		b.Fatal(err)
	}
	markMany(b, s, ids[:benchKeys/10])
	settle()
	for b.Loop() {
		got, err := s.BatchProgress(b.Context(), "b1")
		if err != nil || len(got) != 40 || got[0].Started != benchKeys/400 || got[0].Keys() != benchKeys/40 {
			b.Fatalf("%d accounts, error %v; want 40 with a tenth started", len(got), err)
		}
	}
}
