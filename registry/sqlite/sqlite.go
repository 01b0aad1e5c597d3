// Package sqlite keeps the registry in one file. It is the registry for a
// laptop, for tests and for a single small installation: several processes
// on one machine may share the file, but not over a network file system,
// where SQLite's locks do not hold.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"iter"
	"net/url"
	"os"
	"path/filepath"
	"time"

	_ "modernc.org/sqlite" // the driver

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/registry/rows"
)

// A Store is a registry in a file.
type Store struct {
	path  string  // absolute
	write *sql.DB // one connection: SQLite has one writer at a time
	read  *sql.DB
}

var _ registry.Store = (*Store)(nil)

// Open opens the registry in the file at path, creating it with permissions
// for its owner only, and brings its tables up to this program's version.
// Several processes may do so at once.
func Open(ctx context.Context, path string) (*Store, error) {
	s, err := connect(ctx, path, os.O_CREATE)
	if err != nil {
		return nil, err
	}
	if err := s.migrate(ctx); err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

// OpenWithoutMigrating opens the registry in the file at path, which must
// exist, and leaves its tables as they are. If they are not of the version
// this program needs, the error is Invalid and says what to do.
func OpenWithoutMigrating(ctx context.Context, path string) (*Store, error) {
	s, err := connect(ctx, path, 0)
	if err != nil {
		return nil, err
	}
	if err := s.checkVersion(ctx, "sqlite: open"); err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

func connect(ctx context.Context, path string, create int) (*Store, error) {
	const op = "sqlite: open"
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_RDWR|create, 0o600)
	switch {
	case errors.Is(err, fs.ErrNotExist) && create == 0:
		return nil, keyturn.Errorf(keyturn.Invalid, op, "there is no registry at %s; start a worker, which creates it", path)
	case errors.Is(err, fs.ErrNotExist):
		return nil, keyturn.Errorf(keyturn.Invalid, op, "the folder of %s does not exist; create it", path)
	case err != nil:
		return nil, keyturn.Errorf(keyturn.Invalid, op, "%s cannot be opened for reading and writing; check its permissions", path)
	}
	_ = file.Close() // opened to see whether it can be, and to create it private
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, keyturn.Errorf(keyturn.Invalid, op, "%s is not a usable path", path)
	}
	s := &Store{path: absolute}
	// Full durability: an intent lost in a power cut would be an orphaned key.
	if s.write, err = sql.Open("sqlite", source(absolute, "busy_timeout(50)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)")+"&_txlock=immediate"); err != nil {
		return nil, translate(ctx, op, err)
	}
	s.write.SetMaxOpenConns(1)
	if s.read, err = sql.Open("sqlite", source(absolute, "busy_timeout(10000)", "query_only(1)")); err != nil {
		_ = s.write.Close()
		return nil, translate(ctx, op, err)
	}
	s.read.SetMaxOpenConns(4)
	return s, nil
}

func source(absolute string, pragmas ...string) string {
	return "file:" + (&url.URL{Path: filepath.ToSlash(absolute)}).EscapedPath() + "?" + url.Values{"_pragma": pragmas}.Encode()
}

// Close closes the file.
func (s *Store) Close() error {
	err := errors.Join(s.read.Close(), s.write.Close())
	return translate(context.Background(), "sqlite: close", err)
}

// Ping implements [registry.Store].
func (s *Store) Ping(ctx context.Context) error {
	const op = "sqlite: ping"
	if err := s.checkVersion(ctx, op); err != nil {
		return err
	}
	tx, err := s.begin(ctx) // takes the write lock
	if err != nil {
		return translate(ctx, op, err)
	}
	return translate(ctx, op, tx.Rollback())
}

// Get implements [registry.Store].
func (s *Store) Get(ctx context.Context, id keyturn.KeyID) (keyturn.Key, error) {
	const op = "sqlite: get"
	return get(ctx, op, s.read, id)
}

// A querier is a database or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func get(ctx context.Context, op string, q querier, id keyturn.KeyID) (keyturn.Key, error) {
	var revision int64
	var body []byte
	err := q.QueryRowContext(ctx, "SELECT revision, body FROM keys WHERE key_id = $1", string(id)).Scan(&revision, &body)
	if errors.Is(err, sql.ErrNoRows) {
		return keyturn.Key{}, keyturn.Errorf(keyturn.NotFound, op, "key %q is not in the registry", id)
	}
	if err != nil {
		return keyturn.Key{}, translate(ctx, op, err)
	}
	return rows.Decode(op, body, revision)
}

func dialect() rows.Dialect {
	return rows.Dialect{
		Time:        func(t time.Time) any { return moment(&t) },
		Fingerprint: "key_id IN (SELECT key_id FROM fingerprints WHERE fingerprint = %s)",
		Consumer: "EXISTS (SELECT 1 FROM json_each(body, '$.storage.consumers') AS consumer " +
			"WHERE consumer.value->>'kind' = %[1]s OR consumer.value->>'name' = %[1]s)",
		Permission: "EXISTS (SELECT 1 FROM json_each(body, '$.scope.permissions') AS permission WHERE permission.value = %s)",
	}
}

// Find implements [registry.Store].
func (s *Store) Find(ctx context.Context, f registry.Filter) iter.Seq2[keyturn.Key, error] {
	return rows.Find(ctx, f, func(f registry.Filter) ([]keyturn.Key, error) {
		const op = "sqlite: find"
		query, args := dialect().SelectPage(f)
		return collect(ctx, op, s.read, query, args, func(answer *sql.Rows) (keyturn.Key, error) {
			var revision int64
			var body []byte
			if err := answer.Scan(&revision, &body); err != nil {
				return keyturn.Key{}, err
			}
			return rows.Decode(op, body, revision)
		})
	})
}

// collect reads a whole answer, so that no caller's work keeps it open.
func collect[T any](ctx context.Context, op string, q querier, query string, args []any, scan func(*sql.Rows) (T, error)) ([]T, error) {
	answer, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, translate(ctx, op, err)
	}
	defer func() { _ = answer.Close() }()
	var out []T
	for answer.Next() {
		one, err := scan(answer)
		if err != nil {
			return nil, translate(ctx, op, err)
		}
		out = append(out, one)
	}
	return out, translate(ctx, op, answer.Err())
}

// Count implements [registry.Store].
func (s *Store) Count(ctx context.Context, f registry.Filter) (n int, err error) {
	query, args := dialect().SelectCount(f)
	if err := s.read.QueryRowContext(ctx, query, args...).Scan(&n); err != nil {
		return 0, translate(ctx, "sqlite: count", err)
	}
	return n, nil
}

// History implements [registry.Store].
func (s *Store) History(ctx context.Context, id keyturn.KeyID) iter.Seq2[registry.Event, error] {
	return rows.History(ctx, func(after int64) ([]registry.Event, int64, error) {
		var last int64
		events, err := collect(ctx, "sqlite: history", s.read, rows.SelectEvents, []any{string(id), after}, func(answer *sql.Rows) (e registry.Event, err error) {
			var at instant
			err = answer.Scan(&last, &e.ID, &e.Key, &e.What, &e.Actor, &e.Reason, &e.Detail, &at)
			e.At = at.Time
			return e, err
		})
		return events, last, err
	})
}
