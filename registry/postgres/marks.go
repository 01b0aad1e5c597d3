package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/registry/rows"
)

// insertMarks is a part of the statement of a change whose key has a ledger. Its
// arguments are the marks, their generations and their ids. It sees the key as it was
// before the statement, and passes over marks that are there.
const insertMarks = `, marked AS (
	INSERT INTO marks (` + rows.MarkedColumns + `)
	SELECT mark, written.key_id, generation, remote_id
	FROM written, unnest($%[1]d::text[], $%[2]d::bigint[], $%[3]d::text[]) AS given (mark, generation, remote_id)
	WHERE NOT EXISTS (SELECT 1 FROM keys WHERE key_id = $1::text AND marked = $16::text)
	ON CONFLICT DO NOTHING
)`

// selectMarked looks each mark up by itself: for thousands of them a server would
// rather read the whole table.
const selectMarked = `SELECT found.* FROM (SELECT DISTINCT mark FROM unnest($1::text[]) AS each (mark)) AS given
	CROSS JOIN LATERAL (SELECT ` + rows.MarkedColumns + ` FROM marks WHERE marks.mark = given.mark OFFSET 0) AS found`

func markColumns(marked []registry.Marked) (marks []keyturn.Mark, generations []int, ids []string) {
	for _, m := range marked {
		marks, generations, ids = append(marks, m.Mark), append(generations, m.Generation), append(ids, m.RemoteID)
	}
	return marks, generations, ids
}

// Marked implements [registry.Leaks].
func (s *Store) Marked(ctx context.Context, marks []keyturn.Mark) ([]registry.Marked, error) {
	const op = "postgres: marked"
	if err := ctx.Err(); err != nil || len(marks) == 0 {
		return nil, err
	}
	found, err := gather(ctx, s.pool, pgx.RowToStructByPos[registry.Marked], selectMarked, marks)
	if err != nil {
		return nil, translate(ctx, op, err)
	}
	rows.InOrder(found, marks)
	return found, nil
}
