package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry/rows"
)

// AddRule implements [registry.Calendar].
func (s *Store) AddRule(ctx context.Context, r keyturn.CalendarRule) error {
	const op = "postgres: add rule"
	rule, err := rows.PrepareRule(op, r)
	if err != nil {
		return err
	}
	tag, err := s.pool.Exec(ctx, "INSERT INTO calendar (id, kind, until, created, body) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO NOTHING",
		rule.ID, string(rule.Kind), rule.Over, rule.Created, rule.Body)
	if err != nil || tag.RowsAffected() > 0 {
		return translate(ctx, op, err)
	}
	var stored []byte // stays nil if the other rule is gone again
	err = s.pool.QueryRow(ctx, "SELECT body FROM calendar WHERE id = $1", rule.ID).Scan(&stored)
	if err != nil && !isNoRows(err) {
		return translate(ctx, op, err)
	}
	return rows.SameRule(op, rule, stored)
}

// RemoveRule implements [registry.Calendar].
func (s *Store) RemoveRule(ctx context.Context, id string) error {
	const op = "postgres: remove rule"
	tag, err := s.pool.Exec(ctx, "DELETE FROM calendar WHERE id = $1", id)
	if err != nil || tag.RowsAffected() > 0 {
		return translate(ctx, op, err)
	}
	return rows.NoRule(op, id)
}

// Rules implements [registry.Calendar].
func (s *Store) Rules(ctx context.Context, now time.Time) ([]keyturn.CalendarRule, error) {
	const op = "postgres: rules"
	answer, err := s.pool.Query(ctx, rows.SelectRules, now)
	if err != nil {
		return nil, translate(ctx, op, err)
	}
	rules, err := pgx.CollectRows(answer, func(row pgx.CollectableRow) (keyturn.CalendarRule, error) {
		var body []byte
		if err := row.Scan(&body); err != nil {
			return keyturn.CalendarRule{}, err
		}
		return rows.DecodeRule(op, body)
	})
	return rules, translate(ctx, op, err)
}
