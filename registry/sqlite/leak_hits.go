package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"iter"

	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/registry/rows"
)

const (
	// selectKnown is a CROSS JOIN, which SQLite takes in the order it is written in.
	selectKnown = "SELECT source, event FROM json_each($1) AS given CROSS JOIN leak_hits ON source = given.value->>'Source' AND event = given.value->>'Event'"
	insertHit   = "INSERT INTO leak_hits (leak, source, event, body) VALUES ($1, $2, $3, $4)"
	insertUse   = "INSERT INTO leak_uses (leak, id, at, body) VALUES ($1, $2, $3, $4) ON CONFLICT (leak, id) DO UPDATE SET at = excluded.at, body = excluded.body"
)

// freshHits are those that were not recorded before.
func freshHits(ctx context.Context, op string, tx *sql.Tx, hits []rows.Hit) ([]rows.Hit, error) {
	names := make([]rows.HitName, len(hits))
	for i, h := range hits {
		names[i] = h.HitName
	}
	list, err := json.Marshal(names)
	if err != nil {
		return nil, err
	}
	known, err := collect(ctx, op, tx, selectKnown, []any{string(list)}, func(answer *sql.Rows) (n rows.HitName, err error) {
		err = answer.Scan(&n.Source, &n.Event)
		return n, err
	})
	return rows.FreshHits(hits, known), err
}

func insertHits(ctx context.Context, tx *sql.Tx, leak string, hits []rows.Hit) error {
	insert, err := tx.PrepareContext(ctx, insertHit)
	if err != nil {
		return err
	}
	for _, h := range hits {
		if _, err := insert.ExecContext(ctx, leak, h.Source, h.Event, h.Body); err != nil {
			return err
		}
	}
	_, err = tx.ExecContext(ctx, rows.CountHits, leak, len(hits))
	return err
}

// LeakHits implements [registry.Leaks].
func (s *Store) LeakHits(ctx context.Context, id string) iter.Seq2[registry.LeakHit, error] {
	const op = "sqlite: leak hits"
	return rows.LeakHits(ctx, func(after int64) ([]rows.StoredHit, error) {
		return collect(ctx, op, s.read, rows.SelectHits, []any{id, after}, func(answer *sql.Rows) (rows.StoredHit, error) {
			var seq int64
			var body string
			if err := answer.Scan(&seq, &body); err != nil {
				return rows.StoredHit{}, err
			}
			return rows.DecodeHit(op, seq, body)
		})
	})
}

// AddLeakUses implements [registry.Leaks].
func (s *Store) AddLeakUses(ctx context.Context, id string, uses []registry.LeakUse) error {
	const op = "sqlite: add leak uses"
	if err := ctx.Err(); err != nil || len(uses) == 0 {
		return err
	}
	given, err := rows.PrepareUses(op, id, uses)
	if err != nil {
		return err
	}
	return s.transact(ctx, op, func(tx *sql.Tx) error {
		if _, found, err := oneLeak(ctx, op, tx, rows.SelectLeak, id); err != nil || !found {
			if err == nil {
				err = rows.NoLeak(op, id)
			}
			return err
		}
		insert, err := tx.PrepareContext(ctx, insertUse)
		if err != nil {
			return err
		}
		for _, u := range given {
			if _, err := insert.ExecContext(ctx, id, u.ID, moment(&u.At), u.Body); err != nil {
				return err
			}
		}
		return nil
	})
}

// LeakUses implements [registry.Leaks].
func (s *Store) LeakUses(ctx context.Context, id string) iter.Seq2[registry.LeakUse, error] {
	const op = "sqlite: leak uses"
	return rows.LeakUses(ctx, func(after registry.LeakUse) ([]registry.LeakUse, error) {
		return collect(ctx, op, s.read, rows.SelectUses, []any{id, moment(&after.At), after.ID}, func(answer *sql.Rows) (registry.LeakUse, error) {
			var body string
			if err := answer.Scan(&body); err != nil {
				return registry.LeakUse{}, err
			}
			return rows.DecodeUse(op, body)
		})
	})
}
