package rows

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"math"
	"slices"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// The statements on departures. A departure is read as its place, revision and body.
const (
	InsertDeparture = "INSERT INTO departures (id, email, state, revision, body) VALUES ($1, $2, '" + string(registry.DepartureOpen) + "', 1, $3) ON CONFLICT DO NOTHING"
	UpdateDeparture = "UPDATE departures SET state = $2, revision = revision + 1, body = $3 WHERE id = $1 AND revision = $4"
	InsertHeard     = "INSERT INTO departure_events (origin, event, departure, actor, at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING"
	SelectHeard     = "SELECT origin, event, actor, at FROM departure_events WHERE departure = $1 ORDER BY seq"

	selectDeparture = "SELECT seq, revision, body FROM departures WHERE "
	SelectDeparture = selectDeparture + "id = $1"
	SelectDeparted  = selectDeparture + "id = (SELECT departure FROM departure_events WHERE origin = $1 AND event = $2)"
	SelectOpen      = selectDeparture + "email = $1 AND state = '" + string(registry.DepartureOpen) + "'"
	SelectGone      = selectDeparture + "email = $1 AND state <> '" + string(registry.DepartureStayed) + "' AND returned_at IS NULL ORDER BY seq DESC LIMIT 1"
	UpdateReturned  = "UPDATE departures SET returned_at = $2 WHERE email = $1 AND state = '" + string(registry.DepartureDone) + "' AND returned_at IS NULL"
	SelectSighting  = "SELECT directory, at FROM sightings WHERE email = $1"
	upsertSighting  = " ON CONFLICT (email) DO UPDATE SET directory = excluded.directory, at = excluded.at WHERE sightings.at <= excluded.at"
	firstBegan      = "NOT EXISTS (SELECT 1 FROM events AS e WHERE e.key_id = events.key_id AND e.what = '" + registry.Began + "' AND e.seq < events.seq)"
	selectMade      = "SELECT key_id, at FROM events WHERE what IN ('" + registry.Began + "', '" + registry.Supplied + "', '" + registry.Adopted + "') AND (what <> '" + registry.Began + "' OR " + firstBegan + ") AND actor "
)

// UpsertSightings is the statement that records sightings, with what gives their
// values.
func UpsertSightings(values string) string {
	return "INSERT INTO sightings (email, directory, at) " + values + upsertSighting
}

// SelectOwners is the statement that reads one page of owners. person is the
// column, with what puts it in the order of its bytes.
func SelectOwners(person string) string {
	return fmt.Sprintf("SELECT DISTINCT %[1]s FROM keys WHERE retired_at IS NULL AND %[1]s > $1 ORDER BY 1 LIMIT $2", person)
}

// SelectMade is the statement that reads who made what, with what restricts actors.
func SelectMade(actors string) string { return selectMade + actors + " ORDER BY key_id, seq" }

// PrepareDeparture checks a departure. It returns it as it is stored.
func PrepareDeparture(op string, d registry.Departure) (registry.Departure, error) {
	switch {
	case d.ID == "" || d.Email == "" || d.Origin == "" || d.Event == "" || d.Actor == "" || d.At.IsZero():
		return d, keyturn.Errorf(keyturn.Invalid, op, "departure %q needs an id, an address, an origin, an event, an actor and a time", d.ID)
	case !storable(departureTexts(&d)...):
		return d, keyturn.Errorf(keyturn.Invalid, op, "departure %q holds text that is not UTF-8, or a NUL character; remove it", d.ID)
	}
	d.State, d.Revision = registry.DepartureOpen, 1
	return d, nil
}

func departureTexts(d *registry.Departure) []string {
	return append([]string{d.ID, d.Email, d.Origin, d.Event, d.Actor, d.Reason, d.Directory, d.Successor, d.Batch, d.Note}, slices.Concat(d.Ended, d.Aliases)...)
}

// Successive is the stored departure with what may change of it as next has it.
func Successive(op string, stored, next registry.Departure) (registry.Departure, error) {
	switch {
	case stored.Revision != next.Revision:
		return stored, keyturn.Errorf(keyturn.Conflict, op, "departure %q changed meanwhile; read it again", stored.ID)
	case next.State != registry.DepartureOpen && next.State != registry.DepartureDone && next.State != registry.DepartureStayed:
		return stored, keyturn.Errorf(keyturn.Invalid, op, "departure %q: there is no state %q", stored.ID, next.State)
	case next.State == registry.DepartureOpen && stored.State != registry.DepartureOpen:
		return stored, keyturn.Errorf(keyturn.Conflict, op, "departure %q has ended and is never opened again; record another", stored.ID)
	case !storable(departureTexts(&next)...):
		return stored, keyturn.Errorf(keyturn.Invalid, op, "departure %q holds text that is not UTF-8, or a NUL character; remove it", stored.ID)
	}
	stored.State, stored.Sure, stored.Directory, stored.Successor, stored.Batch = next.State, next.Sure, next.Directory, next.Successor, next.Batch
	stored.Sessions, stored.Ended, stored.Handed, stored.Replaced = next.Sessions, next.Ended, next.Handed, next.Replaced
	stored.Closed, stored.Note = next.Closed, next.Note
	stored.Revision++
	return stored, nil
}

