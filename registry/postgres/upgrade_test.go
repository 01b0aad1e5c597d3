package postgres_test

import (
	"os"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry/registrytest"
	"github.com/keyturn/keyturn/registry/rows"
	"github.com/keyturn/keyturn/servertest"
)

// The statements of a worker that knows version 1 of the tables.
const (
	insertKey1   = "INSERT INTO keys (key_id, revision, provider, account, principal, owner_team, owner_person, store, path, busy, exclusive, body, fingerprints) VALUES ($1, 1, '', '', '', '', '', '', '', false, false, $2, '{}')"
	updateKey1   = "UPDATE keys SET revision = revision + 1, busy = false WHERE key_id = $1"
	insertEvent1 = "INSERT INTO events (id, key_id, what, actor, reason, detail, at) VALUES ('event of ' || $1::text, $1, 'noted', '', '', '', now())"
	selectKey1   = "SELECT revision, body FROM keys WHERE key_id = $1"
)

// createVersion makes the tables as they were at a version.
func createVersion(t *testing.T, address string, version int64) {
	t.Helper()
	config, err := pgx.ParseConfig(address)
	if err != nil {
		t.Fatal(err)
	}
	db := stdlib.OpenDB(*config)
	defer func() { _ = db.Close() }()
	provider, err := goose.NewProvider(goose.DialectPostgres, db, os.DirFS("migrations"),
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
	address := servertest.Postgres(t)
	createVersion(t, address, 1)
	old := raw(t, address)
	work := func(id string) {
		t.Helper()
		for _, statement := range []string{insertKey1, updateKey1, insertEvent1} {
			args := []any{id}
			if statement == insertKey1 {
				args = append(args, `{"id": "`+id+`"}`)
			}
			if _, err := old.Exec(t.Context(), statement, args...); err != nil {
				t.Fatalf("%s: %v", statement, err)
			}
		}
		var revision int64
		var body []byte
		if err := old.QueryRow(t.Context(), selectKey1, id).Scan(&revision, &body); err != nil || revision != 2 {
			t.Fatalf("revision %d, error %v", revision, err)
		}
	}
	work("before")
	s := open(t, address)
	work("after")
	registrytest.Upgraded(t, s, "before", "after")
}

// insertOutcome3 is the statement of a worker that knows version 3.
const insertOutcome3 = "INSERT INTO outcomes (provider, account, key_id, what, at) VALUES ('', '', $1, 'completed', now())"

// TestAWorkerOfVersion3RunsOn upgrades the tables under a worker that knows
// outcomes and no batches.
func TestAWorkerOfVersion3RunsOn(t *testing.T) {
	t.Parallel()
	address := servertest.Postgres(t)
	createVersion(t, address, 3)
	old := raw(t, address)
	if _, err := old.Exec(t.Context(), insertKey1, "old", `{"id": "old"}`); err != nil {
		t.Fatal(err)
	}
	end := func() {
		t.Helper()
		if _, err := old.Exec(t.Context(), insertOutcome3, "old"); err != nil {
			t.Fatal(err)
		}
	}
	end()
	registrytest.UpgradedFrom3(t, open(t, address), end)
}

// insertBatch4 is the statement of a worker that knows version 4.
const insertBatch4 = "INSERT INTO batches (id, selector, reason, note, actor, now, at, keys) VALUES ($1, '', 'leak', '', 'alice', true, now(), 1)"

// TestAWorkerOfVersion4RunsOn upgrades the tables under a worker that knows
// batches and no departures.
func TestAWorkerOfVersion4RunsOn(t *testing.T) {
	t.Parallel()
	address := servertest.Postgres(t)
	createVersion(t, address, 4)
	old := raw(t, address)
	add := func(id string) {
		t.Helper()
		if _, err := old.Exec(t.Context(), insertBatch4, id); err != nil {
			t.Fatal(err)
		}
	}
	add("before")
	registrytest.UpgradedFrom4(t, open(t, address), add)
}

// TestAWorkerOfVersion5RunsOn upgrades the tables under a worker that knows ledgers and
// no marks.
func TestAWorkerOfVersion5RunsOn(t *testing.T) {
	t.Parallel()
	address := servertest.Postgres(t)
	createVersion(t, address, 5)
	old := raw(t, address)
	add := func(id keyturn.KeyID, body string) {
		t.Helper()
		if _, err := old.Exec(t.Context(), insertKey1, string(id), body); err != nil {
			t.Fatal(err)
		}
	}
	add("before", registrytest.KeyOf5(t, "before"))
	add("never issued", `{"id": "never issued"}`)
	registrytest.UpgradedFrom5(t, open(t, address), add)
}
