package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/registry/rows"
)

// byHand is the condition on a body whose open intent waits for a person.
const byHand = `body #> '{intent,manual}' IS NOT NULL AND body #>> '{intent,manual,done}' IS DISTINCT FROM 'true'`

// insertOutcome is a part of the statement of a change that ends an operation.
// It also forgets some of what is too old. Those who forget at the same time
// step over each other's rows.
var insertOutcome = fmt.Sprintf(`, ended AS (
	INSERT INTO outcomes (provider, account, key_id, what, why, at, began)
	SELECT $3::text, $4::text, $1::text, $19::text, $22::text, at, $%%d::timestamptz FROM recorded
), old AS MATERIALIZED (
	SELECT seq FROM outcomes WHERE at < $23::timestamptz - interval '%d seconds' ORDER BY at LIMIT %d FOR UPDATE SKIP LOCKED
), forgotten AS (
	DELETE FROM outcomes USING old WHERE outcomes.seq = old.seq
)`, int(rows.KeepOutcomes/time.Second), rows.PruneOutcomes)

// Accounts implements [registry.Fleet].
func (s *Store) Accounts(ctx context.Context, now time.Time) ([]registry.AccountStatus, error) {
	const op = "postgres: accounts"
	answer, err := s.pool.Query(ctx, rows.SelectAccounts(byHand), now, now.Add(-registry.OverdueAfter), now.Add(-24*time.Hour))
	if err != nil {
		return nil, translate(ctx, op, err)
	}
	accounts, err := pgx.CollectRows(answer, scanAccount)
	if err != nil {
		return nil, translate(ctx, op, err)
	}
	rows.SortAccounts(accounts)
	return accounts, nil
}

func scanAccount(row pgx.CollectableRow) (a registry.AccountStatus, err error) {
	var reason, actor *string
	var at, served, resumed *time.Time
	err = row.Scan(&a.Issuer.Provider, &a.Issuer.Account, &a.Keys, &a.Due, &a.Overdue,
		&a.Running, &a.ByHand, &a.Failed, &a.Succeeded, &reason, &actor, &at, &a.Rate, &served, &resumed)
	if err == nil && at != nil {
		a.Paused = &registry.Pause{Issuer: a.Issuer, Reason: *reason, Actor: *actor, At: at.UTC()}
	}
	a.Served, a.Resumed = inUTC(served), inUTC(resumed)
	return a, err
}

// Outcomes implements [registry.Fleet].
func (s *Store) Outcomes(ctx context.Context, issuer keyturn.Issuer, n int) ([]registry.Outcome, error) {
	const op = "postgres: outcomes"
	if err := rows.CheckNumber(op, "outcomes", n); err != nil {
		return nil, err
	}
	answer, err := s.pool.Query(ctx, rows.SelectOutcomes, issuer.Provider, issuer.Account, n)
	if err != nil {
		return nil, translate(ctx, op, err)
	}
	outcomes, err := pgx.CollectRows(answer, func(row pgx.CollectableRow) (o registry.Outcome, err error) {
		var began *time.Time
		err = row.Scan(&o.Key, &o.What, &o.Why, &o.At, &began)
		o.At, o.Began = o.At.UTC(), inUTC(began)
		return o, err
	})
	return outcomes, translate(ctx, op, err)
}

// inUTC is a moment that may be missing.
func inUTC(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}
