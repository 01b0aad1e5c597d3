package postgres

import (
	"context"
	"iter"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/registry/rows"
)

// Depart implements [registry.Departures].
func (s *Store) Depart(ctx context.Context, d registry.Departure) (departure registry.Departure, opened bool, err error) {
	const op = "postgres: depart"
	if d, err = rows.PrepareDeparture(op, d); err != nil {
		return departure, false, err
	}
	body, err := rows.EncodeDeparture(op, &d)
	if err != nil {
		return departure, false, err
	}
	err = s.people(ctx, op, func(tx pgx.Tx) error {
		found, err := gather(ctx, tx, scanDeparture, rows.SelectDeparted, d.Origin, d.Event)
		if err != nil || len(found) > 0 {
			departure = one(found)
			return err
		}
		if found, err = gather(ctx, tx, scanDeparture, rows.SelectOpen, d.Email); err != nil {
			return err
		}
		if departure = d; len(found) > 0 {
			departure = one(found)
		} else {
			tag, err := tx.Exec(ctx, rows.InsertDeparture, d.ID, d.Email, body)
			if err != nil {
				return err
			}
			if opened = tag.RowsAffected() > 0; !opened {
				return rows.DepartureExists(op, d.ID)
			}
		}
		_, err = tx.Exec(ctx, rows.InsertHeard, d.Origin, d.Event, departure.ID, d.Actor, d.At.UTC())
		return err
	})
	if err != nil {
		return registry.Departure{}, false, err
	}
	return departure, opened, nil
}

// Departure implements [registry.Departures].
func (s *Store) Departure(ctx context.Context, id string) (registry.Departure, error) {
	const op = "postgres: departure"
	return s.departure(ctx, op, rows.NoDeparture(op, id), rows.SelectDeparture, id)
}

// Gone implements [registry.Departures].
func (s *Store) Gone(ctx context.Context, email string) (registry.Departure, error) {
	const op = "postgres: gone"
	return s.departure(ctx, op, rows.NobodyGone(op), rows.SelectGone, email)
}

// departure reads one, or says that there is none.
func (s *Store) departure(ctx context.Context, op string, none error, query string, arg any) (registry.Departure, error) {
	found, err := gather(ctx, s.pool, scanDeparture, query, arg)
	if err == nil && len(found) == 0 {
		err = none
	}
	return one(found), translate(ctx, op, err)
}

func one(found []rows.StoredDeparture) registry.Departure {
	if len(found) == 0 {
		return registry.Departure{}
	}
	return found[0].Departure
}

// SaveDeparture implements [registry.Departures].
func (s *Store) SaveDeparture(ctx context.Context, d registry.Departure) (saved registry.Departure, err error) {
	const op = "postgres: save departure"
	err = s.people(ctx, op, func(tx pgx.Tx) error {
		found, err := gather(ctx, tx, scanDeparture, rows.SelectDeparture, d.ID)
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
		_, err = tx.Exec(ctx, rows.UpdateDeparture, d.ID, string(saved.State), body, d.Revision)
		return err
	})
	if err != nil {
		return registry.Departure{}, err
	}
	return saved, nil
}

// Departures implements [registry.Departures].
func (s *Store) Departures(ctx context.Context, f registry.DepartureFilter) iter.Seq2[registry.Departure, error] {
	const op = "postgres: departures"
	return rows.Departures(ctx, f, func(query string, args []any) ([]rows.StoredDeparture, error) {
		found, err := gather(ctx, s.pool, scanDeparture, query, args...)
		return found, translate(ctx, op, err)
	})
}

// Heard implements [registry.Departures].
func (s *Store) Heard(ctx context.Context, id string) iter.Seq2[registry.Heard, error] {
	return all(func() ([]registry.Heard, error) {
		found, err := gather(ctx, s.pool, func(row pgx.CollectableRow) (h registry.Heard, err error) {
			err = row.Scan(&h.Origin, &h.Event, &h.Actor, &h.At)
			h.At = h.At.UTC()
			return h, err
		}, rows.SelectHeard, id)
		return found, translate(ctx, "postgres: heard", err)
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
	const op = "postgres: returned"
	if err := rows.CheckReturned(op, email, at); err != nil {
		return err
	}
	return s.people(ctx, op, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, rows.UpdateReturned, email, at)
		return err
	})
}

// Saw implements [registry.Departures].
func (s *Store) Saw(ctx context.Context, directory string, emails []string, at time.Time) error {
	const op = "postgres: saw"
	if err := rows.CheckSaw(op, directory, emails, at); err != nil {
		return err
	}
	if len(emails) == 0 {
		return nil
	}
	return s.people(ctx, op, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, rows.UpsertSightings("SELECT DISTINCT email, $2, $3::timestamptz FROM unnest($1::text[]) AS given (email)"), emails, directory, at)
		return err
	})
}

// Seen implements [registry.Departures].
func (s *Store) Seen(ctx context.Context, email string) (directory string, at time.Time, err error) {
	const op = "postgres: seen"
	err = s.pool.QueryRow(ctx, rows.SelectSighting, email).Scan(&directory, &at)
	if isNoRows(err) {
		return "", time.Time{}, rows.NobodySeen(op)
	}
	return directory, at.UTC(), translate(ctx, op, err)
}

// person is the column of owners, ordered by its bytes as ids are.
const person = `owner_person COLLATE "C"`

// Owners implements [registry.Departures].
func (s *Store) Owners(ctx context.Context) iter.Seq2[string, error] {
	return rows.Owners(ctx, func(after string, n int) ([]string, error) {
		found, err := gather(ctx, s.pool, pgx.RowTo[string], rows.SelectOwners(person), after, n)
		return found, translate(ctx, "postgres: owners", err)
	})
}

// MadeBy implements [registry.Departures].
func (s *Store) MadeBy(ctx context.Context, actors []string) iter.Seq2[registry.Made, error] {
	return all(func() ([]registry.Made, error) {
		found, err := gather(ctx, s.pool, func(row pgx.CollectableRow) (m registry.Made, err error) {
			err = row.Scan(&m.Key, &m.At)
			m.At = m.At.UTC()
			return m, err
		}, rows.SelectMade("= ANY($1)"), actors)
		return found, translate(ctx, "postgres: made by", err)
	})
}

func scanDeparture(row pgx.CollectableRow) (rows.StoredDeparture, error) {
	var seq, revision int64
	var body string
	if err := row.Scan(&seq, &revision, &body); err != nil {
		return rows.StoredDeparture{}, err
	}
	return rows.DecodeDeparture("postgres: departure", seq, revision, body)
}
