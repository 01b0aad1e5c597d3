package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/registry/rows"
)

const (
	insertBatchKeys = "INSERT INTO batch_keys (batch, key_id, provider, account, state, at) " +
		"SELECT $1, key_id, provider, account, '" + string(registry.BatchWaiting) + "', $3 " +
		"FROM json_each($2) AS given CROSS JOIN keys ON key_id = given.value"
	selectMissing = "SELECT min(given.value) FROM json_each($1) AS given WHERE NOT EXISTS (SELECT 1 FROM keys WHERE key_id = given.value)"
)

// AddBatch implements [registry.Batches].
func (s *Store) AddBatch(ctx context.Context, b registry.Batch, keys []keyturn.KeyID) error {
	const op = "sqlite: add batch"
	b, ids, err := rows.PrepareBatch(op, b, keys)
	if err != nil {
		return err
	}
	list, err := json.Marshal(ids)
	if err != nil {
		return err
	}
	return s.transact(ctx, op, func(tx *sql.Tx) error {
		n, err := affected(tx.ExecContext(ctx, rows.InsertBatch, b.ID, b.Selector, b.Reason, b.Note, b.Actor, b.Now, int64(b.Overlap), b.Urgent, moment(&b.At), b.Keys))
		if err != nil {
			return err
		}
		if n == 0 {
			return rows.BatchExists(op, b.ID)
		}
		if n, err = affected(tx.ExecContext(ctx, insertBatchKeys, b.ID, string(list), moment(&b.At))); err != nil || n == len(ids) {
			return err
		}
		var missing string
		if err := tx.QueryRowContext(ctx, selectMissing, string(list)).Scan(&missing); err != nil {
			return err
		}
		return rows.NoKeyForBatch(op, b.ID, missing)
	})
}

// Batch implements [registry.Batches].
func (s *Store) Batch(ctx context.Context, id string) (registry.Batch, error) {
	const op = "sqlite: batch"
	found, err := collect(ctx, op, s.read, rows.SelectBatch, []any{id}, scanBatch)
	if err == nil && len(found) == 0 {
		err = rows.NoBatch(op, id)
	}
	if err != nil {
		return registry.Batch{}, err
	}
	return found[0], nil
}

// Batches implements [registry.Batches].
func (s *Store) Batches(ctx context.Context, n int) ([]registry.Batch, error) {
	const op = "sqlite: batches"
	if err := rows.CheckNumber(op, "batches", n); err != nil {
		return nil, err
	}
	return collect(ctx, op, s.read, rows.SelectBatches, []any{n}, scanBatch)
}

func scanBatch(answer *sql.Rows) (b registry.Batch, err error) {
	var at instant
	err = answer.Scan(&b.ID, &b.Selector, &b.Reason, &b.Note, &b.Actor, &b.Now, (*int64)(&b.Overlap), &b.Urgent, &at, &b.Keys)
	b.At = at.Time
	return b, err
}
