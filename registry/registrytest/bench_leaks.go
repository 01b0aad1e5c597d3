package registrytest

import (
	"fmt"
	"testing"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// BenchmarkMarked looks up, among 100,000 keys with 700,000 marks, the marks of one
// value, and those of a text of many words with one value in it.
func BenchmarkMarked(b *testing.B, open func(b *testing.B) registry.Store, settle func()) {
	s := open(b)
	id := func(i int) keyturn.KeyID { return keyturn.KeyID(fmt.Sprintf("key-%06d", i)) }
	fill(b, s, benchKeys, "key-%06d", func(i int, key *keyturn.Key) { key.Ledger = []keyturn.Issued{issued(string(id(i)), 1)} })
	settle()
	i := 0
	for name, words := range map[string]int{"value": 0, "text": 500} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				i = (i + 7919) % benchKeys
				marks := issued(string(id(i)), 1).Marks()
				for word := range words {
					marks = append(marks, keyturn.MarkOfID(fmt.Sprint(i, word)))
				}
				found, err := s.Marked(b.Context(), marks)
				if err != nil || len(found) != 7 || found[0].Key != id(i) {
					b.Fatalf("found %+v, error %v; want the 7 marks of %s", found, err, id(i))
				}
			}
		})
	}
}

// BenchmarkLeaked records 10,000 hits of one value: new ones each time, and ones that
// are known already.
func BenchmarkLeaked(b *testing.B, open func(b *testing.B) registry.Store) {
	s := open(b)
	hits := make([]registry.LeakHit, 10_000)
	round := 0
	for _, fresh := range []bool{true, false} {
		name := map[bool]string{true: "new", false: "known"}[fresh]
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if fresh {
					round++
				}
				for i := range hits {
					hits[i] = hit(fmt.Sprintf("%040x/main.go/aws/%d", round, i))
				}
				_, _, n, err := s.Leaked(b.Context(), leak("l1"), hits)
				if err != nil || fresh != (n == len(hits)) {
					b.Fatalf("%d of %s hits are fresh, error %v", n, name, err)
				}
			}
		})
	}
}
