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
	// byHand is the condition on a body whose open intent waits for a person.
	byHand = "json_type(body, '$.intent.manual') IS NOT NULL AND json_extract(body, '$.intent.manual.done') IS NOT 1"

	insertOutcome = "INSERT INTO outcomes (provider, account, key_id, what, why, at, began) VALUES ($1, $2, $3, $4, $5, $6, $7)"
	pruneOutcomes = "DELETE FROM outcomes WHERE seq IN (SELECT seq FROM outcomes WHERE at < $1 ORDER BY at LIMIT $2)"
)

// end writes how an operation ended, and forgets some of what is too old.
func (w *writer) end(ctx context.Context, c rows.Change) error {
	e, scope := c.Event, c.Key.Scope
	if _, err := w.tx.ExecContext(ctx, insertOutcome, scope.Provider, scope.Account, string(c.Key.ID), e.What, e.Detail, moment(&e.At), moment(c.Began())); err != nil {
		return err
	}
	before := e.At.Add(-rows.KeepOutcomes)
	_, err := w.tx.ExecContext(ctx, pruneOutcomes, moment(&before), rows.PruneOutcomes)
	return err
}

// Accounts implements [registry.Fleet].
func (s *Store) Accounts(ctx context.Context, now time.Time) ([]registry.AccountStatus, error) {
	const op = "sqlite: accounts"
	overdue, yesterday := now.Add(-registry.OverdueAfter), now.Add(-24*time.Hour)
	args := []any{moment(&now), moment(&overdue), moment(&yesterday)}
	accounts, err := collect(ctx, op, s.read, rows.SelectAccounts(byHand), args, scanAccount)
	if err != nil {
		return nil, err
	}
	rows.SortAccounts(accounts)
	return accounts, nil
}

func scanAccount(answer *sql.Rows) (a registry.AccountStatus, err error) {
	var reason, actor sql.NullString
	var at, served, resumed instant
	err = answer.Scan(&a.Issuer.Provider, &a.Issuer.Account, &a.Keys, &a.Due, &a.Overdue,
		&a.Running, &a.ByHand, &a.Failed, &a.Succeeded, &reason, &actor, &at, &a.Rate, &served, &resumed)
	if reason.Valid {
		a.Paused = &registry.Pause{Issuer: a.Issuer, Reason: reason.String, Actor: actor.String, At: at.Time}
	}
	a.Served, a.Resumed = served.Time, resumed.Time
	return a, err
}

// Outcomes implements [registry.Fleet].
func (s *Store) Outcomes(ctx context.Context, issuer keyturn.Issuer, n int) ([]registry.Outcome, error) {
	const op = "sqlite: outcomes"
	if err := rows.CheckNumber(op, "outcomes", n); err != nil {
		return nil, err
	}
	return collect(ctx, op, s.read, rows.SelectOutcomes, []any{issuer.Provider, issuer.Account, n}, func(answer *sql.Rows) (o registry.Outcome, err error) {
		var at, began instant
		err = answer.Scan(&o.Key, &o.What, &o.Why, &at, &began)
		o.At, o.Began = at.Time, began.Time
		return o, err
	})
}
