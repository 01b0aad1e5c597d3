package rows

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// SelectDue reads one page of the keys that are due in an account. Its arguments
// are the provider, the account, now, and the place after which the page begins.
var SelectDue = fmt.Sprintf("SELECT due_at, revision, body FROM keys "+
	"WHERE provider = $1 AND account = $2 AND retired_at IS NULL AND due_at <= $3 AND (due_at, key_id) > ($4, $5) "+
	"ORDER BY due_at, key_id LIMIT %d", pageSize)

// A DueKey is a key with the moment at which it is due as that is stored: where
// pages begin must not hang on how a program computes it.
type DueKey struct {
	At  time.Time
	Key keyturn.Key
}

// Due follows pages in the order in which keys are due. A key that moves to a
// later place while pages are read is left out there: whoever saw it once may
// have begun to rotate it.
func Due(ctx context.Context, after registry.DueKey, page func(registry.DueKey) ([]DueKey, error)) iter.Seq2[keyturn.Key, error] {
	return func(yield func(keyturn.Key, error) bool) {
		seen := map[keyturn.KeyID]bool{}
		for due, err := range pages(ctx, after, func(after registry.DueKey) ([]DueKey, registry.DueKey, bool, error) {
			keys, err := page(after)
			if len(keys) > 0 {
				last := keys[len(keys)-1]
				after = registry.DueKey{Due: last.At, Key: last.Key.ID}
			}
			return keys, after, len(keys) == pageSize, err
		}) {
			if err == nil {
				if seen[due.Key.ID] {
					continue
				}
				seen[due.Key.ID] = true
			}
			if !yield(due.Key, err) {
				return
			}
		}
	}
}
