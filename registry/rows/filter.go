package rows

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// A Dialect is where the databases differ in a condition.
type Dialect struct {
	Time func(time.Time) any // a moment, as the database compares it
	// The conditions for one fingerprint, for the kind or name of a consumer, and
	// for one of the permissions, with %[1]s for the placeholder of what is asked for.
	Fingerprint, Consumer, Permission string
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
	c := conditions{list: []string{"retired_at IS NULL"}}
	if f.Retired {
		c.list[0] = "retired_at IS NOT NULL"
	}
	c.add("key_id > %s", string(f.After))
	c.add("owner_team = %s", f.OwnerTeam)
	c.add("owner_person = %s", f.OwnerPerson)
	c.add("provider = %s", f.Provider)
	c.add("account = %s", f.Account)
	c.add("principal = %s", f.Principal)
	c.add("path = %s AND path <> ''", f.Path)
	c.add("substr(path, 1, length(%[1]s)) = %[1]s", f.PathPrefix)
	c.add("(store = %[1]s OR "+d.Consumer+")", f.StoredIn)
	c.add(d.Permission, f.Permission)
	c.add("ticket = %s AND ticket <> ''", f.Ticket)
	c.add(d.Fingerprint, f.Fingerprint)
	if !f.DueBefore.IsZero() {
		c.value("due_at < %s", d.Time(f.DueBefore.UTC().Truncate(time.Microsecond)))
	}
	if f.Busy {
		c.list = append(c.list, "busy")
	}
	return c.all(), c.args
}

// Find follows pages in ID order. A key that changes meanwhile is seen as it is
// when its page is read, and never twice.
func Find(ctx context.Context, f registry.Filter, page func(registry.Filter) ([]keyturn.Key, error)) iter.Seq2[keyturn.Key, error] {
	return pages(ctx, f, func(f registry.Filter) (keys []keyturn.Key, next registry.Filter, more bool, err error) {
		next = f
		f.Limit = limit(f.Limit)
		if keys, err = page(f); err != nil {
			return nil, next, false, err
		}
		if next.Limit, more = less(next.Limit, len(keys)); more {
			next.After = keys[len(keys)-1].ID
		}
		return keys, next, more, nil
	})
}

// SelectEvents reads one page of a key's history. Its arguments are the key
// and the sequence number of the last event seen.
var SelectEvents = fmt.Sprintf("SELECT seq, id, key_id, what, actor, reason, detail, at FROM events "+
	"WHERE key_id = $1 AND seq > $2 ORDER BY seq LIMIT %d", pageSize)

// History follows pages of events as Find follows pages of keys. page returns
// the sequence number of its last event.
func History(ctx context.Context, page func(after int64) ([]registry.Event, int64, error)) iter.Seq2[registry.Event, error] {
	return pages(ctx, 0, func(after int64) ([]registry.Event, int64, bool, error) {
		events, last, err := page(after)
		return events, last, len(events) == pageSize, err
	})
}
