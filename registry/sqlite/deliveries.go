package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/keyturn/keyturn/registry/rows"
)

const (
	insertDelivery = "INSERT INTO deliveries (source, id, at) VALUES ($1, $2, $3) " +
		"ON CONFLICT (source, id) DO UPDATE SET at = max(deliveries.at, excluded.at)"
	pruneDeliveries = "DELETE FROM deliveries WHERE (source, id) IN (SELECT source, id FROM deliveries WHERE at < $1 ORDER BY at LIMIT $2)"
)

// Delivered implements [registry.Deliveries].
func (s *Store) Delivered(ctx context.Context, source, id string) (seen bool, err error) {
	const op = "sqlite: delivered"
	if err := rows.CheckDelivery(op, source, id); err != nil {
		return false, err
	}
	err = s.read.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM deliveries WHERE source = $1 AND id = $2)", source, id).Scan(&seen)
	return seen, translate(ctx, op, err)
}

// RecordDelivery implements [registry.Deliveries]. It forgets old deliveries
// last, so that this one is not among them.
func (s *Store) RecordDelivery(ctx context.Context, source, id string, at time.Time) error {
	const op = "sqlite: record delivery"
	if err := rows.CheckDelivery(op, source, id); err != nil {
		return err
	}
	return s.transact(ctx, op, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, insertDelivery, source, id, moment(&at)); err != nil {
			return err
		}
		before := at.Add(-rows.KeepDeliveries)
		_, err := tx.ExecContext(ctx, pruneDeliveries, moment(&before), rows.PruneDeliveries)
		return err
	})
}
