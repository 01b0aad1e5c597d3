package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/registry/rows"
)

const (
	insertKey = "INSERT INTO keys (" + rows.Columns + ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)"
	updateKey = "UPDATE keys SET revision = $2, provider = $3, account = $4, principal = $5, owner_team = $6, owner_person = $7, " +
		"store = $8, path = $9, due_at = $10, retired_at = $11, busy = $12, exclusive = $13, ticket = $14, body = $15, marked = $16 " +
		"WHERE key_id = $1 AND revision = $2 - 1"
	forgetFingerprints = "DELETE FROM fingerprints WHERE key_id = $1"
	insertFingerprint  = "INSERT INTO fingerprints (fingerprint, key_id) VALUES ($1, $2) ON CONFLICT DO NOTHING"
	insertEvent        = "INSERT INTO events (id, key_id, what, actor, reason, detail, at) VALUES ($1, $2, $3, $4, $5, $6, $7)"
	insertNotice       = "INSERT INTO notices (id, event_id, audience, urgent, at) VALUES ($1 || '/' || $2, $1, $2, $3, $4)"
	selectEvent        = "SELECT key_id FROM events WHERE id = $1"
)

// lockWait is how long a change waits for other processes' changes.
const lockWait = 30 * time.Second

// begin starts a transaction that may write. Waiting for another process is
// done here and not in SQLite, whose own wait does not notice a cancelled ctx.
func (s *Store) begin(ctx context.Context) (*sql.Tx, error) {
	for deadline := time.Now().Add(lockWait); ; {
		tx, err := s.write.BeginTx(ctx, nil)
		if err == nil || !isBusy(err) || time.Now().After(deadline) {
			return tx, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// Save implements [registry.Store].
func (s *Store) Save(ctx context.Context, key keyturn.Key, event registry.Event) (keyturn.Key, error) {
	const op = "sqlite: save"
	var stored keyturn.Key
	err := s.change(ctx, op, func(w *writer) (err error) {
		stored, err = w.save(ctx, op, key, event)
		return err
	})
	if err != nil {
		return keyturn.Key{}, err
	}
	return stored, nil
}

// SaveAll implements [registry.Store].
func (s *Store) SaveAll(ctx context.Context, changes []registry.Change) error {
	const op = "sqlite: save all"
	if err := ctx.Err(); err != nil || len(changes) == 0 {
		return err
	}
	return s.change(ctx, op, func(w *writer) error {
		for _, c := range changes {
			if _, err := w.save(ctx, op, c.Key, c.Event); err != nil {
				return err
			}
		}
		return nil
	})
}

// change runs do in one transaction.
func (s *Store) change(ctx context.Context, op string, do func(*writer) error) error {
	return s.transact(ctx, op, func(tx *sql.Tx) error {
		w, err := newWriter(ctx, tx)
		if err != nil {
			return err
		}
		return do(w)
	})
}

// transact runs do in one transaction, which is undone if do fails.
func (s *Store) transact(ctx context.Context, op string, do func(*sql.Tx) error) error {
	tx, err := s.begin(ctx)
	if err != nil {
		return translate(ctx, op, err)
	}
	defer func() { _ = tx.Rollback() }() // nothing to undo once committed
	if err := do(tx); err != nil {
		return translate(ctx, op, err)
	}
	return translate(ctx, op, tx.Commit())
}

// affected is how many rows a statement wrote.
func affected(result sql.Result, err error) (int, error) {
	if err != nil {
		return 0, err
	}
	n, err := result.RowsAffected()
	return int(n), err
}

// A writer is a transaction with the statements it repeats. They are closed
// with it.
type writer struct {
	tx                                                           *sql.Tx
	seen, insert, update, forget, fingerprint, mark, recordEvent *sql.Stmt
}

func newWriter(ctx context.Context, tx *sql.Tx) (*writer, error) {
	w := &writer{tx: tx}
	for _, s := range []struct {
		into  **sql.Stmt
		query string
	}{
		{&w.seen, selectEvent},
		{&w.insert, insertKey},
		{&w.update, updateKey},
		{&w.forget, forgetFingerprints},
		{&w.fingerprint, insertFingerprint},
		{&w.mark, insertMarks},
		{&w.recordEvent, insertEvent},
	} {
		var err error
		if *s.into, err = tx.PrepareContext(ctx, s.query); err != nil {
			return nil, err
		}
	}
	return w, nil
}

func (w *writer) queryRow(ctx context.Context, query string, args ...any) rows.Scanner {
	return w.tx.QueryRowContext(ctx, query, args...)
}

func (w *writer) save(ctx context.Context, op string, key keyturn.Key, event registry.Event) (keyturn.Key, error) {
	c, err := rows.Prepare(op, key, event)
	if err != nil {
		return keyturn.Key{}, err
	}
	seen := func(ctx context.Context, _ string, args ...any) rows.Scanner {
		return w.seen.QueryRowContext(ctx, args...)
	}
	switch owner, err := rows.Seen(ctx, seen, c.Event.ID); {
	case err != nil:
		return keyturn.Key{}, err
	case owner == c.Key.ID:
		return get(ctx, op, w.tx, c.Key.ID)
	case owner != "":
		return keyturn.Key{}, rows.Clash(ctx, w.queryRow, op, c, "")
	}
	if err := w.keepMarks(ctx, c); err != nil {
		return keyturn.Key{}, err
	}
	write := w.update
	if c.From == 0 {
		write = w.insert
	}
	n, err := affected(write.ExecContext(ctx, c.Values(moment)...))
	if isConstraint(err) || err == nil && n == 0 {
		return keyturn.Key{}, rows.Clash(ctx, w.queryRow, op, c, "")
	}
	if err != nil {
		return keyturn.Key{}, err
	}
	return c.Key, w.record(ctx, c)
}

// record writes what goes with a key that was just written.
func (w *writer) record(ctx context.Context, c rows.Change) error {
	id := string(c.Key.ID)
	if c.From != 0 {
		if _, err := w.forget.ExecContext(ctx, id); err != nil {
			return err
		}
	}
	for _, f := range c.Fingerprints {
		if _, err := w.fingerprint.ExecContext(ctx, f, id); err != nil {
			return err
		}
	}
	e := c.Event
	if _, err := w.recordEvent.ExecContext(ctx, e.ID, id, e.What, e.Actor, e.Reason, e.Detail, moment(&e.At)); err != nil {
		return err
	}
	for _, to := range e.Tell { // rare, so not among the prepared statements
		if _, err := w.tx.ExecContext(ctx, insertNotice, e.ID, string(to), e.Urgent, moment(&e.At)); err != nil {
			return err
		}
	}
	if !c.LeavesOutcome() {
		return nil
	}
	if err := w.end(ctx, c); err != nil {
		return err
	}
	return w.moveBatch(ctx, c)
}
