package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"iter"
	"time"

	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/registry/rows"
)

// Depart implements [registry.Departures].
func (s *Store) Depart(ctx context.Context, d registry.Departure) (departure registry.Departure, opened bool, err error) {
	const op = "sqlite: depart"
	if d, err = rows.PrepareDeparture(op, d); err != nil {
		return departure, false, err
	}
	body, err := rows.EncodeDeparture(op, &d)
	if err != nil {
		return departure, false, err
	}
	err = s.transact(ctx, op, func(tx *sql.Tx) error {
		found, err := collect(ctx, op, tx, rows.SelectDeparted, []any{d.Origin, d.Event}, scanDeparture(op))
		if err != nil || len(found) > 0 {
			departure = one(found)
			return err
		}
		if found, err = collect(ctx, op, tx, rows.SelectOpen, []any{d.Email}, scanDeparture(op)); err != nil {
			return err
		}
		if departure = d; len(found) > 0 {
			departure = one(found)
		} else {
			n, err := affected(tx.ExecContext(ctx, rows.InsertDeparture, d.ID, d.Email, body))
			if err != nil {
				return err
			}
			if opened = n > 0; !opened {
				return rows.DepartureExists(op, d.ID)
			}
		}
		_, err = tx.ExecContext(ctx, rows.InsertHeard, d.Origin, d.Event, departure.ID, d.Actor, moment(&d.At))
		return err
	})
	if err != nil {
		return registry.Departure{}, false, err
	}
	return departure, opened, nil
}

// Departure implements [registry.Departures].
func (s *Store) Departure(ctx context.Context, id string) (registry.Departure, error) {
	const op = "sqlite: departure"
	return s.departure(ctx, op, rows.NoDeparture(op, id), rows.SelectDeparture, id)
}

// Gone implements [registry.Departures].
func (s *Store) Gone(ctx context.Context, email string) (registry.Departure, error) {
	const op = "sqlite: gone"
	return s.departure(ctx, op, rows.NobodyGone(op), rows.SelectGone, email)
}

// departure reads one, or says that there is none.
func (s *Store) departure(ctx context.Context, op string, none error, query string, arg any) (registry.Departure, error) {
	found, err := collect(ctx, op, s.read, query, []any{arg}, scanDeparture(op))
	if err == nil && len(found) == 0 {
		err = none
	}
	return one(found), err
}

func one(found []rows.StoredDeparture) registry.Departure {
	if len(found) == 0 {
		return registry.Departure{}
	}
	return found[0].Departure
}

// SaveDeparture implements [registry.Departures].
func (s *Store) SaveDeparture(ctx context.Context, d registry.Departure) (saved registry.Departure, err error) {
	const op = "sqlite: save departure"
	err = s.transact(ctx, op, func(tx *sql.Tx) error {
		found, err := collect(ctx, op, tx, rows.SelectDeparture, []any{d.ID}, scanDeparture(op))
		if err == nil && len(found) == 0 {
			err = rows.NoDeparture(op, d.ID)
		}
		if err != nil {
			return err
		}
		if saved, err = rows.Successive(op, found[0].Departure, d); err != nil {
			return err
		}
		body, err := rows.EncodeDeparture(op, &saved)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, rows.UpdateDeparture, d.ID, string(saved.State), body, d.Revision)
		return err
	})
	if err != nil {
		return registry.Departure{}, err
	}
	return saved, nil
}

// Departures implements [registry.Departures].
func (s *Store) Departures(ctx context.Context, f registry.DepartureFilter) iter.Seq2[registry.Departure, error] {
	const op = "sqlite: departures"
	return rows.Departures(ctx, f, func(query string, args []any) ([]rows.StoredDeparture, error) {
		return collect(ctx, op, s.read, query, args, scanDeparture(op))
	})
}

// Heard implements [registry.Departures].
func (s *Store) Heard(ctx context.Context, id string) iter.Seq2[registry.Heard, error] {
	return all(func() ([]registry.Heard, error) {
		return collect(ctx, "sqlite: heard", s.read, rows.SelectHeard, []any{id}, func(answer *sql.Rows) (h registry.Heard, err error) {
			var at instant
			err = answer.Scan(&h.Origin, &h.Event, &h.Actor, &at)
			h.At = at.Time
			return h, err
		})
	})
}

// all yields what read returns.
func all[T any](read func() ([]T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		found, err := read()
		for _, one := range found {
			if !yield(one, nil) {
				return
			}
		}
		if err != nil {
			var none T
			yield(none, err)
		}
	}
}

// Returned implements [registry.Departures].
func (s *Store) Returned(ctx context.Context, email string, at time.Time) error {
	const op = "sqlite: returned"
	if err := rows.CheckReturned(op, email, at); err != nil {
		return err
	}
	return s.transact(ctx, op, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, rows.UpdateReturned, email, moment(&at))
		return err
	})
}

// Saw implements [registry.Departures].
func (s *Store) Saw(ctx context.Context, directory string, emails []string, at time.Time) error {
	const op = "sqlite: saw"
	if err := rows.CheckSaw(op, directory, emails, at); err != nil {
		return err
	}
	list, err := json.Marshal(emails)
	if err != nil || len(emails) == 0 {
		return err
	}
	return s.transact(ctx, op, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, rows.UpsertSightings("SELECT DISTINCT value, $2, $3 FROM json_each($1) WHERE true"), string(list), directory, moment(&at))
		return err
	})
}

// Seen implements [registry.Departures].
func (s *Store) Seen(ctx context.Context, email string) (directory string, at time.Time, err error) {
	const op = "sqlite: seen"
	type sighting struct {
		directory string
		at        instant
	}
	found, err := collect(ctx, op, s.read, rows.SelectSighting, []any{email}, func(answer *sql.Rows) (s sighting, err error) {
		return s, answer.Scan(&s.directory, &s.at)
	})
	if err == nil && len(found) == 0 {
		err = rows.NobodySeen(op)
	}
	if err != nil {
		return "", time.Time{}, err
	}
	return found[0].directory, found[0].at.Time, nil
}

// Owners implements [registry.Departures].
func (s *Store) Owners(ctx context.Context) iter.Seq2[string, error] {
	return rows.Owners(ctx, func(after string, n int) ([]string, error) {
		return collect(ctx, "sqlite: owners", s.read, rows.SelectOwners("owner_person"), []any{after, n}, func(answer *sql.Rows) (owner string, err error) {
			err = answer.Scan(&owner)
			return owner, err
		})
	})
}

// MadeBy implements [registry.Departures].
func (s *Store) MadeBy(ctx context.Context, actors []string) iter.Seq2[registry.Made, error] {
	return all(func() ([]registry.Made, error) {
		list, err := json.Marshal(actors)
		if err != nil || len(actors) == 0 {
			return nil, err
		}
		return collect(ctx, "sqlite: made by", s.read, rows.SelectMade("IN (SELECT value FROM json_each($1))"), []any{string(list)}, func(answer *sql.Rows) (m registry.Made, err error) {
			var at instant
			err = answer.Scan(&m.Key, &at)
			m.At = at.Time
			return m, err
		})
	})
}

func scanDeparture(op string) func(*sql.Rows) (rows.StoredDeparture, error) {
	return func(answer *sql.Rows) (rows.StoredDeparture, error) {
		var seq, revision int64
		var body string
		if err := answer.Scan(&seq, &revision, &body); err != nil {
			return rows.StoredDeparture{}, err
		}
		return rows.DecodeDeparture(op, seq, revision, body)
	}
}
