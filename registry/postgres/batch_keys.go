package postgres

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/registry/rows"
)

const (
	// moveBatch is a part of the statement of a change that ends an operation of a
	// batch. Its arguments are the batch, the state and why.
	moveBatch = `, moved AS (
	UPDATE batch_keys SET state = $%[2]d::text, why = $%[3]d::text, at = recorded.at FROM recorded
	WHERE batch = $%[1]d::text AND key_id = $1::text AND ` + rows.MayEnd + `
)`
	selectNotInBatch = `SELECT id FROM unnest($2::text[]) AS given (id)
WHERE NOT EXISTS (SELECT 1 FROM batch_keys WHERE batch = $1 AND key_id = id) ORDER BY id LIMIT 1`
)

// Rows are locked in the order of their keys, so that two calls for the same keys
// cannot wait for each other in a circle.
var markBatch = fmt.Sprintf(`WITH mine AS MATERIALIZED (
	SELECT key_id, becomes, because, since
	FROM unnest($2::text[], $3::text[], $4::text[], $5::timestamptz[]) AS given (id, becomes, because, since)
	JOIN batch_keys ON batch = $1 AND key_id = id
	ORDER BY key_id FOR UPDATE OF batch_keys
)
UPDATE batch_keys SET state = becomes, why = because, at = since FROM mine
WHERE batch = $1 AND batch_keys.key_id = mine.key_id AND `+rows.MayMark, "becomes")

// MarkBatch implements [registry.Batches]. A batch never gets or loses a key, so
// it is enough to look for strangers first.
func (s *Store) MarkBatch(ctx context.Context, id string, keys []registry.BatchKey) error {
	const op = "postgres: mark batch"
	if err := ctx.Err(); err != nil || len(keys) == 0 {
		return err
	}
	keys, err := rows.PrepareMarks(op, id, keys)
	if err != nil {
		return err
	}
	ids, states, whys, times := make([]string, len(keys)), make([]string, len(keys)), make([]string, len(keys)), make([]time.Time, len(keys))
	for i, k := range keys {
		ids[i], states[i], whys[i], times[i] = string(k.Key), string(k.State), k.Why, k.At
	}
	var stranger string
	switch err := s.pool.QueryRow(ctx, selectNotInBatch, id, ids).Scan(&stranger); {
	case err == nil:
		return rows.NotInBatch(op, id, stranger)
	case !isNoRows(err):
		return translate(ctx, op, err)
	}
	_, err = s.pool.Exec(ctx, markBatch, id, ids, states, whys, times)
	return translate(ctx, op, err)
}

// BatchKeys implements [registry.Batches].
func (s *Store) BatchKeys(ctx context.Context, id string, state registry.BatchState, after keyturn.KeyID) iter.Seq2[registry.BatchKey, error] {
	const op = "postgres: batch keys"
	return rows.BatchKeys(ctx, after, func(after keyturn.KeyID) ([]registry.BatchKey, error) {
		query, args := rows.SelectBatchKeys(id, state, after)
		answer, err := s.pool.Query(ctx, query, args...)
		if err != nil {
			return nil, translate(ctx, op, err)
		}
		keys, err := pgx.CollectRows(answer, func(row pgx.CollectableRow) (k registry.BatchKey, err error) {
			err = row.Scan(&k.Key, &k.Issuer.Provider, &k.Issuer.Account, &k.State, &k.Why, &k.At)
			k.At = k.At.UTC()
			return k, err
		})
		return keys, translate(ctx, op, err)
	})
}

// BatchProgress implements [registry.Batches].
func (s *Store) BatchProgress(ctx context.Context, id string) ([]registry.BatchProgress, error) {
	const op = "postgres: batch progress"
	answer, err := s.pool.Query(ctx, rows.SelectProgress, id)
	if err != nil {
		return nil, translate(ctx, op, err)
	}
	counts, err := pgx.CollectRows(answer, func(row pgx.CollectableRow) (c rows.StateCount, err error) {
		err = row.Scan(&c.Issuer.Provider, &c.Issuer.Account, &c.State, &c.Keys)
		return c, err
	})
	if err != nil {
		return nil, translate(ctx, op, err)
	}
	return rows.Progress(counts), nil
}
