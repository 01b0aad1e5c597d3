package postgres

import (
	"context"
	"embed"
	"errors"
	"io/fs"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry/rows"
)

//go:embed migrations/*.sql
var embedded embed.FS

func migrations() fs.FS {
	sub, _ := fs.Sub(embedded, "migrations") // the name is valid
	return sub
}

// migrate applies what is missing. An advisory lock lets one process do it
// while the others wait; a database that is up to date is not locked at all.
func (s *Store) migrate(ctx context.Context) error {
	const op = "postgres: migrate"
	have, err := s.version(ctx, op)
	if err != nil {
		return err
	}
	want := rows.Latest(migrations())
	if have >= want {
		return rows.CheckVersion(op, have, want)
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300)) // ask every second, for five minutes
	if err != nil {
		return translate(ctx, op, err)
	}
	db := stdlib.OpenDBFromPool(s.pool)
	defer func() { _ = db.Close() }() // leaves the pool open
	provider, err := goose.NewProvider(goose.DialectPostgres, db, migrations(),
		goose.WithSessionLocker(locker), goose.WithTableName(rows.VersionTable), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return translate(ctx, op, err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return translateMigration(ctx, op, err)
	}
	return s.checkVersion(ctx, op)
}

func translateMigration(ctx context.Context, op string, err error) error {
	var server *pgconn.PgError
	if errors.As(err, &server) && server.Code == "42501" {
		return keyturn.Errorf(keyturn.Unavailable, op, "the login may not create tables; grant it CREATE on the schema, or migrate once with a login that owns it")
	}
	return translate(ctx, op, err)
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
	err = s.pool.QueryRow(ctx, rows.SelectVersion).Scan(&version)
	var server *pgconn.PgError
	if errors.As(err, &server) && server.Code == "42P01" {
		return 0, nil
	}
	return version, translate(ctx, op, err)
}
