package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/registry/registrytest"
	"github.com/keyturn/keyturn/registry/sqlite"
)

func wantKind(t *testing.T, err error, want keyturn.Kind) {
	t.Helper()
	var ours *keyturn.Error
	if !errors.As(err, &ours) || ours.Kind != want {
		t.Fatalf("error is %v, want kind %s", err, want)
	}
}

func noted(id string) registry.Event {
	return registry.Event{ID: id, What: registry.Noted, At: time.Unix(1, 0)}
}

// In this environment the test binary is one of several processes that share
// a registry file: see TestProcessesShareAFile.
const processEnv = "KEYTURN_SQLITE_TEST_PROCESS"

const perProcess = 25

func TestMain(m *testing.M) {
	if path, name, ok := strings.Cut(os.Getenv(processEnv), "|"); ok {
		if err := count(path, name); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// count adds perProcess to the key "counter", creating it if need be.
func count(path, name string) error {
	ctx := context.Background()
	s, err := sqlite.Open(ctx, path)
	if err != nil {
		return err
	}
	for i := 0; i < perProcess; {
		key, err := s.Get(ctx, "counter")
		if keyturn.KindOf(err) == keyturn.NotFound {
			key, err = keyturn.Key{ID: "counter"}, nil
		}
		if err != nil {
			return err
		}
		key.Generation++
		switch _, err := s.Save(ctx, key, noted(fmt.Sprintf("%s/%d", name, i))); {
		case err == nil:
			i++
		case keyturn.KindOf(err) != keyturn.Conflict:
			return err
		}
	}
	return s.Close()
}

func TestProcessesShareAFile(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "registry.db")
	const processes = 4
	var wg sync.WaitGroup
	for i := range processes {
		wg.Go(func() {
			child := exec.Command(self)
			child.Env = append(os.Environ(), fmt.Sprintf("%s=%s|%d", processEnv, path, i))
			if out, err := child.CombinedOutput(); err != nil {
				t.Errorf("process %d: %v: %s", i, err, out)
			}
		})
	}
	wg.Wait()
	s := open(t, path)
	key, err := s.Get(t.Context(), "counter")
	if err != nil || key.Generation != processes*perProcess || key.Revision != processes*perProcess {
		t.Fatalf("counted to %d at revision %d, error %v; want %d", key.Generation, key.Revision, err, processes*perProcess)
	}
}

func TestOddPaths(t *testing.T) {
	t.Parallel()
	for _, name := range []string{":memory:", "a ?mode=memory#x%20y.db", "file:x.db", "é.db"} {
		path := filepath.Join(t.TempDir(), name)
		s := open(t, path)
		if _, err := s.Save(t.Context(), keyturn.Key{ID: "kept"}, noted("e")); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := s.Close(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != 0o600 || info.Size() == 0 {
			t.Errorf("%s: file is %v, error %v; want one for its owner only", name, info, err)
		}
		again, err := sqlite.OpenWithoutMigrating(t.Context(), path)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, err := again.Get(t.Context(), "kept"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		_ = again.Close()
	}
}

func TestRefusesToOpen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, err := sqlite.OpenWithoutMigrating(t.Context(), filepath.Join(dir, "none.db"))
	wantKind(t, err, keyturn.Invalid)
	if _, err := os.Stat(filepath.Join(dir, "none.db")); err == nil {
		t.Error("a file was created by merely looking")
	}
	_, err = sqlite.Open(t.Context(), filepath.Join(dir, "no folder", "x.db"))
	wantKind(t, err, keyturn.Invalid)
	_, err = sqlite.Open(t.Context(), dir)
	wantKind(t, err, keyturn.Invalid)

	text := filepath.Join(dir, "text.db")
	if err := os.WriteFile(text, []byte(strings.Repeat("this is no database. ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = sqlite.Open(t.Context(), text)
	wantKind(t, err, keyturn.Invalid)

	empty := filepath.Join(dir, "empty.db")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = sqlite.OpenWithoutMigrating(t.Context(), empty)
	wantKind(t, err, keyturn.Invalid)
}

// TestOtherVersions meets tables that a newer program made.
func TestOtherVersions(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "registry.db")
	s := open(t, path)
	if _, err := s.Save(t.Context(), keyturn.Key{ID: "a"}, noted("e")); err != nil {
		t.Fatal(err)
	}
	raw := rawDB(t, path)
	mustExec(t, raw, "INSERT INTO registry_version (version_id, is_applied) VALUES (99, 1)")
	wantKind(t, s.Ping(t.Context()), keyturn.Invalid)
	_, err := sqlite.Open(t.Context(), path)
	wantKind(t, err, keyturn.Invalid)
	if !strings.Contains(err.Error(), "upgrade") {
		t.Errorf("error %q does not name the mend", err)
	}
}

func TestOfTomorrow(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "registry.db")
	s, raw := open(t, path), rawDB(t, path)
	registrytest.OfTomorrow(t, s, func(statement string) { mustExec(t, raw, statement) })
}

// TestHandlesShareTheOutbox opens the file several times, as processes do.
func TestHandlesShareTheOutbox(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "registry.db")
	registrytest.ShareOutbox(t, open(t, path), open(t, path), open(t, path))
}

func TestTwoProcessesHearOfDepartures(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "registry.db")
	registrytest.ShareDepartures(t, open(t, path), open(t, path))
}

func TestTwoProcessesHearOfLeaks(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "registry.db")
	registrytest.ShareLeaks(t, open(t, path), open(t, path))
}

func rawDB(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func mustExec(t *testing.T, db *sql.DB, statement string) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// TestWaitingForALock holds the write lock as another process would: a change
// waits, gives up at once when its context ends, and succeeds when the lock
// is released. Reading never waits.
func TestWaitingForALock(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "registry.db")
	s := open(t, path)
	if _, err := s.Save(t.Context(), keyturn.Key{ID: "a"}, noted("e1")); err != nil {
		t.Fatal(err)
	}
	other := rawDB(t, path)
	mustExec(t, other, "BEGIN IMMEDIATE")

	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, err := s.Save(ctx, keyturn.Key{ID: "b"}, noted("e2")); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("error is %v, want the deadline", err)
	}
	if waited := time.Since(began); waited > 5*time.Second {
		t.Errorf("the deadline of 100ms was noticed after %v", waited)
	}
	if _, err := s.Get(t.Context(), "a"); err != nil {
		t.Errorf("reading while another process writes: %v", err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := s.Save(t.Context(), keyturn.Key{ID: "b"}, noted("e3"))
		done <- err
	}()
	mustExec(t, other, "ROLLBACK")
	if err := <-done; err != nil {
		t.Fatalf("Save after the lock was released: %v", err)
	}
}