// EncodeDeparture is the body of a departure, with times to the microsecond in UTC.
func EncodeDeparture(op string, d *registry.Departure) (string, error) {
	toMicroseconds(&d.At, &d.Sessions, &d.Handed, &d.Replaced, &d.Closed)
	body, err := json.Marshal(d)
	if err != nil {
		return "", keyturn.Errorf(keyturn.Invalid, op, "departure %q: cannot be written as JSON; its times must lie between the years 0 and 9999", d.ID)
	}
	return string(body), nil
}

// A StoredDeparture is a departure and its place in the order they were recorded in.
type StoredDeparture struct {
	Seq int64
	registry.Departure
}

// DecodeDeparture reads what EncodeDeparture wrote. A field this program does not
// know is refused, as it is in a key.
func DecodeDeparture(op string, seq, revision int64, body string) (StoredDeparture, error) {
	s := StoredDeparture{Seq: seq}
	if err := strict([]byte(body), &s.Departure); err != nil {
		return s, unreadable(op, "departure")
	}
	s.Revision = revision
	return s, nil
}

// CheckReturned refuses that somebody is back at no time.
func CheckReturned(op, email string, at time.Time) error {
	switch {
	case email == "" || at.IsZero():
		return keyturn.Errorf(keyturn.Invalid, op, "that somebody is back needs an address and a time")
	case !storable(email):
		return keyturn.Errorf(keyturn.Invalid, op, "an address holds text that is not UTF-8, or a NUL character; remove it")
	}
	return nil
}

// CheckSaw refuses what says of no directory, or of no moment, whom it had.
func CheckSaw(op, directory string, emails []string, at time.Time) error {
	switch {
	case directory == "" || at.IsZero():
		return keyturn.Errorf(keyturn.Invalid, op, "persons who were seen need a directory and a time")
	case !storable(directory) || !storable(emails...):
		return keyturn.Errorf(keyturn.Invalid, op, "a directory or an address holds text that is not UTF-8, or a NUL character; remove it")
	}
	return nil
}

// DepartureExists says that the id of a departure is taken.
func DepartureExists(op, id string) error {
	return keyturn.Errorf(keyturn.Conflict, op, "there is a departure %q already; give each its own id", id)
}

// NoDeparture says that there is no departure of this id.
func NoDeparture(op, id string) error {
	return keyturn.Errorf(keyturn.NotFound, op, "there is no departure %q", id)
}

// NobodyGone says that nobody of an address left. It does not quote the address.
func NobodyGone(op string) error {
	return keyturn.Errorf(keyturn.NotFound, op, "nobody of this address has left")
}

// NobodySeen says that nobody of an address was seen. It does not quote the address.
func NobodySeen(op string) error {
	return keyturn.Errorf(keyturn.NotFound, op, "no directory ever had an active person of this address")
}

// selectDepartures reads one page of at most n, those before a place.
func selectDepartures(f registry.DepartureFilter, before int64, n int) (query string, args []any) {
	c := conditions{list: []string{fmt.Sprintf("seq < %d", before)}}
	c.add("state = %s", string(f.State))
	c.add("email = %s", f.Email)
	return fmt.Sprintf("%s%s ORDER BY seq DESC LIMIT %d", selectDeparture, c.all(), n), c.args
}

// Departures follows pages, newest first.
func Departures(ctx context.Context, f registry.DepartureFilter, page func(query string, args []any) ([]StoredDeparture, error)) iter.Seq2[registry.Departure, error] {
	type place struct {
		before int64
		wanted int
	}
	return pages(ctx, place{before: math.MaxInt64, wanted: f.Limit}, func(p place) (found []registry.Departure, next place, more bool, err error) {
		query, args := selectDepartures(f, p.before, limit(p.wanted))
		stored, err := page(query, args)
		if err != nil {
			return nil, p, false, err
		}
		for _, s := range stored {
			found, next.before = append(found, s.Departure), s.Seq
		}
		next.wanted, more = less(p.wanted, len(found))
		return found, next, more, nil
	})
}

// Owners follows pages of owners.
func Owners(ctx context.Context, page func(after string, n int) ([]string, error)) iter.Seq2[string, error] {
	return pages(ctx, "", func(after string) (found []string, next string, more bool, err error) {
		if found, err = page(after, pageSize); err != nil || len(found) == 0 {
			return nil, after, false, err
		}
		return found, found[len(found)-1], len(found) == pageSize, nil
	})
}
