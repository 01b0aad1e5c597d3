package servertest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// sharedPostgres starts the server that all tests of this process share, once.
var sharedPostgres = sync.OnceValues(func() (*PostgresServer, error) { return newPostgres() })

// Postgres returns the URL of a new, empty database, which is dropped when
// the test ends. It is made on the server KEYTURN_TEST_POSTGRES_URL names, or
// else on one that the test process starts for itself.
func Postgres(t testing.TB) string {
	t.Helper()
	base := os.Getenv("KEYTURN_TEST_POSTGRES_URL")
	if base == "" {
		server, err := sharedPostgres()
		if err != nil {
			missing(t, "PostgreSQL", err)
		}
		base = server.URL()
	}
	name := "keyturn_test_" + strings.ToLower(rand.Text())
	if err := administer(t.Context(), base, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize()); err != nil {
		t.Fatalf("servertest: create a database: %v", err)
	}
	t.Cleanup(func() {
		if err := administer(context.Background(), base, "DROP DATABASE IF EXISTS "+pgx.Identifier{name}.Sanitize()+" WITH (FORCE)"); err != nil {
			t.Errorf("servertest: drop a database: %v", err)
		}
	})
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal("servertest: KEYTURN_TEST_POSTGRES_URL is not a URL; write one such as postgres://user@host:5432/postgres")
	}
	u.Path = "/" + name
	return u.String()
}

func administer(ctx context.Context, address, statement string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, statement)
	return err
}

// A PostgresServer is a PostgreSQL server of one test's own, for tests that
// crash it. Its port stays the same over restarts.
type PostgresServer struct {
	t              testing.TB // nil for the shared one
	bin, dir, data string
	port           int
	keeper         *exec.Cmd
	stdin          io.WriteCloser
}

// StartPostgres starts a server that is removed when the test ends. It always
// starts one from installed binaries, because a foreign one is not ours to crash.
func StartPostgres(t testing.TB) *PostgresServer {
	t.Helper()
	s, err := newPostgres()
	if err != nil {
		missing(t, "PostgreSQL", err)
	}
	s.t = t
	t.Cleanup(s.remove)
	return s
}

// URL is the address of the server's database, the same over restarts.
func (s *PostgresServer) URL() string {
	return fmt.Sprintf("postgres://keyturn@127.0.0.1:%d/postgres?sslmode=disable", s.port)
}

// Stop kills the server at once, as a crash would: open transactions are
// lost, committed ones are not.
func (s *PostgresServer) Stop() {
	s.t.Helper()
	if err := s.stop(); err != nil {
		s.t.Fatalf("servertest: stop PostgreSQL: %v", err)
	}
}

// Start starts a stopped server again and waits until it answers.
func (s *PostgresServer) Start() {
	s.t.Helper()
	if err := s.start(); err != nil {
		s.t.Fatalf("servertest: start PostgreSQL: %v", err)
	}
}

// Restart is Stop and Start.
func (s *PostgresServer) Restart() {
	s.t.Helper()
	s.Stop()
	s.Start()
}

// errMissing says that a program is not installed.
var errMissing = errors.New("is not installed")

func newPostgres() (*PostgresServer, error) {
	bin, err := postgresBin()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "keyturn-postgres-")
	if err != nil {
		return nil, err
	}
	s := &PostgresServer{bin: bin, dir: dir, data: filepath.Join(dir, "data")}
	if err := s.create(); err != nil {
		_ = os.RemoveAll(dir)
		return nil, err
	}
	return s, nil
}

// create makes the data folder, and starts the server on a free port. Another
// process may take the port in between, so it tries three.
func (s *PostgresServer) create() (err error) {
	if err := giveAway(s.dir); err != nil {
		return err
	}
	initdb := exec.Command(filepath.Join(s.bin, "initdb"), "-D", s.data, "-U", "keyturn", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	initdb.Dir, initdb.SysProcAttr = s.dir, unprivileged()
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	for range 3 {
		if s.port, err = freePort(); err != nil {
			return err
		}
		if err = s.start(); err == nil {
			return nil
		}
	}
	return err
}

// keep runs the server and holds it to the life of the test process: when
// standard input ends, because we closed it or because we died, the server is
// stopped and its folder removed. A line on it stops the server only.
const keep = `dir=$1; shift
"$@" </dev/null & pid=$!
if read -r line; then kill -QUIT $pid 2>/dev/null; wait $pid; exit 0; fi
kill -QUIT $pid 2>/dev/null; wait $pid; cd /; rm -rf "$dir"`

func (s *PostgresServer) start() error {
	log, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	s.keeper = exec.Command("/bin/sh", "-c", keep, "keep", s.dir, filepath.Join(s.bin, "postgres"), "-D", s.data,
		"-c", "listen_addresses=127.0.0.1", "-p", fmt.Sprint(s.port), "-c", "unix_socket_directories=",
		"-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=200")
	s.keeper.Dir, s.keeper.SysProcAttr = s.dir, unprivileged()
	s.keeper.Stdout, s.keeper.Stderr = log, log
	if s.stdin, err = s.keeper.StdinPipe(); err != nil {
		return err
	}
	if err := s.keeper.Start(); err != nil {
		return err
	}
	if err := s.awaitAnswer(); err != nil {
		_ = s.stop()
		return err
	}
	return nil
}

func (s *PostgresServer) awaitAnswer() (err error) {
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); {
		if err = administer(context.Background(), s.URL(), "SELECT 1"); err == nil {
			return nil
		}
		<-time.After(20 * time.Millisecond)
	}
	text, _ := os.ReadFile(filepath.Join(s.dir, "log"))
	return fmt.Errorf("it does not answer: %w\n%s", err, text)
}

func (s *PostgresServer) stop() error {
	if s.keeper == nil {
		return nil
	}
	_, _ = io.WriteString(s.stdin, "stop\n")
	err := s.keeper.Wait()
	s.keeper = nil
	return err
}

func (s *PostgresServer) remove() {
	if s.keeper != nil {
		_ = s.stdin.Close()
		_ = s.keeper.Wait()
		s.keeper = nil
	}
	_ = os.RemoveAll(s.dir)
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// postgresBin is the folder of the newest server installed.
func postgresBin() (string, error) {
	if path, err := exec.LookPath("postgres"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil { // initdb lies beside the real one
			return filepath.Dir(path), nil
		}
	}
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin/postgres", "/usr/pgsql-*/bin/postgres", "/opt/homebrew/opt/postgresql@*/bin/postgres"} {
		if found, _ := filepath.Glob(pattern); len(found) > 0 {
			return filepath.Dir(found[len(found)-1]), nil
		}
	}
	return "", fmt.Errorf("postgres %w: install PostgreSQL, or set KEYTURN_TEST_POSTGRES_URL", errMissing)
}

// missing ends a test whose server cannot be had. In CI, and for any trouble
// but an absent program, that is a failure.
func missing(t testing.TB, server string, err error) {
	t.Helper()
	if !errors.Is(err, errMissing) || os.Getenv("CI") == "true" || os.Getenv("KEYTURN_REQUIRE_SERVERS") == "1" {
		t.Fatalf("servertest: %s: %v", server, err)
	}
	t.Skipf("servertest: %s: %v", server, err)
}
