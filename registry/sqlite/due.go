package sqlite

import (
	"context"
	"database/sql"
	"iter"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/registry/rows"
)

// Due implements [registry.Fleet].
func (s *Store) Due(ctx context.Context, issuer keyturn.Issuer, now time.Time, after registry.DueKey) iter.Seq2[keyturn.Key, error] {
	const op = "sqlite: due"
	return rows.Due(ctx, after, func(after registry.DueKey) ([]rows.DueKey, error) {
		args := []any{issuer.Provider, issuer.Account, moment(&now), moment(&after.Due), string(after.Key)}
		return collect(ctx, op, s.read, rows.SelectDue, args, func(answer *sql.Rows) (due rows.DueKey, err error) {
			var at instant
			var revision int64
			var body []byte
			if err := answer.Scan(&at, &revision, &body); err != nil {
				return due, err
			}
			due.At = at.Time
			due.Key, err = rows.Decode(op, body, revision)
			return due, err
		})
	})
}
