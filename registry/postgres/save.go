package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/registry/rows"
)

// Each change is one statement, so that it is one transaction and one round
// trip: it writes the key, its event and what goes with that, or, when the event
// is there already or the revision is not the stored one, nothing. It answers
// how many keys it wrote. Most changes are told to nobody and end no operation;
// their statements lack those parts, because a part that writes nothing takes
// its time too.
const (
	insertKey = `WITH written AS (
	INSERT INTO keys (` + rows.Columns + `, fingerprints)
	SELECT $1::text, $2::bigint, $3::text, $4::text, $5::text, $6::text, $7::text, $8::text, $9::text,
		$10::timestamptz, $11::timestamptz, $12::boolean, $13::boolean, $14::text, $15::jsonb, $16::text, $17::text[]
	WHERE NOT EXISTS (SELECT 1 FROM events WHERE id = $18::text)
	RETURNING key_id
)`
	updateKey = `WITH written AS (
	UPDATE keys SET revision = $2::bigint, provider = $3::text, account = $4::text, principal = $5::text,
		owner_team = $6::text, owner_person = $7::text, store = $8::text, path = $9::text,
		due_at = $10::timestamptz, retired_at = $11::timestamptz, busy = $12::boolean, exclusive = $13::boolean,
		ticket = $14::text, body = $15::jsonb, marked = $16::text, fingerprints = $17::text[], updated_at = now()
	WHERE key_id = $1::text AND revision = $2::bigint - 1 AND NOT EXISTS (SELECT 1 FROM events WHERE id = $18::text)
	RETURNING key_id
)`
	insertEvent = `, recorded AS (
	INSERT INTO events (id, key_id, what, actor, reason, detail, at)
	SELECT $18::text, key_id, $19::text, $20::text, $21::text, $22::text, $23::timestamptz FROM written
	RETURNING id, at
)`
	insertNotices = `, told AS (
	INSERT INTO notices (id, event_id, audience, urgent, at)
	SELECT recorded.id || '/' || audience, recorded.id, audience, $25::boolean, recorded.at
	FROM recorded, unnest($24::text[]) AS audience
)`
	countWritten = `
SELECT count(*) FROM written`
)

func statement(c *rows.Change) (string, []any) {
	e := c.Event
	args := append(c.Values(moment), c.Fingerprints, e.ID, e.What, e.Actor, e.Reason, e.Detail, e.At)
	query := updateKey + insertEvent
	if c.From == 0 {
		query = insertKey + insertEvent
	}
	if len(e.Tell) > 0 {
		query += insertNotices
		args = append(args, e.Tell, e.Urgent)
	}
	if c.LeavesOutcome() {
		args = append(args, moment(c.Began()))
		query += fmt.Sprintf(insertOutcome, len(args))
	}
	if state, why, ok := c.EndInBatch(); ok {
		n := len(args)
		query += fmt.Sprintf(moveBatch, n+1, n+2, n+3)
		args = append(args, e.Batch, string(state), why)
	}
	if len(c.Marks) > 0 {
		n := len(args)
		query += fmt.Sprintf(insertMarks, n+1, n+2, n+3)
		marks, generations, ids := markColumns(c.Marks)
		args = append(args, marks, generations, ids)
	}
	return query + countWritten, args
}

func moment(t *time.Time) any { return t }

// Save implements [registry.Store].
func (s *Store) Save(ctx context.Context, key keyturn.Key, event registry.Event) (keyturn.Key, error) {
	const op = "postgres: save"
	c, err := rows.Prepare(op, key, event)
	if err != nil {
		return keyturn.Key{}, err
	}
	query, args := statement(&c)
	var written int
	err = s.pool.QueryRow(ctx, query, args...).Scan(&written)
	if err == nil && written == 1 {
		return c.Key, nil
	}
	constraint := brokenConstraint(err)
	if err != nil && constraint == "" {
		return keyturn.Key{}, translate(ctx, op, err)
	}
	return s.settle(ctx, op, c, constraint)
}

// settle finds out why a change wrote nothing: because it was written before,
// which is a success, or because something stands in its way.
func (s *Store) settle(ctx context.Context, op string, c rows.Change, constraint string) (keyturn.Key, error) {
	owner, err := rows.Seen(ctx, s.queryRow, c.Event.ID)
	if err != nil {
		return keyturn.Key{}, translate(ctx, op, err)
	}
	if owner == c.Key.ID {
		return s.Get(ctx, c.Key.ID)
	}
	return keyturn.Key{}, translate(ctx, op, rows.Clash(ctx, s.queryRow, op, c, constraint))
}

func (s *Store) queryRow(ctx context.Context, query string, args ...any) rows.Scanner {
	return s.pool.QueryRow(ctx, query, args...)
}
