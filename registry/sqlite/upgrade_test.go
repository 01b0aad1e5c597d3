package sqlite_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/pressly/goose/v3"

	"github.com/keyturn/keyturn/registry/registrytest"
	"github.com/keyturn/keyturn/registry/rows"
)

// The statements of a worker that knows version 1 of the tables.
const (
	insertKey1   = "INSERT INTO keys (key_id, revision, provider, account, principal, owner_team, owner_person, store, path, busy, exclusive, body) VALUES ($1, 1, '', '', '', '', '', '', '', 0, 0, $2)"
	updateKey1   = "UPDATE keys SET revision = revision + 1, busy = 0 WHERE key_id = $1 AND body = $2"
	insertEvent1 = "INSERT INTO events (id, key_id, what, actor, reason, detail, at) VALUES ('event of ' || $1, $1, 'noted', '', '', $2, '2026-04-01T10:00:00.000000Z')"
)

// createVersion1 makes the tables as they were before the outbox.
func createVersion1(t *testing.T, db *sql.DB) {
	t.Helper()
	script, err := os.ReadFile("migrations/00001_keys.sql")
	if err != nil {
		t.Fatal(err)
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, fstest.MapFS{"00001_keys.sql": {Data: script}},
		goose.WithTableName(rows.VersionTable), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestAnOldWorkerRunsOn upgrades the tables under a worker of version 1, which
// keeps its connection and the statements prepared on it.
func TestAnOldWorkerRunsOn(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "registry.db")
	old := rawDB(t, path)
	createVersion1(t, old)
	var statements []*sql.Stmt
	for _, text := range []string{insertKey1, updateKey1, insertEvent1} {
		prepared, err := old.PrepareContext(t.Context(), text)
		if err != nil {
			t.Fatal(err)
		}
		statements = append(statements, prepared)
	}
	work := func(id string) {
		t.Helper()
		for i, statement := range statements {
			if _, err := statement.ExecContext(t.Context(), id, `{"id": "`+id+`"}`); err != nil {
				t.Fatalf("statement %d: %v", i, err)
			}
		}
	}
	work("before")
	s := open(t, path)
	work("after")
	registrytest.Upgraded(t, s, "before", "after")
}
