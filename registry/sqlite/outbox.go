package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/registry/rows"
)

const (
	selectDue = `SELECT n.seq, n.id, n.audience, n.urgent, n.attempts,
	e.id, e.key_id, e.what, e.actor, e.reason, e.detail, e.at, k.revision, k.body
FROM (SELECT * FROM notices WHERE not_before <= $1 ORDER BY urgent DESC, at, seq LIMIT $2) AS n
JOIN events AS e ON e.id = n.event_id JOIN keys AS k ON k.key_id = e.key_id
ORDER BY n.urgent DESC, n.at, n.seq`
	holdNotice    = "UPDATE notices SET not_before = $2, attempts = attempts + 1 WHERE seq = $1"
	settleNotices = "DELETE FROM notices WHERE id IN (SELECT value FROM json_each($1))"
	deferNotices  = "UPDATE notices SET not_before = $2 WHERE id IN (SELECT value FROM json_each($1))"
)

// ClaimNotices implements [registry.Outbox].
func (s *Store) ClaimNotices(ctx context.Context, now time.Time, lease time.Duration, limit int) ([]registry.Notice, error) {
	const op = "sqlite: claim notices"
	if err := rows.CheckClaim(op, lease, limit); err != nil {
		return nil, err
	}
	var claimed []rows.Claimed
	err := s.transact(ctx, op, func(tx *sql.Tx) error {
		var held []int64
		var err error
		claimed, err = collect(ctx, op, tx, selectDue, []any{moment(&now), limit}, func(answer *sql.Rows) (rows.Claimed, error) {
			seq, c, err := scanClaimed(answer)
			held = append(held, seq)
			return c, err
		})
		if err != nil || len(held) == 0 {
			return err
		}
		hold, err := tx.PrepareContext(ctx, holdNotice)
		if err != nil {
			return err
		}
		until := now.Add(lease)
		for _, seq := range held {
			if _, err := hold.ExecContext(ctx, seq, moment(&until)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return rows.Notices(op, claimed)
}

func scanClaimed(answer *sql.Rows) (seq int64, c rows.Claimed, err error) {
	n, e, at := &c.Notice, &c.Notice.Event, instant{}
	err = answer.Scan(&seq, &n.ID, &n.To, &n.Urgent, &n.Attempts,
		&e.ID, &e.Key, &e.What, &e.Actor, &e.Reason, &e.Detail, &at, &c.Revision, &c.Body)
	e.At = at.Time
	return seq, c, err
}

// SettleNotices implements [registry.Outbox].
func (s *Store) SettleNotices(ctx context.Context, ids []string) error {
	return s.withNotices(ctx, "sqlite: settle notices", settleNotices, ids)
}

// DeferNotices implements [registry.Outbox].
func (s *Store) DeferNotices(ctx context.Context, ids []string, at time.Time) error {
	return s.withNotices(ctx, "sqlite: defer notices", deferNotices, ids, moment(&at))
}

// withNotices runs a statement on the notices of ids, its first argument.
func (s *Store) withNotices(ctx context.Context, op, statement string, ids []string, args ...any) error {
	if err := ctx.Err(); err != nil || len(ids) == 0 {
		return err
	}
	list, err := json.Marshal(ids)
	if err != nil {
		return keyturn.Errorf(keyturn.Invalid, op, "the ids of the notices cannot be written as JSON")
	}
	return s.transact(ctx, op, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, statement, append([]any{string(list)}, args...)...)
		return err
	})
}

// DropNotices implements [registry.Outbox].
func (s *Store) DropNotices(ctx context.Context, before time.Time) (dropped int, err error) {
	err = s.transact(ctx, "sqlite: drop notices", func(tx *sql.Tx) (err error) {
		dropped, err = affected(tx.ExecContext(ctx, "DELETE FROM notices WHERE at < $1", moment(&before)))
		return err
	})
	return dropped, err
}

// CountNotices implements [registry.Outbox].
func (s *Store) CountNotices(ctx context.Context) (waiting int, oldest time.Time, err error) {
	var at instant
	if err := s.read.QueryRowContext(ctx, "SELECT count(*), min(at) FROM notices").Scan(&waiting, &at); err != nil {
		return 0, time.Time{}, translate(ctx, "sqlite: count notices", err)
	}
	return waiting, at.Time, nil
}
