package postgres

import (
	"context"
	"iter"

	"github.com/jackc/pgx/v5"

	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/registry/rows"
)

// Leaked implements [registry.Leaks].
func (s *Store) Leaked(ctx context.Context, l registry.Leak, hits []registry.LeakHit) (leak registry.Leak, opened bool, fresh int, err error) {
	const op = "postgres: leaked"
	if l, err = rows.PrepareLeak(op, l); err != nil {
		return leak, false, 0, err
	}
	body, err := rows.EncodeLeak(op, &l)
	if err != nil {
		return leak, false, 0, err
	}
	given, err := rows.PrepareHits(op, hits)
	if err != nil {
		return leak, false, 0, err
	}
	err = s.leaking(ctx, op, func(tx pgx.Tx) error {
		unknown, err := freshHits(ctx, tx, given)
		if err != nil {
			return err
		}
		if len(unknown) == 0 {
			leak, _, err = oneLeak(ctx, tx, rows.SelectLeakOfHit, given[0].Source, given[0].Event)
			return err
		}
		found := false
		if leak, found, err = oneLeak(ctx, tx, rows.SelectLeakOf, l.Subject); err != nil {
			return err
		}
		if !found {
			tag, err := tx.Exec(ctx, rows.InsertLeak, l.ID, l.Subject, string(l.Key), body)
			if err != nil {
				return err
			}
			if tag.RowsAffected() == 0 {
				return rows.LeakExists(op, l.ID)
			}
			leak, opened = l, true
		}
		fresh = len(unknown)
		leak.Hits += fresh
		return insertHits(ctx, tx, leak.ID, unknown)
	})
	if err != nil {
		return registry.Leak{}, false, 0, err
	}
	return leak, opened, fresh, nil
}

// leaking runs do in one transaction while nobody else records anything of leaks.
func (s *Store) leaking(ctx context.Context, op string, do func(pgx.Tx) error) error {
	return translate(ctx, op, s.inTurn(ctx, leaksLock, do))
}

// oneLeak reads one, if there is one.
func oneLeak(ctx context.Context, q querier, query string, args ...any) (leak registry.Leak, found bool, err error) {
	stored, err := gather(ctx, q, scanLeak, query, args...)
	if err != nil || len(stored) == 0 {
		return registry.Leak{}, false, err
	}
	return stored[0].Leak, true, nil
}

// Leak implements [registry.Leaks].
func (s *Store) Leak(ctx context.Context, id string) (registry.Leak, error) {
	const op = "postgres: leak"
	leak, found, err := oneLeak(ctx, s.pool, rows.SelectLeak, id)
	if err == nil && !found {
		err = rows.NoLeak(op, id)
	}
	return leak, translate(ctx, op, err)
}

// SaveLeak implements [registry.Leaks].
func (s *Store) SaveLeak(ctx context.Context, l registry.Leak) (saved registry.Leak, err error) {
	const op = "postgres: save leak"
	err = s.leaking(ctx, op, func(tx pgx.Tx) error {
		stored, found, err := oneLeak(ctx, tx, rows.SelectLeak, l.ID)
		if err == nil && !found {
			err = rows.NoLeak(op, l.ID)
		}
		if err != nil {
			return err
		}
		if saved, err = rows.SuccessiveLeak(op, stored, l); err != nil {
			return err
		}
		body, err := rows.EncodeLeak(op, &saved)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, rows.UpdateLeak, l.ID, string(saved.State), string(saved.Key), body, l.Revision)
		return err
	})
	if err != nil {
		return registry.Leak{}, err
	}
	return saved, nil
}

// Leaks implements [registry.Leaks].
func (s *Store) Leaks(ctx context.Context, f registry.LeakFilter) iter.Seq2[registry.Leak, error] {
	const op = "postgres: leaks"
	return rows.Leaks(ctx, f, func(query string, args []any) ([]rows.StoredLeak, error) {
		found, err := gather(ctx, s.pool, scanLeak, query, args...)
		return found, translate(ctx, op, err)
	})
}

func scanLeak(row pgx.CollectableRow) (rows.StoredLeak, error) {
	var seq, revision int64
	var hits int
	var body string
	if err := row.Scan(&seq, &hits, &revision, &body); err != nil {
		return rows.StoredLeak{}, err
	}
	return rows.DecodeLeak("postgres: leak", seq, hits, revision, body)
}
