package embedded

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
	"github.com/google/uuid"
	"go.temporal.io/server/common/config"
	sqliteplugin "go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	"go.temporal.io/server/schema"
	sqlschema "go.temporal.io/server/schema/sqlite"
)

// openSQLite opens Dir/temporal.db, or a database in memory without a Dir.
func openSQLite(o Options) (*store, error) {
	conf, release := memoryDatabase(), func() error { return nil }
	if o.Dir != "" {
		var err error
		if release, err = claim(o.Dir); err != nil {
			return nil, err
		}
		conf = fileDatabase(o.Dir)
		if err := prepareFile(o.Dir, conf); err != nil {
			return nil, errors.Join(err, release())
		}
	}
	if err := createNamespaces(o, conf); err != nil {
		return nil, errors.Join(err, release())
	}
	return &store{persistenceConfig(o.HistoryShards, conf, conf), release}, nil
}

// memoryDatabase is a database of its own: servers in one process tell theirs
// apart by name.
func memoryDatabase() *config.SQL {
	return &config.SQL{
		PluginName:        sqliteplugin.PluginName,
		DatabaseName:      "keyturn-" + uuid.NewString(),
		ConnectAttributes: map[string]string{"mode": "memory", "cache": "shared"},
	}
}

// fileDatabase is a file with a write-ahead log. A commit survives the death
// of the process but, at synchronous level 1, perhaps not that of the machine
// (sqlite.org/pragma.html#pragma_synchronous): it is a development server.
//
// There is one connection, which is Temporal's own default: its transactions
// read before they write, and two of them in SQLite would make each other fail.
func fileDatabase(dir string) *config.SQL {
	return &config.SQL{
		PluginName:   sqliteplugin.PluginName,
		DatabaseName: filepath.Join(dir, "temporal.db"),
		ConnectAttributes: map[string]string{
			"mode":         "rwc",
			"journal_mode": "wal",
			"synchronous":  "1",
			"busy_timeout": "10000",
			// Temporal never closes an SQLite connection while the process
			// lives, and would hand out the old one again even if the file had
			// been deleted since. Attributes are pragmas, of which SQLite
			// ignores those it does not know (sqlite.org/pragma.html), so this
			// one only makes the connection a new one.
			"keyturn_start": "'" + uuid.NewString() + "'",
		},
	}
}

// claim makes dir and keeps other servers out of it.
func claim(dir string) (release func() error, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	lock := flock.New(filepath.Join(dir, "lock"))
	ok, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock data directory: %w", err)
	}
	if !ok {
		return nil, fmt.Errorf("another server uses %s: stop it, or choose another directory", dir)
	}
	return lock.Unlock, nil
}

// prepareFile gives a new database its schema, and refuses one that was made
// by a version of Temporal with another schema: Temporal knows no upgrade for
// SQLite.
func prepareFile(dir string, conf *config.SQL) error {
	version, err := schemaVersion()
	if err != nil {
		return err
	}
	stamp := filepath.Join(dir, "schema")
	switch was, err := os.ReadFile(stamp); {
	case err == nil && string(was) == version:
		return nil
	case err == nil:
		return fmt.Errorf("%s was made by another version of Temporal, which cannot be upgraded: delete it, or choose another directory", dir)
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("data directory: %w", err)
	}
	// Without the stamp, the schema was never finished: start over.
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(conf.DatabaseName + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("data directory: %w", err)
		}
	}
	if err := sqlschema.SetupSchema(conf); err != nil {
		return fmt.Errorf("set up the database: %w", err)
	}
	return os.WriteFile(stamp, []byte(version), 0o600)
}

// schemaVersion tells schemas apart, by their text.
func schemaVersion() (string, error) {
	sum := sha256.New()
	for _, part := range []string{"temporal", "visibility"} {
		text, err := fs.ReadFile(schema.Assets(), "sqlite/v3/"+part+"/schema.sql")
		if err != nil {
			return "", fmt.Errorf("read the schema: %w", err)
		}
		sum.Write(text)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
