package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/registry/rows"
)

// largeBatch is how many keys a batch has whose size the server is to know at
// once. Until it learns of it by itself, it takes every batch for a small one, and
// reads the whole of it for each few keys.
const largeBatch = 10_000

const (
	insertBatchKeys = `INSERT INTO batch_keys (batch, key_id, provider, account, state, at)
SELECT $1, keys.key_id, provider, account, '` + string(registry.BatchWaiting) + `', $3::timestamptz
FROM unnest($2::text[]) AS given (id) JOIN keys ON keys.key_id = given.id`
	selectMissing = "SELECT min(id) FROM unnest($1::text[]) AS given (id) WHERE NOT EXISTS (SELECT 1 FROM keys WHERE key_id = id)"
)

// AddBatch implements [registry.Batches].
func (s *Store) AddBatch(ctx context.Context, b registry.Batch, keys []keyturn.KeyID) error {
	const op = "postgres: add batch"
	b, ids, err := rows.PrepareBatch(op, b, keys)
	if err != nil {
		return err
	}
	return translate(ctx, op, pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, rows.InsertBatch, b.ID, b.Selector, b.Reason, b.Note, b.Actor, b.Now, int64(b.Overlap), b.Urgent, b.At, b.Keys)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return rows.BatchExists(op, b.ID)
		}
		if tag, err = tx.Exec(ctx, insertBatchKeys, b.ID, ids, b.At); err != nil {
			return err
		}
		if int(tag.RowsAffected()) == len(ids) {
			if len(ids) >= largeBatch { // a login that does not own the table may not, which is only a warning
				_, err = tx.Exec(ctx, "ANALYZE (SKIP_LOCKED) batch_keys")
			}
			return err
		}
		var missing string
		if err := tx.QueryRow(ctx, selectMissing, ids).Scan(&missing); err != nil {
			return err
		}
		return rows.NoKeyForBatch(op, b.ID, missing)
	}))
}

// Batch implements [registry.Batches].
func (s *Store) Batch(ctx context.Context, id string) (registry.Batch, error) {
	const op = "postgres: batch"
	found, err := s.batches(ctx, op, rows.SelectBatch, id)
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
	const op = "postgres: batches"
	if err := rows.CheckNumber(op, "batches", n); err != nil {
		return nil, err
	}
	return s.batches(ctx, op, rows.SelectBatches, n)
}

func (s *Store) batches(ctx context.Context, op, query string, arg any) ([]registry.Batch, error) {
	answer, err := s.pool.Query(ctx, query, arg)
	if err != nil {
		return nil, translate(ctx, op, err)
	}
	found, err := pgx.CollectRows(answer, scanBatch)
	return found, translate(ctx, op, err)
}

func scanBatch(row pgx.CollectableRow) (b registry.Batch, err error) {
	err = row.Scan(&b.ID, &b.Selector, &b.Reason, &b.Note, &b.Actor, &b.Now, (*int64)(&b.Overlap), &b.Urgent, &b.At, &b.Keys)
	b.At = b.At.UTC()
	return b, err
}
