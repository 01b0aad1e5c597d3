package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"iter"
	"time"

	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/registry/rows"
)

const selectOpen = "SELECT count(*) FROM findings WHERE id IN (SELECT value FROM json_each($1)) AND settled_at IS NULL"

var report = rows.Report("VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12)")

// Report implements [registry.Findings].
func (s *Store) Report(ctx context.Context, findings []registry.Finding) (opened int, err error) {
	const op = "sqlite: report"
	if err := ctx.Err(); err != nil || len(findings) == 0 {
		return 0, err
	}
	if findings, err = rows.PrepareFindings(op, findings); err != nil {
		return 0, err
	}
	err = s.transact(ctx, op, func(tx *sql.Tx) error {
		known, err := countOpen(ctx, tx, findings)
		if err != nil {
			return err
		}
		opened = len(findings) - known
		write, err := tx.PrepareContext(ctx, report)
		if err != nil {
			return err
		}
		for i := range findings {
			var args []any
			for _, text := range rows.FoundValues(&findings[i]) {
				args = append(args, text)
			}
			if _, err := write.ExecContext(ctx, append(args, moment(&findings[i].Seen))...); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return opened, nil
}

// countOpen counts those of findings that are open already.
func countOpen(ctx context.Context, tx *sql.Tx, findings []registry.Finding) (n int, err error) {
	ids := make([]string, len(findings))
	for i := range findings {
		ids[i] = findings[i].ID
	}
	list, err := json.Marshal(ids)
	if err != nil {
		return 0, err
	}
	err = tx.QueryRowContext(ctx, selectOpen, string(list)).Scan(&n)
	return n, err
}

// Settle implements [registry.Findings].
func (s *Store) Settle(ctx context.Context, check, place string, seen, at time.Time) (settled int, err error) {
	const op = "sqlite: settle"
	if err := rows.CheckSettle(op, seen, at); err != nil {
		return 0, err
	}
	err = s.transact(ctx, op, func(tx *sql.Tx) (err error) {
		settled, err = affected(tx.ExecContext(ctx, rows.Settle, check, place, moment(&seen), moment(&at)))
		return err
	})
	if err != nil {
		return 0, err
	}
	return settled, nil
}

// Accept implements [registry.Findings].
func (s *Store) Accept(ctx context.Context, id, actor, note string, at time.Time) (accepted registry.Finding, err error) {
	const op = "sqlite: accept"
	if err := rows.CheckAccept(op, id, actor, note, at); err != nil {
		return registry.Finding{}, err
	}
	err = s.transact(ctx, op, func(tx *sql.Tx) error {
		found, err := collect(ctx, op, tx, rows.Accept, []any{id, actor, note, moment(&at)}, scanFinding)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return rows.NoOpenFinding(op, id)
		}
		accepted = found[0]
		return nil
	})
	if err != nil {
		return registry.Finding{}, err
	}
	return accepted, nil
}

// Finding implements [registry.Findings].
func (s *Store) Finding(ctx context.Context, id string) (registry.Finding, error) {
	const op = "sqlite: finding"
	found, err := collect(ctx, op, s.read, rows.SelectFinding, []any{id}, scanFinding)
	if err == nil && len(found) == 0 {
		err = rows.NoFinding(op, id)
	}
	if err != nil {
		return registry.Finding{}, err
	}
	return found[0], nil
}

// Findings implements [registry.Findings].
func (s *Store) Findings(ctx context.Context, f registry.FindingFilter) iter.Seq2[registry.Finding, error] {
	return rows.Findings(ctx, f, func(f registry.FindingFilter) ([]registry.Finding, error) {
		query, args := rows.SelectFindings(f)
		return collect(ctx, "sqlite: findings", s.read, query, args, scanFinding)
	})
}

func scanFinding(answer *sql.Rows) (f registry.Finding, err error) {
	var found, seen, settled, accepted instant
	err = answer.Scan(&f.ID, &f.Check, &f.Kind, &f.Place, &f.Subject, &f.Key, &f.Owner.Team, &f.Owner.Person, &f.Severity,
		&f.Detail, &f.Mend, &found, &seen, &settled, &f.AcceptedBy, &f.Note, &accepted)
	f.Found, f.Seen, f.Settled, f.Accepted = found.Time, seen.Time, settled.Time, accepted.Time
	return f, err
}
