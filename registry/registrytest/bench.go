package registrytest

import (
	"context"
	"fmt"
	"testing"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// benchKeys is the size of estate Keyturn is built for.
const benchKeys = 100_000

// BenchmarkFindDue pages through the 1,000 keys that are due among 100,000.
func BenchmarkFindDue(b *testing.B, open func(b *testing.B) registry.Store) {
	s := open(b)
	fill(b, s, benchKeys, "key-%06d", func(i int, key *keyturn.Key) {
		key.Audit.EveryDays = 90
		if i%100 == 0 {
			key.Audit.EveryDays = 7
		}
	})
	b.ResetTimer()
	for b.Loop() {
		found := 0
		for _, err := range s.Find(context.Background(), registry.Filter{DueBefore: start().AddDate(0, 0, 8)}) {
			if err != nil {
				b.Fatal(err)
			}
			found++
		}
		if found != benchKeys/100 {
			b.Fatalf("found %d keys, want %d", found, benchKeys/100)
		}
	}
}

// BenchmarkFindFingerprint looks one leaked value up among 100,000 keys.
func BenchmarkFindFingerprint(b *testing.B, open func(b *testing.B) registry.Store) {
	s := open(b)
	print := func(i int) string { return fmt.Sprintf("%064x", i) }
	fill(b, s, benchKeys, "key-%06d", func(i int, key *keyturn.Key) {
		key.Ledger = []keyturn.Issued{{Generation: 1, State: keyturn.Current, Fingerprints: keyturn.Fingerprints{HMAC: print(i)}}}
	})
	b.ResetTimer()
	i := 0
	for b.Loop() {
		i = (i + 7919) % benchKeys
		found := 0
		for _, err := range s.Find(context.Background(), registry.Filter{Fingerprint: print(i)}) {
			if err != nil {
				b.Fatal(err)
			}
			found++
		}
		if found != 1 {
			b.Fatalf("found %d keys, want 1", found)
		}
	}
}

// BenchmarkSave changes one key at a time, as workflows do: one that was never
// issued, with a notice and without, and one with three generations in its ledger.
func BenchmarkSave(b *testing.B, open func(b *testing.B) registry.Store) {
	for _, c := range []struct {
		name string
		key  keyturn.Key
		tell []registry.Audience
	}{{"quiet", sample("a-key"), nil}, {"told", sample("a-key"), []registry.Audience{registry.ToOwner}}, {"issued", with("a-key", issued("a", 1), issued("a", 2), issued("a", 3)), nil}} {
		b.Run(c.name, func(b *testing.B) {
			s := open(b)
			stored := c.key
			i := 0
			for b.Loop() {
				e := event(fmt.Sprintf("save/%d", i))
				e.Tell = c.tell
				var err error
				if stored, err = s.Save(context.Background(), stored, e); err != nil {
					b.Fatal(err)
				}
				i++
			}
		})
	}
}

// BenchmarkSaveAll applies 100,000 new keys, and then 100,000 changes of
// them, in batches of 2,000: the first apply of a large estate and a later
// one. It reports keys per second.
func BenchmarkSaveAll(b *testing.B, open func(b *testing.B) registry.Store) {
	for b.Loop() {
		b.StopTimer()
		s := open(b)
		b.StartTimer()
		fill(b, s, benchKeys, "key-%06d", nil)
		const batch = 2000
		for from := 0; from < benchKeys; from += batch {
			changes := make([]registry.Change, batch)
			for i := range changes {
				key := sample(keyturn.KeyID(fmt.Sprintf("key-%06d", from+i)))
				key.Revision, key.Purpose = 1, "changed"
				changes[i] = registry.Change{Key: key, Event: event("change/" + string(key.ID))}
			}
			if err := s.SaveAll(context.Background(), changes); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(2*benchKeys)*float64(b.N)/b.Elapsed().Seconds(), "keys/s")
}
