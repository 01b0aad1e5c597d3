package rows

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// marks are what the generations in a ledger are known by.
func marks(key *keyturn.Key) (out []registry.Marked) {
	for _, issued := range key.Ledger {
		for _, m := range issued.Marks() {
			out = append(out, registry.Marked{Mark: m, Key: key.ID, Generation: issued.Generation, RemoteID: issued.RemoteID})
		}
	}
	return out
}

// digest tells whether the marks of a ledger are others than those that were kept
// last: most changes of a key leave them as they are. No marks have none.
func digest(marked []registry.Marked) string {
	if len(marked) == 0 {
		return ""
	}
	sum := sha256.New()
	for _, m := range marked {
		_, _ = fmt.Fprintf(sum, "%q %d %q\n", m.Mark, m.Generation, m.RemoteID)
	}
	return hex.EncodeToString(sum.Sum(nil)[:16])
}

// MarkedColumns are the columns of the table marks, in the order of the fields of
// [registry.Marked].
const MarkedColumns = "mark, key_id, generation, remote_id"

// InOrder puts what marks name in the order of keys, generations and marks as they
// were given.
func InOrder(found []registry.Marked, given []keyturn.Mark) {
	places := map[keyturn.Mark]int{}
	for i, m := range slices.Backward(given) {
		places[m] = i
	}
	slices.SortFunc(found, func(a, b registry.Marked) int {
		return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Generation, b.Generation), cmp.Compare(places[a.Mark], places[b.Mark]))
	})
}
