package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/registry/rows"
)

const resume = "INSERT INTO accounts (provider, account, resumed_at) VALUES ($1, $2, $3) " +
	"ON CONFLICT (provider, account) DO UPDATE SET resumed_at = excluded.resumed_at"

// SetPause implements [registry.Fleet].
func (s *Store) SetPause(ctx context.Context, p registry.Pause) error {
	const op = "sqlite: set pause"
	p, err := rows.PreparePause(op, p)
	if err != nil {
		return err
	}
	return s.transact(ctx, op, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, rows.SetPause, p.Issuer.Provider, p.Issuer.Account, p.Reason, p.Actor, moment(&p.At))
		return err
	})
}

// ClearPause implements [registry.Fleet].
func (s *Store) ClearPause(ctx context.Context, issuer keyturn.Issuer, at time.Time) error {
	const op = "sqlite: clear pause"
	if err := rows.CheckResume(op, issuer, at); err != nil {
		return err
	}
	return s.transact(ctx, op, func(tx *sql.Tx) error {
		n, err := affected(tx.ExecContext(ctx, rows.ClearPause, issuer.Provider, issuer.Account))
		if err != nil {
			return err
		}
		if n == 0 {
			return rows.NoPause(op, issuer)
		}
		_, err = tx.ExecContext(ctx, resume, issuer.Provider, issuer.Account, moment(&at))
		return err
	})
}

// Serve implements [registry.Fleet].
func (s *Store) Serve(ctx context.Context, issuer keyturn.Issuer, rate float64, at time.Time) error {
	const op = "sqlite: serve"
	if err := rows.CheckServe(op, issuer, rate, at); err != nil {
		return err
	}
	return s.transact(ctx, op, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, rows.Serve, issuer.Provider, issuer.Account, rate, moment(&at))
		return err
	})
}
