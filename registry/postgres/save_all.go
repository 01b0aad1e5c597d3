package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/registry/rows"
)

// bulkChunk is how many statements travel together.
const bulkChunk = 1000

// SaveAll implements [registry.Store].
func (s *Store) SaveAll(ctx context.Context, changes []registry.Change) error {
	const op = "postgres: save all"
	if err := ctx.Err(); err != nil || len(changes) == 0 {
		return err
	}
	tx, err := s.pool.Begin(ctx)
	if err != nil {
		return translate(ctx, op, err)
	}
	defer func() { _ = tx.Rollback(ctx) }() // nothing to undo once committed
	if _, err := tx.Exec(ctx, takeTurn, int64(bulkLock)); err != nil {
		return translate(ctx, op, err)
	}
	var unwritten []rows.Change
	for start := 0; start < len(changes); start += bulkChunk {
		skipped, broken, err := s.saveChunk(ctx, tx, op, changes[start:min(start+bulkChunk, len(changes))])
		if broken != nil {
			// The transaction is void: look from outside it.
			_ = tx.Rollback(ctx)
			return translate(ctx, op, rows.Clash(ctx, s.queryRow, op, *broken, brokenConstraint(err)))
		}
		if err != nil {
			return translate(ctx, op, err)
		}
		unwritten = append(unwritten, skipped...)
	}
	if err := s.checkUnwritten(ctx, tx, op, unwritten); err != nil {
		return translate(ctx, op, err)
	}
	return translate(ctx, op, tx.Commit(ctx))
}

// saveChunk sends changes in one go, in order. It returns those that wrote
// nothing, and on a broken constraint the change that broke it.
func (s *Store) saveChunk(ctx context.Context, tx pgx.Tx, op string, changes []registry.Change) (skipped []rows.Change, broken *rows.Change, err error) {
	batch := &pgx.Batch{}
	prepared := make([]rows.Change, len(changes))
	for i, change := range changes {
		if prepared[i], err = rows.Prepare(op, change.Key, change.Event); err != nil {
			return nil, nil, err
		}
		query, args := statement(&prepared[i])
		batch.Queue(query, args...)
	}
	results := tx.SendBatch(ctx, batch)
	defer func() { _ = results.Close() }()
	for i := range prepared {
		var written int
		if err := results.QueryRow().Scan(&written); err != nil {
			if brokenConstraint(err) != "" {
				return nil, &prepared[i], err
			}
			return nil, nil, err
		}
		if written == 0 {
			skipped = append(skipped, prepared[i])
		}
	}
	return skipped, nil, results.Close()
}

// checkUnwritten accepts changes that wrote nothing because they had been
// written before, and refuses the first that had not.
func (s *Store) checkUnwritten(ctx context.Context, tx pgx.Tx, op string, unwritten []rows.Change) error {
	if len(unwritten) == 0 {
		return nil
	}
	ids := make([]string, len(unwritten))
	for i, c := range unwritten {
		ids[i] = c.Event.ID
	}
	answer, err := tx.Query(ctx, "SELECT id, key_id FROM events WHERE id = ANY($1)", ids)
	if err != nil {
		return err
	}
	seen := make(map[string]string, len(unwritten))
	var event, key string
	if _, err := pgx.ForEachRow(answer, []any{&event, &key}, func() error { seen[event] = key; return nil }); err != nil {
		return err
	}
	inside := func(ctx context.Context, query string, args ...any) rows.Scanner {
		return tx.QueryRow(ctx, query, args...)
	}
	for _, c := range unwritten {
		if seen[c.Event.ID] != string(c.Key.ID) {
			return rows.Clash(ctx, inside, op, c, "")
		}
	}
	return nil
}
