package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/registry/rows"
)

// claimNotices steps over rows that are just being settled or put back. The limit
// is written in, because a plan made for any limit would read all of keys and
// events.
const claimNotices = `WITH next AS MATERIALIZED (
	SELECT seq FROM notices WHERE not_before <= $1::timestamptz
	ORDER BY urgent DESC, at, seq LIMIT %d FOR UPDATE SKIP LOCKED
), claimed AS (
	UPDATE notices SET not_before = $2::timestamptz, attempts = attempts + 1
	FROM next WHERE notices.seq = next.seq
	RETURNING notices.seq, notices.id, event_id, audience, urgent, at, attempts - 1 AS attempts
)
SELECT n.id, n.audience, n.urgent, n.attempts,
	e.id, e.key_id, e.what, e.actor, e.reason, e.detail, e.at, k.revision, k.body
FROM claimed AS n JOIN events AS e ON e.id = n.event_id JOIN keys AS k ON k.key_id = e.key_id
ORDER BY n.urgent DESC, n.at, n.seq`

// Rows are locked in the order of their ids, so that two calls with the same
// ids cannot wait for each other in a circle.
const (
	lockNotices   = "WITH mine AS MATERIALIZED (SELECT seq FROM notices WHERE id = ANY($1::text[]) ORDER BY id FOR UPDATE) "
	settleNotices = lockNotices + "DELETE FROM notices USING mine WHERE notices.seq = mine.seq"
	deferNotices  = lockNotices + "UPDATE notices SET not_before = $2::timestamptz FROM mine WHERE notices.seq = mine.seq"
)

// ClaimNotices implements [registry.Outbox].
func (s *Store) ClaimNotices(ctx context.Context, now time.Time, lease time.Duration, limit int) ([]registry.Notice, error) {
	const op = "postgres: claim notices"
	if err := rows.CheckClaim(op, lease, limit); err != nil {
		return nil, err
	}
	var claimed []rows.Claimed
	err := s.inTurn(ctx, claimLock, func(tx pgx.Tx) error {
		answer, err := tx.Query(ctx, fmt.Sprintf(claimNotices, limit), now, now.Add(lease))
		if err != nil {
			return err
		}
		claimed, err = pgx.CollectRows(answer, scanClaimed)
		return err
	})
	if err != nil {
		return nil, translate(ctx, op, err)
	}
	return rows.Notices(op, claimed)
}

func scanClaimed(row pgx.CollectableRow) (c rows.Claimed, err error) {
	n, e := &c.Notice, &c.Notice.Event
	err = row.Scan(&n.ID, &n.To, &n.Urgent, &n.Attempts,
		&e.ID, &e.Key, &e.What, &e.Actor, &e.Reason, &e.Detail, &e.At, &c.Revision, &c.Body)
	e.At = e.At.UTC()
	return c, err
}

// SettleNotices implements [registry.Outbox].
func (s *Store) SettleNotices(ctx context.Context, ids []string) error {
	return s.withNotices(ctx, "postgres: settle notices", settleNotices, ids)
}

// DeferNotices implements [registry.Outbox].
func (s *Store) DeferNotices(ctx context.Context, ids []string, at time.Time) error {
	return s.withNotices(ctx, "postgres: defer notices", deferNotices, ids, at)
}

// withNotices runs a statement on the notices of ids, its first argument.
func (s *Store) withNotices(ctx context.Context, op, statement string, ids []string, args ...any) error {
	if err := ctx.Err(); err != nil || len(ids) == 0 {
		return err
	}
	_, err := s.pool.Exec(ctx, statement, append([]any{ids}, args...)...)
	return translate(ctx, op, err)
}

// DropNotices implements [registry.Outbox].
func (s *Store) DropNotices(ctx context.Context, before time.Time) (int, error) {
	done, err := s.pool.Exec(ctx, "DELETE FROM notices WHERE at < $1", before)
	if err != nil {
		return 0, translate(ctx, "postgres: drop notices", err)
	}
	return int(done.RowsAffected()), nil
}

// CountNotices implements [registry.Outbox].
func (s *Store) CountNotices(ctx context.Context) (waiting int, oldest time.Time, err error) {
	var at *time.Time
	if err := s.pool.QueryRow(ctx, "SELECT count(*), min(at) FROM notices").Scan(&waiting, &at); err != nil {
		return 0, time.Time{}, translate(ctx, "postgres: count notices", err)
	}
	if at != nil {
		oldest = at.UTC()
	}
	return waiting, oldest, nil
}
