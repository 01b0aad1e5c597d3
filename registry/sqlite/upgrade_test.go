package sqlite_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"testing"

	"github.com/pressly/goose/v3"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry/registrytest"
	"github.com/keyturn/keyturn/registry/rows"
)

// The statements of a worker that knows version 1 of the tables.
const (
	insertKey1   = "INSERT INTO keys (key_id, revision, provider, account, principal, owner_team, owner_person, store, path, busy, exclusive, body) VALUES ($1, 1, '', '', '', '', '', '', '', 0, 0, $2)"
	updateKey1   = "UPDATE keys SET revision = revision + 1, busy = 0 WHERE key_id = $1 AND body = $2"
	insertEvent1 = "INSERT INTO events (id, key_id, what, actor, reason, detail, at) VALUES ('event of ' || $1, $1, 'noted', '', '', $2, '2026-04-01T10:00:00.000000Z')"
)

// createVersion makes the tables as they were at a version.
func createVersion(t *testing.T, db *sql.DB, version int64) {
	t.Helper()
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, os.DirFS("migrations"),
		goose.WithTableName(rows.VersionTable), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.UpTo(t.Context(), version); err != nil {
		t.Fatal(err)
	}
}

// TestAnOldWorkerRunsOn upgrades the tables under a worker of version 1, which
// keeps its connection and the statements prepared on it.
func TestAnOldWorkerRunsOn(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "registry.db")
	old := rawDB(t, path)
	createVersion(t, old, 1)
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

// insertOutcome3 is the statement of a worker that knows version 3.
const insertOutcome3 = "INSERT INTO outcomes (provider, account, key_id, what, at) VALUES ('', '', $1, 'completed', '2026-04-01T10:00:00.000000Z')"

// TestAWorkerOfVersion3RunsOn upgrades the tables under a worker that knows
// outcomes and no batches.
func TestAWorkerOfVersion3RunsOn(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "registry.db")
	old := rawDB(t, path)
	createVersion(t, old, 3)
	if _, err := old.ExecContext(t.Context(), insertKey1, "old", `{"id": "old"}`); err != nil {
		t.Fatal(err)
	}
	outcome, err := old.PrepareContext(t.Context(), insertOutcome3)
	if err != nil {
		t.Fatal(err)
	}
	end := func() {
		t.Helper()
		if _, err := outcome.ExecContext(t.Context(), "old"); err != nil {
			t.Fatal(err)
		}
	}
	end()
	registrytest.UpgradedFrom3(t, open(t, path), end)
}

// insertBatch4 is the statement of a worker that knows version 4.
const insertBatch4 = "INSERT INTO batches (id, selector, reason, note, actor, now, at, keys) VALUES ($1, '', 'leak', '', 'alice', 1, '2026-04-01T10:00:00.000000Z', 1)"

// TestAWorkerOfVersion4RunsOn upgrades the tables under a worker that knows
// batches and no departures.
func TestAWorkerOfVersion4RunsOn(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "registry.db")
	old := rawDB(t, path)
	createVersion(t, old, 4)
	batch, err := old.PrepareContext(t.Context(), insertBatch4)
	if err != nil {
		t.Fatal(err)
	}
	add := func(id string) {
		t.Helper()
		if _, err := batch.ExecContext(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	add("before")
	registrytest.UpgradedFrom4(t, open(t, path), add)
}

// TestAWorkerOfVersion5RunsOn upgrades the tables under a worker that knows ledgers and
// no marks.
func TestAWorkerOfVersion5RunsOn(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "registry.db")
	old := rawDB(t, path)
	createVersion(t, old, 5)
	insert, err := old.PrepareContext(t.Context(), insertKey1)
	if err != nil {
		t.Fatal(err)
	}
	add := func(id keyturn.KeyID, body string) {
		t.Helper()
		if _, err := insert.ExecContext(t.Context(), string(id), body); err != nil {
			t.Fatal(err)
		}
	}
	add("before", registrytest.KeyOf5(t, "before"))
	add("never issued", `{"id": "never issued"}`)
	registrytest.UpgradedFrom5(t, open(t, path), add)
}
