package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"iter"

	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/registry/rows"
)

// AddMember implements [registry.Roster].
func (s *Store) AddMember(ctx context.Context, m registry.Member) (stored registry.Member, err error) {
	const op = "sqlite: add member"
	if m, err = rows.PrepareMember(op, m); err != nil {
		return stored, err
	}
	m.Version = 1
	err = s.transact(ctx, op, func(tx *sql.Tx) error {
		found, err := collect(ctx, op, tx, rows.InsertMember, append(rows.MemberValues(&m), moment(&m.Changed)), scanMember)
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
	const op = "sqlite: save member"
	if m, err = rows.PrepareMember(op, m); err != nil {
		return stored, err
	}
	err = s.transact(ctx, op, func(tx *sql.Tx) error {
		was, err := collect(ctx, op, tx, rows.SelectMember, []any{m.Directory, string(m.Kind), m.ID}, scanMember)
		switch {
		case err != nil:
			return err
		case len(was) == 0:
			return rows.NoMember(op, m.Directory, m.ID)
		case was[0].Version != m.Version:
			return rows.MemberChanged(op, m.Directory, m.ID)
		}
		found, err := collect(ctx, op, tx, rows.UpdateMember, append(rows.MemberValues(&m), moment(&m.Changed)), scanMember)
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
	const op = "sqlite: member"
	found, err := collect(ctx, op, s.read, rows.SelectMember, []any{directory, string(kind), id}, scanMember)
	if err == nil && len(found) == 0 {
		err = rows.NoMember(op, directory, id)
	}
	if err != nil {
		return registry.Member{}, err
	}
	return found[0], nil
}

// RemoveMember implements [registry.Roster].
func (s *Store) RemoveMember(ctx context.Context, directory string, kind registry.MemberKind, id string, version int64) error {
	const op = "sqlite: remove member"
	return s.transact(ctx, op, func(tx *sql.Tx) error {
		n, err := affected(tx.ExecContext(ctx, rows.DeleteMember, directory, string(kind), id, version))
		if err != nil || n > 0 {
			return err
		}
		was, err := collect(ctx, op, tx, rows.SelectMember, []any{directory, string(kind), id}, scanMember)
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
	const op = "sqlite: members"
	return rows.Members(ctx, op, f, func(f registry.MemberFilter) ([]registry.Member, error) {
		query, args := rows.SelectMembers(f)
		return collect(ctx, op, s.read, query, args, scanMember)
	})
}

func scanMember(answer *sql.Rows) (m registry.Member, err error) {
	var created, changed instant
	var folded, document string
	err = answer.Scan(&m.Directory, &m.Kind, &m.ID, &m.Name, &folded, &m.ExternalID, &m.Email, &m.Active, &document, &m.Version, &created, &changed)
	m.Document, m.Created, m.Changed = json.RawMessage(document), created.Time, changed.Time
	return m, err
}
