package rows

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// A Use is a use as it is written.
type Use struct {
	ID   string
	At   time.Time
	Body string
}

// PrepareUses checks what was done with a leaked key. Of two with one ID it returns the
// last.
func PrepareUses(op, leak string, uses []registry.LeakUse) ([]Use, error) {
	out, places := []Use{}, map[string]int{}
	for _, u := range uses {
		if u.ID == "" || u.At.IsZero() {
			return nil, keyturn.Errorf(keyturn.Invalid, op, "use %q of leak %q needs an id and a time", u.ID, leak)
		}
		toMicroseconds(&u.At)
		body, err := encode(op, fmt.Sprintf("use %q of leak %q", u.ID, leak), u)
		if err != nil {
			return nil, err
		}
		if i, there := places[u.ID]; there {
			out[i] = Use{u.ID, u.At, body}
			continue
		}
		places[u.ID] = len(out)
		out = append(out, Use{u.ID, u.At, body})
	}
	return out, nil
}

// SelectUses reads one page of a leak's uses. Its arguments are the leak, and the
// time and the id after which the page begins.
var SelectUses = fmt.Sprintf("SELECT body FROM leak_uses WHERE leak = $1 AND (at, id) > ($2, $3) ORDER BY at, id LIMIT %d", pageSize)

// DecodeUse reads the body of a use.
func DecodeUse(op, body string) (registry.LeakUse, error) {
	var u registry.LeakUse
	if err := strict([]byte(body), &u); err != nil {
		return u, unreadable(op, "use of a leaked key")
	}
	return u, nil
}

// LeakUses follows pages, oldest first.
func LeakUses(ctx context.Context, page func(after registry.LeakUse) ([]registry.LeakUse, error)) iter.Seq2[registry.LeakUse, error] {
	return pages(ctx, registry.LeakUse{}, func(after registry.LeakUse) (uses []registry.LeakUse, next registry.LeakUse, more bool, err error) {
		if uses, err = page(after); err != nil || len(uses) == 0 {
			return nil, after, false, err
		}
		return uses, uses[len(uses)-1], len(uses) == pageSize, nil
	})
}
