package sqlite

import (
	"context"
	"database/sql"
	"iter"

	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/registry/rows"
)

// Leaked implements [registry.Leaks].
func (s *Store) Leaked(ctx context.Context, l registry.Leak, hits []registry.LeakHit) (leak registry.Leak, opened bool, fresh int, err error) {
	const op = "sqlite: leaked"
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
	err = s.transact(ctx, op, func(tx *sql.Tx) error {
		unknown, err := freshHits(ctx, op, tx, given)
		if err != nil {
			return err
		}
		if len(unknown) == 0 {
			leak, _, err = oneLeak(ctx, op, tx, rows.SelectLeakOfHit, given[0].Source, given[0].Event)
			return err
		}
		found := false
		if leak, found, err = oneLeak(ctx, op, tx, rows.SelectLeakOf, l.Subject); err != nil {
			return err
		}
		if !found {
			n, err := affected(tx.ExecContext(ctx, rows.InsertLeak, l.ID, l.Subject, string(l.Key), body))
			if err != nil {
				return err
			}
			if n == 0 {
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

// oneLeak reads one, if there is one.
func oneLeak(ctx context.Context, op string, q querier, query string, args ...any) (leak registry.Leak, found bool, err error) {
	stored, err := collect(ctx, op, q, query, args, scanLeak(op))
	if err != nil || len(stored) == 0 {
		return registry.Leak{}, false, err
	}
	return stored[0].Leak, true, nil
}

// Leak implements [registry.Leaks].
func (s *Store) Leak(ctx context.Context, id string) (registry.Leak, error) {
	const op = "sqlite: leak"
	leak, found, err := oneLeak(ctx, op, s.read, rows.SelectLeak, id)
	if err == nil && !found {
		err = rows.NoLeak(op, id)
	}
	return leak, err
}

// SaveLeak implements [registry.Leaks].
func (s *Store) SaveLeak(ctx context.Context, l registry.Leak) (saved registry.Leak, err error) {
	const op = "sqlite: save leak"
	err = s.transact(ctx, op, func(tx *sql.Tx) error {
		stored, found, err := oneLeak(ctx, op, tx, rows.SelectLeak, l.ID)
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
		_, err = tx.ExecContext(ctx, rows.UpdateLeak, l.ID, string(saved.State), string(saved.Key), body, l.Revision)
		return err
	})
	if err != nil {
		return registry.Leak{}, err
	}
	return saved, nil
}

// Leaks implements [registry.Leaks].
func (s *Store) Leaks(ctx context.Context, f registry.LeakFilter) iter.Seq2[registry.Leak, error] {
	const op = "sqlite: leaks"
	return rows.Leaks(ctx, f, func(query string, args []any) ([]rows.StoredLeak, error) {
		return collect(ctx, op, s.read, query, args, scanLeak(op))
	})
}

func scanLeak(op string) func(*sql.Rows) (rows.StoredLeak, error) {
	return func(answer *sql.Rows) (rows.StoredLeak, error) {
		var seq, revision int64
		var hits int
		var body string
		if err := answer.Scan(&seq, &hits, &revision, &body); err != nil {
			return rows.StoredLeak{}, err
		}
		return rows.DecodeLeak(op, seq, hits, revision, body)
	}
}
