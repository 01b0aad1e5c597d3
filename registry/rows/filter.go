package rows

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// A Dialect is where the databases differ in a condition.
type Dialect struct {
	Time        func(time.Time) any // a moment, as the database compares it
	Fingerprint string              // the condition for one fingerprint, with %s for its placeholder
}

// SelectPage reads one page: revision and body of at most f.Limit keys.
func (d Dialect) SelectPage(f registry.Filter) (query string, args []any) {
	where, args := d.where(f)
	return fmt.Sprintf("SELECT revision, body FROM keys WHERE %s ORDER BY key_id LIMIT %d", where, f.Limit), args
}

// SelectCount counts what Find would yield.
func (d Dialect) SelectCount(f registry.Filter) (query string, args []any) {
	where, args := d.where(f)
	if f.Limit > 0 {
		return fmt.Sprintf("SELECT count(*) FROM (SELECT 1 FROM keys WHERE %s LIMIT %d) AS page", where, f.Limit), args
	}
	return "SELECT count(*) FROM keys WHERE " + where, args
}

func (d Dialect) where(f registry.Filter) (string, []any) {
	var args []any
	conditions := []string{"retired_at IS NULL"}
	if f.Retired {
		conditions[0] = "retired_at IS NOT NULL"
	}
	add := func(condition string, value any) {
		args = append(args, value)
		conditions = append(conditions, fmt.Sprintf(condition, fmt.Sprintf("$%d", len(args))))
	}
	for _, text := range []struct{ condition, value string }{
		{"key_id > %s", string(f.After)},
		{"owner_team = %s", f.OwnerTeam},
		{"owner_person = %s", f.OwnerPerson},
		{"provider = %s", f.Provider},
		{"account = %s", f.Account},
		{"principal = %s", f.Principal},
		{"path = %s AND path <> ''", f.Path},
		{"ticket = %s AND ticket <> ''", f.Ticket},
		{d.Fingerprint, f.Fingerprint},
	} {
		if text.value != "" {
			add(text.condition, text.value)
		}
	}
	if !f.DueBefore.IsZero() {
		add("due_at < %s", d.Time(f.DueBefore.UTC().Truncate(time.Microsecond)))
	}
	if f.Busy {
		conditions = append(conditions, "busy")
	}
	return strings.Join(conditions, " AND "), args
}

// pageSize is how many rows are read at a time: few enough to hold in memory,
// many enough that the round trips do not matter.
const pageSize = 500

// Find follows pages in ID order. Between two pages it holds no connection
// and no transaction, so a caller may take hours over one key. A key that
// changes meanwhile is seen as it is when its page is read, and never twice.
func Find(ctx context.Context, f registry.Filter, page func(registry.Filter) ([]keyturn.Key, error)) iter.Seq2[keyturn.Key, error] {
	return func(yield func(keyturn.Key, error) bool) {
		f, left := f, f.Limit
		for {
			f.Limit = pageSize
			if left > 0 {
				f.Limit = min(left, pageSize)
			}
			keys, err := page(f)
			if err != nil {
				yield(keyturn.Key{}, err)
				return
			}
			for _, key := range keys {
				if err := ctx.Err(); err != nil {
					yield(keyturn.Key{}, err)
					return
				}
				if !yield(key, nil) {
					return
				}
			}
			left -= len(keys)
			if len(keys) < f.Limit || left == 0 {
				return
			}
			f.After = keys[len(keys)-1].ID
		}
	}
}

// SelectEvents reads one page of a key's history. Its arguments are the key
// and the sequence number of the last event seen.
var SelectEvents = fmt.Sprintf("SELECT seq, id, key_id, what, actor, reason, detail, at FROM events "+
	"WHERE key_id = $1 AND seq > $2 ORDER BY seq LIMIT %d", pageSize)

// History follows pages of events as Find follows pages of keys. page returns
// the sequence number of its last event.
func History(ctx context.Context, page func(after int64) ([]registry.Event, int64, error)) iter.Seq2[registry.Event, error] {
	return func(yield func(registry.Event, error) bool) {
		var after int64
		for {
			events, last, err := page(after)
			if err != nil {
				yield(registry.Event{}, err)
				return
			}
			for _, event := range events {
				if err := ctx.Err(); err != nil {
					yield(registry.Event{}, err)
					return
				}
				if !yield(event, nil) {
					return
				}
			}
			if len(events) < pageSize {
				return
			}
			after = last
		}
	}
}
