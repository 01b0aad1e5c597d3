package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/keyturn/keyturn/registry/rows"
)

const (
	insertDelivery = `INSERT INTO deliveries (source, id, at) VALUES ($1, $2, $3)
ON CONFLICT (source, id) DO UPDATE SET at = greatest(deliveries.at, excluded.at)`

	// Workers that prune at the same time step over each other's rows.
	pruneDeliveries = `WITH old AS MATERIALIZED (
	SELECT source, id FROM deliveries WHERE at < $1 ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED
)
DELETE FROM deliveries USING old WHERE deliveries.source = old.source AND deliveries.id = old.id`
)

// Delivered implements [registry.Deliveries].
func (s *Store) Delivered(ctx context.Context, source, id string) (seen bool, err error) {
	const op = "postgres: delivered"
	if err := rows.CheckDelivery(op, source, id); err != nil {
		return false, err
	}
	err = s.pool.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM deliveries WHERE source = $1 AND id = $2)", source, id).Scan(&seen)
	return seen, translate(ctx, op, err)
}

// RecordDelivery implements [registry.Deliveries]. It forgets old deliveries
// last, so that this one is not among them, and so that nothing is waited for
// once rows are locked. Both statements travel together and are one transaction.
func (s *Store) RecordDelivery(ctx context.Context, source, id string, at time.Time) error {
	const op = "postgres: record delivery"
	if err := rows.CheckDelivery(op, source, id); err != nil {
		return err
	}
	batch := &pgx.Batch{}
	batch.Queue(insertDelivery, source, id, at)
	batch.Queue(pruneDeliveries, at.Add(-rows.KeepDeliveries), rows.PruneDeliveries)
	return translate(ctx, op, s.pool.SendBatch(ctx, batch).Close())
}
