package registrytest

import (
	"fmt"
	"testing"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// BenchmarkMadeBy reads the 1,000 keys that one of 100 persons began, among
// 100,000 keys.
func BenchmarkMadeBy(b *testing.B, open func(b *testing.B) registry.Store, settle func()) {
	s := open(b)
	fillMakers(b, s)
	settle()
	for b.Loop() {
		if got := madeBy(b, s, "person-07@example.com"); len(got) != benchKeys/100 {
			b.Fatalf("made %d keys, want %d", len(got), benchKeys/100)
		}
	}
}

// BenchmarkOwners reads the 100 owners of 100,000 keys.
func BenchmarkOwners(b *testing.B, open func(b *testing.B) registry.Store, settle func()) {
	s := open(b)
	fillMakers(b, s)
	settle()
	for b.Loop() {
		found := 0
		for _, err := range s.Owners(b.Context()) {
			if err != nil {
				b.Fatal(err)
			}
			found++
		}
		if found != 100 {
			b.Fatalf("found %d owners, want 100", found)
		}
	}
}

func fillMakers(b *testing.B, s registry.Store) {
	var changes []registry.Change
	for i := range benchKeys {
		key := sample(keyturn.KeyID(fmt.Sprintf("key-%06d", i)))
		key.Owner.Person = fmt.Sprintf("person-%02d@example.com", i%100)
		e := event("began/" + string(key.ID))
		e.What, e.Actor = registry.Began, key.Owner.Person
		if changes = append(changes, registry.Change{Key: key, Event: e}); len(changes) == 2000 {
			if err := s.SaveAll(b.Context(), changes); err != nil {
				b.Fatal(err)
			}
			changes = nil
		}
	}
}
