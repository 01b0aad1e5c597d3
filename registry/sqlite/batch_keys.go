package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"iter"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/registry/rows"
)

const (
	changeBatchKey = "UPDATE batch_keys SET state = $3, why = $4, at = $5 WHERE batch = $1 AND key_id = $2 AND "
	endInBatch     = changeBatchKey + rows.MayEnd
	selectInBatch  = "SELECT EXISTS (SELECT 1 FROM batch_keys WHERE batch = $1 AND key_id = $2)"
)

var markBatch = fmt.Sprintf(changeBatchKey+rows.MayMark, "$3")

// moveBatch moves the batch of a change that ends an operation of one.
func (w *writer) moveBatch(ctx context.Context, c rows.Change) error {
	state, why, ok := c.EndInBatch()
	if !ok {
		return nil
	}
	_, err := w.tx.ExecContext(ctx, endInBatch, c.Event.Batch, string(c.Key.ID), string(state), why, moment(&c.Event.At))
	return err
}

// MarkBatch implements [registry.Batches].
func (s *Store) MarkBatch(ctx context.Context, id string, keys []registry.BatchKey) error {
	const op = "sqlite: mark batch"
	if err := ctx.Err(); err != nil || len(keys) == 0 {
		return err
	}
	keys, err := rows.PrepareMarks(op, id, keys)
	if err != nil {
		return err
	}
	return s.transact(ctx, op, func(tx *sql.Tx) error {
		mark, err := tx.PrepareContext(ctx, markBatch)
		if err != nil {
			return err
		}
		for _, k := range keys {
			n, err := affected(mark.ExecContext(ctx, id, string(k.Key), string(k.State), k.Why, moment(&k.At)))
			if err != nil {
				return err
			}
			if n > 0 {
				continue
			}
			var known bool
			if err := tx.QueryRowContext(ctx, selectInBatch, id, string(k.Key)).Scan(&known); err != nil {
				return err
			}
			if !known {
				return rows.NotInBatch(op, id, string(k.Key))
			}
		}
		return nil
	})
}

// BatchKeys implements [registry.Batches].
func (s *Store) BatchKeys(ctx context.Context, id string, state registry.BatchState, after keyturn.KeyID) iter.Seq2[registry.BatchKey, error] {
	return rows.BatchKeys(ctx, after, func(after keyturn.KeyID) ([]registry.BatchKey, error) {
		query, args := rows.SelectBatchKeys(id, state, after)
		return collect(ctx, "sqlite: batch keys", s.read, query, args, func(answer *sql.Rows) (k registry.BatchKey, err error) {
			var at instant
			err = answer.Scan(&k.Key, &k.Issuer.Provider, &k.Issuer.Account, &k.State, &k.Why, &at)
			k.At = at.Time
			return k, err
		})
	})
}

// BatchProgress implements [registry.Batches].
func (s *Store) BatchProgress(ctx context.Context, id string) ([]registry.BatchProgress, error) {
	counts, err := collect(ctx, "sqlite: batch progress", s.read, rows.SelectProgress, []any{id}, func(answer *sql.Rows) (c rows.StateCount, err error) {
		err = answer.Scan(&c.Issuer.Provider, &c.Issuer.Account, &c.State, &c.Keys)
		return c, err
	})
	if err != nil {
		return nil, err
	}
	return rows.Progress(counts), nil
}
