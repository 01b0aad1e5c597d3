package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"

	"modernc.org/sqlite"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/registry/rows"
)

const (
	// insertMarks passes over marks that are there.
	insertMarks = "INSERT INTO marks (" + rows.MarkedColumns + ") " +
		"SELECT value->>'Mark', $1, value->>'Generation', value->>'RemoteID' FROM json_each($3) " +
		"WHERE NOT EXISTS (SELECT 1 FROM keys WHERE key_id = $1 AND marked = $2) ON CONFLICT DO NOTHING"
	selectMarked = "SELECT " + rows.MarkedColumns + " FROM marks WHERE mark IN (SELECT value FROM json_each($1))"
)

// keyturn_mark_of_id is [keyturn.MarkOfID] in SQL, for a migration, which fails
// without it. It is there before any connection is opened.
var _ = sqlite.RegisterDeterministicScalarFunction("keyturn_mark_of_id", 1,
	func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
		id, _ := args[0].(string) // a text of JSON
		return string(keyturn.MarkOfID(id)), nil
	})

// keepMarks keeps what the generations in a ledger are known by. The key is not
// written yet: it says which marks are there.
func (w *writer) keepMarks(ctx context.Context, c rows.Change) error {
	if len(c.Marks) == 0 {
		return nil
	}
	list, err := json.Marshal(c.Marks)
	if err != nil {
		return err
	}
	_, err = w.mark.ExecContext(ctx, string(c.Key.ID), c.Marked, string(list))
	return err
}

// Marked implements [registry.Leaks].
func (s *Store) Marked(ctx context.Context, marks []keyturn.Mark) ([]registry.Marked, error) {
	const op = "sqlite: marked"
	if err := ctx.Err(); err != nil || len(marks) == 0 {
		return nil, err
	}
	list, err := json.Marshal(marks)
	if err != nil {
		return nil, err
	}
	found, err := collect(ctx, op, s.read, selectMarked, []any{string(list)}, func(answer *sql.Rows) (m registry.Marked, err error) {
		err = answer.Scan(&m.Mark, &m.Key, &m.Generation, &m.RemoteID)
		return m, err
	})
	rows.InOrder(found, marks)
	return found, err
}
