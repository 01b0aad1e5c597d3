package postgres

import (
	"context"
	"iter"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/registry/rows"
)

const (
	// selectKnown joins for the reason that countOpen does.
	selectKnown = "SELECT source, event FROM unnest($1::text[], $2::text[]) AS given (source, event) JOIN leak_hits USING (source, event)"
	// insertHit keeps the order in which they are given.
	insertHit = "INSERT INTO leak_hits (leak, source, event, body) SELECT $1, source, event, body " +
		"FROM unnest($2::text[], $3::text[], $4::text[]) WITH ORDINALITY AS given (source, event, body, place) ORDER BY place"
	insertUse = "INSERT INTO leak_uses (leak, id, at, body) SELECT $1, id, at, body " +
		"FROM unnest($2::text[], $3::timestamptz[], $4::text[]) AS given (id, at, body) ON CONFLICT (leak, id) DO UPDATE SET at = excluded.at, body = excluded.body"
)

// freshHits are those that were not recorded before.
func freshHits(ctx context.Context, tx pgx.Tx, hits []rows.Hit) ([]rows.Hit, error) {
	sources, events, _ := hitColumns(hits)
	known, err := gather(ctx, tx, pgx.RowToStructByPos[rows.HitName], selectKnown, sources, events)
	return rows.FreshHits(hits, known), err
}

func insertHits(ctx context.Context, tx pgx.Tx, leak string, hits []rows.Hit) error {
	sources, events, bodies := hitColumns(hits)
	if _, err := tx.Exec(ctx, insertHit, leak, sources, events, bodies); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, rows.CountHits, leak, len(hits))
	return err
}

func hitColumns(hits []rows.Hit) (sources, events, bodies []string) {
	for _, h := range hits {
		sources, events, bodies = append(sources, h.Source), append(events, h.Event), append(bodies, h.Body)
	}
	return sources, events, bodies
}

// LeakHits implements [registry.Leaks].
func (s *Store) LeakHits(ctx context.Context, id string) iter.Seq2[registry.LeakHit, error] {
	const op = "postgres: leak hits"
	return rows.LeakHits(ctx, func(after int64) ([]rows.StoredHit, error) {
		found, err := gather(ctx, s.pool, func(row pgx.CollectableRow) (rows.StoredHit, error) {
			var seq int64
			var body string
			if err := row.Scan(&seq, &body); err != nil {
				return rows.StoredHit{}, err
			}
			return rows.DecodeHit(op, seq, body)
		}, rows.SelectHits, id, after)
		return found, translate(ctx, op, err)
	})
}

// AddLeakUses implements [registry.Leaks].
func (s *Store) AddLeakUses(ctx context.Context, id string, uses []registry.LeakUse) error {
	const op = "postgres: add leak uses"
	if err := ctx.Err(); err != nil || len(uses) == 0 {
		return err
	}
	given, err := rows.PrepareUses(op, id, uses)
	if err != nil {
		return err
	}
	ids, times, bodies := make([]string, len(given)), make([]time.Time, len(given)), make([]string, len(given))
	for i, u := range given {
		ids[i], times[i], bodies[i] = u.ID, u.At, u.Body
	}
	return s.leaking(ctx, op, func(tx pgx.Tx) error {
		if _, found, err := oneLeak(ctx, tx, rows.SelectLeak, id); err != nil || !found {
			if err == nil {
				err = rows.NoLeak(op, id)
			}
			return err
		}
		_, err := tx.Exec(ctx, insertUse, id, ids, times, bodies)
		return err
	})
}

// LeakUses implements [registry.Leaks].
func (s *Store) LeakUses(ctx context.Context, id string) iter.Seq2[registry.LeakUse, error] {
	const op = "postgres: leak uses"
	return rows.LeakUses(ctx, func(after registry.LeakUse) ([]registry.LeakUse, error) {
		found, err := gather(ctx, s.pool, func(row pgx.CollectableRow) (registry.LeakUse, error) {
			var body string
			if err := row.Scan(&body); err != nil {
				return registry.LeakUse{}, err
			}
			return rows.DecodeUse(op, body)
		}, rows.SelectUses, id, after.At, after.ID)
		return found, translate(ctx, op, err)
	})
}
