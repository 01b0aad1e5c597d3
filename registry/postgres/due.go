package postgres

import (
	"context"
	"iter"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/registry/rows"
)

// Due implements [registry.Fleet].
func (s *Store) Due(ctx context.Context, issuer keyturn.Issuer, now time.Time, after registry.DueKey) iter.Seq2[keyturn.Key, error] {
	const op = "postgres: due"
	return rows.Due(ctx, after, func(after registry.DueKey) ([]rows.DueKey, error) {
		answer, err := s.pool.Query(ctx, rows.SelectDue, issuer.Provider, issuer.Account, now, after.Due, string(after.Key))
		if err != nil {
			return nil, translate(ctx, op, err)
		}
		keys, err := pgx.CollectRows(answer, func(row pgx.CollectableRow) (due rows.DueKey, err error) {
			var revision int64
			var body []byte
			if err := row.Scan(&due.At, &revision, &body); err != nil {
				return due, err
			}
			due.Key, err = rows.Decode(op, body, revision)
			return due, err
		})
		return keys, translate(ctx, op, err)
	})
}
