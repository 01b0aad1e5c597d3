package postgres

import (
	"context"
	"encoding/json"
	"iter"

	"github.com/jackc/pgx/v5"

	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/registry/rows"
)

// AddMember implements [registry.Roster].
func (s *Store) AddMember(ctx context.Context, m registry.Member) (stored registry.Member, err error) {
	const op = "postgres: add member"
	if m, err = rows.PrepareMember(op, m); err != nil {
		return stored, err
	}
	m.Version = 1
	err = s.people(ctx, op, func(tx pgx.Tx) error {
		found, err := gather(ctx, tx, scanMember, rows.InsertMember, append(rows.MemberValues(&m), m.Changed)...)
		if err == nil && len(found) == 0 {
			err = rows.MemberTaken(op, &m)
		}
		if err == nil {
			stored = found[0]
		}
		return err
	})
	return stored, err
}

// SaveMember implements [registry.Roster].
func (s *Store) SaveMember(ctx context.Context, m registry.Member) (stored registry.Member, err error) {
	const op = "postgres: save member"
	if m, err = rows.PrepareMember(op, m); err != nil {
		return stored, err
	}
	err = s.people(ctx, op, func(tx pgx.Tx) error {
		was, err := gather(ctx, tx, scanMember, rows.SelectMember, m.Directory, string(m.Kind), m.ID)
		switch {
		case err != nil:
			return err
		case len(was) == 0:
			return rows.NoMember(op, m.Directory, m.ID)
		case was[0].Version != m.Version:
			return rows.MemberChanged(op, m.Directory, m.ID)
		}
		found, err := gather(ctx, tx, scanMember, rows.UpdateMember, append(rows.MemberValues(&m), m.Changed)...)
		if err == nil && len(found) == 0 {
			err = rows.MemberTaken(op, &m)
		}
		if err == nil {
			stored = found[0]
		}
		return err
	})
	return stored, err
}

// Member implements [registry.Roster].
func (s *Store) Member(ctx context.Context, directory string, kind registry.MemberKind, id string) (registry.Member, error) {
	const op = "postgres: member"
	found, err := gather(ctx, s.pool, scanMember, rows.SelectMember, directory, string(kind), id)
	if err != nil {
		return registry.Member{}, translate(ctx, op, err)
	}
	if len(found) == 0 {
		return registry.Member{}, rows.NoMember(op, directory, id)
	}
	return found[0], nil
}

// RemoveMember implements [registry.Roster].
func (s *Store) RemoveMember(ctx context.Context, directory string, kind registry.MemberKind, id string, version int64) error {
	const op = "postgres: remove member"
	return s.people(ctx, op, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, rows.DeleteMember, directory, string(kind), id, version)
		if err != nil || tag.RowsAffected() > 0 {
			return err
		}
		was, err := gather(ctx, tx, scanMember, rows.SelectMember, directory, string(kind), id)
		if err == nil && len(was) > 0 {
			return rows.MemberChanged(op, directory, id)
		}
		if err == nil {
			err = rows.NoMember(op, directory, id)
		}
		return err
	})
}

// Members implements [registry.Roster].
func (s *Store) Members(ctx context.Context, f registry.MemberFilter) iter.Seq2[registry.Member, error] {
	const op = "postgres: members"
	return rows.Members(ctx, op, f, func(f registry.MemberFilter) ([]registry.Member, error) {
		query, args := rows.SelectMembers(f)
		found, err := gather(ctx, s.pool, scanMember, query, args...)
		return found, translate(ctx, op, err)
	})
}

func scanMember(row pgx.CollectableRow) (m registry.Member, err error) {
	var folded, document string
	err = row.Scan(&m.Directory, &m.Kind, &m.ID, &m.Name, &folded, &m.ExternalID, &m.Email, &m.Active, &document, &m.Version, &m.Created, &m.Changed)
	m.Document, m.Created, m.Changed = json.RawMessage(document), m.Created.UTC(), m.Changed.UTC()
	return m, err
}

// people runs do in one transaction while nobody else records anything of people.
func (s *Store) people(ctx context.Context, op string, do func(pgx.Tx) error) error {
	return translate(ctx, op, s.inTurn(ctx, peopleLock, do))
}

// A querier is the pool or a transaction.
type querier interface {
	Query(ctx context.Context, query string, args ...any) (pgx.Rows, error)
}

// gather reads all that a query gives.
func gather[T any](ctx context.Context, q querier, scan func(pgx.CollectableRow) (T, error), query string, args ...any) ([]T, error) {
	answer, err := q.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(answer, scan)
}
