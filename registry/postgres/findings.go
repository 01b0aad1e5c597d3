package postgres

import (
	"context"
	"iter"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/registry/rows"
)

// countOpen joins, because a server that takes the table for a small one would
// compare each of its rows with each id.
const countOpen = "SELECT count(*) FROM unnest($1::text[]) AS given (id) JOIN findings USING (id) WHERE settled_at IS NULL"

var report = rows.Report(`SELECT *, seen_at FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
	$7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::timestamptz[])
	AS given (id, found_by, kind, place, subject, key_id, owner_team, owner_person, severity, detail, mend, seen_at)`)

// Report implements [registry.Findings].
func (s *Store) Report(ctx context.Context, findings []registry.Finding) (opened int, err error) {
	const op = "postgres: report"
	if err := ctx.Err(); err != nil || len(findings) == 0 {
		return 0, err
	}
	if findings, err = rows.PrepareFindings(op, findings); err != nil {
		return 0, err
	}
	var texts [11][]string
	var seen []time.Time
	for i := range findings {
		for column, text := range rows.FoundValues(&findings[i]) {
			texts[column] = append(texts[column], text)
		}
		seen = append(seen, findings[i].Seen)
	}
	args := make([]any, len(texts), len(texts)+1)
	for column := range texts {
		args[column] = texts[column]
	}
	args = append(args, seen)
	err = s.inTurn(ctx, findingsLock, func(tx pgx.Tx) error {
		var open int
		if err := tx.QueryRow(ctx, countOpen, texts[0]).Scan(&open); err != nil {
			return err
		}
		opened = len(findings) - open
		_, err := tx.Exec(ctx, report, args...)
		return err
	})
	if err != nil {
		return 0, translate(ctx, op, err)
	}
	return opened, nil
}

// Settle implements [registry.Findings].
func (s *Store) Settle(ctx context.Context, check, place string, seen, at time.Time) (settled int, err error) {
	const op = "postgres: settle"
	if err := rows.CheckSettle(op, seen, at); err != nil {
		return 0, err
	}
	err = s.inTurn(ctx, findingsLock, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, rows.Settle, check, place, seen, at)
		settled = int(tag.RowsAffected())
		return err
	})
	if err != nil {
		return 0, translate(ctx, op, err)
	}
	return settled, nil
}

// Accept implements [registry.Findings].
func (s *Store) Accept(ctx context.Context, id, actor, note string, at time.Time) (registry.Finding, error) {
	const op = "postgres: accept"
	if err := rows.CheckAccept(op, id, actor, note, at); err != nil {
		return registry.Finding{}, err
	}
	found, err := s.findings(ctx, op, rows.Accept, id, actor, note, at)
	if err == nil && len(found) == 0 {
		err = rows.NoOpenFinding(op, id)
	}
	if err != nil {
		return registry.Finding{}, err
	}
	return found[0], nil
}

// Finding implements [registry.Findings].
func (s *Store) Finding(ctx context.Context, id string) (registry.Finding, error) {
	const op = "postgres: finding"
	found, err := s.findings(ctx, op, rows.SelectFinding, id)
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
		return s.findings(ctx, "postgres: findings", query, args...)
	})
}

func (s *Store) findings(ctx context.Context, op, query string, args ...any) ([]registry.Finding, error) {
	answer, err := s.pool.Query(ctx, query, args...)
	if err != nil {
		return nil, translate(ctx, op, err)
	}
	found, err := pgx.CollectRows(answer, scanFinding)
	return found, translate(ctx, op, err)
}

func scanFinding(row pgx.CollectableRow) (f registry.Finding, err error) {
	var settled, accepted *time.Time
	err = row.Scan(&f.ID, &f.Check, &f.Kind, &f.Place, &f.Subject, &f.Key, &f.Owner.Team, &f.Owner.Person, &f.Severity,
		&f.Detail, &f.Mend, &f.Found, &f.Seen, &settled, &f.AcceptedBy, &f.Note, &accepted)
	f.Found, f.Seen, f.Settled, f.Accepted = f.Found.UTC(), f.Seen.UTC(), inUTC(settled), inUTC(accepted)
	return f, err
}
