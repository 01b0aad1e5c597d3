package rows

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"math"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// The statements on leaks. A leak is read as its place, hits, revision and body.
const (
	InsertLeak = "INSERT INTO leaks (id, subject, state, key_id, revision, hits, body) VALUES ($1, $2, '" + string(registry.LeakOpen) + "', $3, 1, 0, $4) ON CONFLICT DO NOTHING"
	UpdateLeak = "UPDATE leaks SET state = $2, key_id = $3, revision = revision + 1, body = $4 WHERE id = $1 AND revision = $5"
	CountHits  = "UPDATE leaks SET hits = hits + $2 WHERE id = $1"

	selectLeak      = "SELECT seq, hits, revision, body FROM leaks WHERE "
	SelectLeak      = selectLeak + "id = $1"
	SelectLeakOf    = selectLeak + "subject = $1"
	SelectLeakOfHit = selectLeak + "id = (SELECT leak FROM leak_hits WHERE source = $1 AND event = $2)"
)

// PrepareLeak checks a leak. It returns it as it is stored, without hits yet.
func PrepareLeak(op string, l registry.Leak) (registry.Leak, error) {
	if l.ID == "" || l.Subject == "" || l.Source == "" || l.Actor == "" || l.At.IsZero() {
		return l, keyturn.Errorf(keyturn.Invalid, op, "leak %q needs an id, a subject, a source, an actor and a time", l.ID)
	}
	l.State, l.Revision, l.Hits = registry.LeakOpen, 1, 0
	return l, checkWord(op, &l)
}

func checkWord(op string, l *registry.Leak) error {
	switch l.Word {
	case "", registry.LeakKill, registry.LeakHold:
		return nil
	}
	return keyturn.Errorf(keyturn.Invalid, op, "leak %q: there is no word %q; use %s or %s", l.ID, l.Word, registry.LeakKill, registry.LeakHold)
}

// SuccessiveLeak is the stored leak with what may change of it as next has it.
func SuccessiveLeak(op string, stored, next registry.Leak) (registry.Leak, error) {
	switch {
	case stored.Revision != next.Revision:
		return stored, keyturn.Errorf(keyturn.Conflict, op, "leak %q changed meanwhile; read it again", stored.ID)
	case next.State != registry.LeakOpen && next.State != registry.LeakDead && next.State != registry.LeakDismissed:
		return stored, keyturn.Errorf(keyturn.Invalid, op, "leak %q: there is no state %q", stored.ID, next.State)
	}
	next.ID, next.Subject, next.Source, next.Actor, next.At, next.Hits = stored.ID, stored.Subject, stored.Source, stored.Actor, stored.At, stored.Hits
	next.Revision++
	return next, checkWord(op, &next)
}

// EncodeLeak is the body of a leak, with times to the microsecond in UTC.
func EncodeLeak(op string, l *registry.Leak) (string, error) {
	toMicroseconds(&l.At, &l.Since, &l.LastUsed, &l.Triaged, &l.BegunAt, &l.KillAt, &l.Killed, &l.Replaced, &l.Dead, &l.Closed)
	return encode(op, fmt.Sprintf("leak %q", l.ID), l)
}

// encode writes what is stored as JSON. what names it in errors.
func encode(op, what string, v any) (string, error) {
	body, err := json.Marshal(v)
	switch {
	case err != nil:
		return "", keyturn.Errorf(keyturn.Invalid, op, "%s cannot be written as JSON; its times must lie between the years 0 and 9999", what)
	case holdsUnstorable(body):
		return "", keyturn.Errorf(keyturn.Invalid, op, "%s holds text that is not UTF-8, or a NUL character; remove it", what)
	}
	return string(body), nil
}

func toMicroseconds(times ...*time.Time) {
	for _, t := range times {
		*t = t.UTC().Truncate(time.Microsecond)
	}
}

// A StoredLeak is a leak and its place in the order they were recorded in.
type StoredLeak struct {
	Seq int64
	registry.Leak
}

// DecodeLeak reads what EncodeLeak wrote. A field this program does not know is
// refused, as it is in a key.
func DecodeLeak(op string, seq int64, hits int, revision int64, body string) (StoredLeak, error) {
	s := StoredLeak{Seq: seq}
	if err := strict([]byte(body), &s.Leak); err != nil {
		return s, unreadable(op, "leak")
	}
	s.Hits, s.Revision = hits, revision
	return s, nil
}

// LeakExists says that the id of a leak is taken.
func LeakExists(op, id string) error {
	return keyturn.Errorf(keyturn.Conflict, op, "there is a leak %q already; give each its own id", id)
}

// NoLeak says that there is no leak of this id.
func NoLeak(op, id string) error {
	return keyturn.Errorf(keyturn.NotFound, op, "there is no leak %q", id)
}

// selectLeaks reads one page of at most n, those before a place.
func selectLeaks(f registry.LeakFilter, before int64, n int) (query string, args []any) {
	var c conditions
	c.value("seq < %s", before)
	c.add("state = %s", string(f.State))
	c.add("key_id = %s", string(f.Key))
	c.add("subject = %s", f.Subject)
	if f.Unowned {
		c.list = append(c.list, "key_id = ''")
	}
	return fmt.Sprintf("%s%s ORDER BY seq DESC LIMIT %d", selectLeak, c.all(), n), c.args
}

// Leaks follows pages, newest first.
func Leaks(ctx context.Context, f registry.LeakFilter, page func(query string, args []any) ([]StoredLeak, error)) iter.Seq2[registry.Leak, error] {
	type place struct {
		before int64
		wanted int
	}
	return pages(ctx, place{before: math.MaxInt64, wanted: f.Limit}, func(p place) (found []registry.Leak, next place, more bool, err error) {
		query, args := selectLeaks(f, p.before, limit(p.wanted))
		stored, err := page(query, args)
		if err != nil {
			return nil, p, false, err
		}
		for _, s := range stored {
			found, next.before = append(found, s.Leak), s.Seq
		}
		next.wanted, more = less(p.wanted, len(found))
		return found, next, more, nil
	})
}
