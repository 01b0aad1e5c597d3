package postgres

import (
	"context"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/registry/rows"
)

const clearPause = "WITH cleared AS (" + rows.ClearPause + ` RETURNING provider, account)
INSERT INTO accounts (provider, account, resumed_at) SELECT provider, account, $3::timestamptz FROM cleared
ON CONFLICT (provider, account) DO UPDATE SET resumed_at = excluded.resumed_at`

// SetPause implements [registry.Fleet].
func (s *Store) SetPause(ctx context.Context, p registry.Pause) error {
	const op = "postgres: set pause"
	p, err := rows.PreparePause(op, p)
	if err != nil {
		return err
	}
	_, err = s.pool.Exec(ctx, rows.SetPause, p.Issuer.Provider, p.Issuer.Account, p.Reason, p.Actor, p.At)
	return translate(ctx, op, err)
}

// ClearPause implements [registry.Fleet].
func (s *Store) ClearPause(ctx context.Context, issuer keyturn.Issuer, at time.Time) error {
	const op = "postgres: clear pause"
	if err := rows.CheckResume(op, issuer, at); err != nil {
		return err
	}
	tag, err := s.pool.Exec(ctx, clearPause, issuer.Provider, issuer.Account, at)
	if err != nil || tag.RowsAffected() > 0 {
		return translate(ctx, op, err)
	}
	return rows.NoPause(op, issuer)
}

// Serve implements [registry.Fleet].
func (s *Store) Serve(ctx context.Context, issuer keyturn.Issuer, rate float64, at time.Time) error {
	const op = "postgres: serve"
	if err := rows.CheckServe(op, issuer, rate, at); err != nil {
		return err
	}
	_, err := s.pool.Exec(ctx, rows.Serve, issuer.Provider, issuer.Account, rate, at)
	return translate(ctx, op, err)
}
