package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry/rows"
)

// AddRule implements [registry.Calendar].
func (s *Store) AddRule(ctx context.Context, r keyturn.CalendarRule) error {
	const op = "sqlite: add rule"
	rule, err := rows.PrepareRule(op, r)
	if err != nil {
		return err
	}
	return s.transact(ctx, op, func(tx *sql.Tx) error {
		var stored []byte
		switch err := tx.QueryRowContext(ctx, "SELECT body FROM calendar WHERE id = $1", rule.ID).Scan(&stored); {
		case err == nil:
			return rows.SameRule(op, rule, stored)
		case !errors.Is(err, sql.ErrNoRows):
			return err
		}
		_, err := tx.ExecContext(ctx, "INSERT INTO calendar (id, kind, until, created, body) VALUES ($1, $2, $3, $4, $5)",
			rule.ID, string(rule.Kind), moment(rule.Over), moment(&rule.Created), rule.Body)
		return err
	})
}

// RemoveRule implements [registry.Calendar].
func (s *Store) RemoveRule(ctx context.Context, id string) error {
	const op = "sqlite: remove rule"
	return s.transact(ctx, op, func(tx *sql.Tx) error {
		n, err := affected(tx.ExecContext(ctx, "DELETE FROM calendar WHERE id = $1", id))
		if err != nil || n > 0 {
			return err
		}
		return rows.NoRule(op, id)
	})
}

// Rules implements [registry.Calendar].
func (s *Store) Rules(ctx context.Context, now time.Time) ([]keyturn.CalendarRule, error) {
	const op = "sqlite: rules"
	return collect(ctx, op, s.read, rows.SelectRules, []any{moment(&now)}, func(answer *sql.Rows) (keyturn.CalendarRule, error) {
		var body []byte
		if err := answer.Scan(&body); err != nil {
			return keyturn.CalendarRule{}, err
		}
		return rows.DecodeRule(op, body)
	})
}
