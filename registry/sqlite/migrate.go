package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"io/fs"
	"time"

	"github.com/gofrs/flock"
	"github.com/pressly/goose/v3"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry/rows"
)

//go:embed migrations/*.sql
var embedded embed.FS

func migrations() fs.FS {
	sub, _ := fs.Sub(embedded, "migrations") // the name is valid
	return sub
}

// migrate applies what is missing. A lock file beside the registry lets one
// process do it while the others wait; tables that are up to date need none.
func (s *Store) migrate(ctx context.Context) error {
	const op = "sqlite: migrate"
	want := rows.Latest(migrations())
	if have, err := s.version(ctx, op); err != nil || have >= want {
		if err != nil {
			return err
		}
		return rows.CheckVersion(op, have, want)
	}
	lock := flock.New(s.path+".lock", flock.SetPermissions(0o600))
	if _, err := lock.TryLockContext(ctx, 20*time.Millisecond); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return keyturn.Errorf(keyturn.Unavailable, op, "%s.lock cannot be locked; check the permissions of its folder", s.path)
	}
	defer func() { _ = lock.Unlock() }()
	db, err := sql.Open("sqlite", source(s.path, "busy_timeout(30000)", "journal_mode(WAL)", "synchronous(FULL)")+"&_txlock=immediate")
	if err != nil {
		return translate(ctx, op, err)
	}
	defer func() { _ = db.Close() }()
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, migrations(),
		goose.WithTableName(rows.VersionTable), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return translate(ctx, op, err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return translate(ctx, op, err)
	}
	return s.checkVersion(ctx, op)
}

func (s *Store) checkVersion(ctx context.Context, op string) error {
	have, err := s.version(ctx, op)
	if err != nil {
		return err
	}
	return rows.CheckVersion(op, have, rows.Latest(migrations()))
}

// version is the version of the tables; 0 is no tables.
func (s *Store) version(ctx context.Context, op string) (version int64, err error) {
	var tables int
	if err := s.read.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema WHERE name = $1", rows.VersionTable).Scan(&tables); err != nil {
		return 0, translate(ctx, op, err)
	}
	if tables == 0 {
		return 0, nil
	}
	if err := s.read.QueryRowContext(ctx, rows.SelectVersion).Scan(&version); err != nil {
		return 0, translate(ctx, op, err)
	}
	return version, nil
}
