// Package postgres keeps the registry in PostgreSQL 13 or newer. It is the
// registry for production: any number of workers may share one database.
package postgres

import (
	"context"
	"iter"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/registry/rows"
)

// A Store is a registry in a PostgreSQL database.
type Store struct {
	pool *pgxpool.Pool
}

var _ registry.Store = (*Store)(nil)

// Open connects to the database at url and brings its tables up to this
// program's version. Several processes may do so at once: one migrates, the
// others wait for it. url is anything libpq understands, such as
// "postgres://keyturn@db.internal/keyturn?sslmode=verify-full"; pool_max_conns
// in it bounds the connections. The login must own the tables.
func Open(ctx context.Context, url string) (*Store, error) {
	s, err := connect(ctx, url)
	if err != nil {
		return nil, err
	}
	if err := s.migrate(ctx); err != nil {
		s.pool.Close()
		return nil, err
	}
	return s, nil
}

// OpenWithoutMigrating connects to the database at url and leaves its tables
// as they are. If they are not of the version this program needs, the error
// is Invalid and says what to do.
func OpenWithoutMigrating(ctx context.Context, url string) (*Store, error) {
	s, err := connect(ctx, url)
	if err != nil {
		return nil, err
	}
	if err := s.checkVersion(ctx, "postgres: open"); err != nil {
		s.pool.Close()
		return nil, err
	}
	return s, nil
}

func connect(ctx context.Context, url string) (*Store, error) {
	const op = "postgres: open"
	config, err := pgxpool.ParseConfig(url)
	if err != nil { // its text may quote the password
		return nil, keyturn.Errorf(keyturn.Invalid, op, "the database address cannot be read; write one such as postgres://user@host:5432/database")
	}
	if config.ConnConfig.ConnectTimeout == 0 {
		config.ConnConfig.ConnectTimeout = 10 * time.Second
	}
	if config.ConnConfig.RuntimeParams["application_name"] == "" {
		config.ConnConfig.RuntimeParams["application_name"] = "keyturn"
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, translate(ctx, op, err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, translate(ctx, op, err)
	}
	return &Store{pool: pool}, nil
}

// Close closes every connection, waiting for those in use.
func (s *Store) Close() error {
	s.pool.Close()
	return nil
}

// Get implements [registry.Store].
func (s *Store) Get(ctx context.Context, id keyturn.KeyID) (keyturn.Key, error) {
	const op = "postgres: get"
	var revision int64
	var body []byte
	err := s.pool.QueryRow(ctx, "SELECT revision, body FROM keys WHERE key_id = $1", string(id)).Scan(&revision, &body)
	if isNoRows(err) {
		return keyturn.Key{}, keyturn.Errorf(keyturn.NotFound, op, "key %q is not in the registry", id)
	}
	if err != nil {
		return keyturn.Key{}, translate(ctx, op, err)
	}
	return rows.Decode(op, body, revision)
}

func dialect() rows.Dialect {
	return rows.Dialect{
		Time:        func(t time.Time) any { return t },
		Fingerprint: "fingerprints @> ARRAY[%s] AND fingerprints <> '{}'",
		Consumer: "EXISTS (SELECT 1 FROM jsonb_array_elements(body #> '{storage,consumers}') AS consumer " +
			"WHERE consumer->>'kind' = %[1]s OR consumer->>'name' = %[1]s)",
		Permission: "body #> '{scope,permissions}' ? %s",
	}
}

// Find implements [registry.Store].
func (s *Store) Find(ctx context.Context, f registry.Filter) iter.Seq2[keyturn.Key, error] {
	return rows.Find(ctx, f, func(f registry.Filter) ([]keyturn.Key, error) { return s.page(ctx, f) })
}

func (s *Store) page(ctx context.Context, f registry.Filter) ([]keyturn.Key, error) {
	const op = "postgres: find"
	query, args := dialect().SelectPage(f)
	answer, err := s.pool.Query(ctx, query, args...)
	if err != nil {
		return nil, translate(ctx, op, err)
	}
	type raw struct {
		Revision int64
		Body     []byte
	}
	page, err := pgx.CollectRows(answer, pgx.RowToStructByPos[raw])
	if err != nil {
		return nil, translate(ctx, op, err)
	}
	keys := make([]keyturn.Key, len(page))
	for i, r := range page {
		if keys[i], err = rows.Decode(op, r.Body, r.Revision); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

// Count implements [registry.Store].
func (s *Store) Count(ctx context.Context, f registry.Filter) (n int, err error) {
	query, args := dialect().SelectCount(f)
	if err := s.pool.QueryRow(ctx, query, args...).Scan(&n); err != nil {
		return 0, translate(ctx, "postgres: count", err)
	}
	return n, nil
}

// History implements [registry.Store].
func (s *Store) History(ctx context.Context, id keyturn.KeyID) iter.Seq2[registry.Event, error] {
	return rows.History(ctx, func(after int64) ([]registry.Event, int64, error) {
		answer, err := s.pool.Query(ctx, rows.SelectEvents, string(id), after)
		if err != nil {
			return nil, 0, translate(ctx, "postgres: history", err)
		}
		var last int64
		events, err := pgx.CollectRows(answer, func(row pgx.CollectableRow) (e registry.Event, err error) {
			err = row.Scan(&last, &e.ID, &e.Key, &e.What, &e.Actor, &e.Reason, &e.Detail, &e.At)
			e.At = e.At.UTC()
			return e, err
		})
		if err != nil {
			return nil, 0, translate(ctx, "postgres: history", err)
		}
		return events, last, nil
	})
}
