package servertest_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/keyturn/keyturn/servertest"
)

func TestPostgresDatabasesAreApart(t *testing.T) {
	t.Parallel()
	first, second := servertest.Postgres(t), servertest.Postgres(t)
	query(t, first, "CREATE TABLE t (n int)")
	query(t, second, "CREATE TABLE t (n int)")
}

func TestPostgresKeepsWhatWasCommitted(t *testing.T) {
	t.Parallel()
	server := servertest.StartPostgres(t)
	address := server.URL()
	query(t, address, "CREATE TABLE t (n int)")
	server.Restart()
	if server.URL() != address {
		t.Errorf("address changed from %s to %s", address, server.URL())
	}
	query(t, address, "SELECT n FROM t")
	server.Stop()
	if conn, err := pgx.Connect(t.Context(), address); err == nil {
		_ = conn.Close(t.Context())
		t.Error("a stopped server answers")
	}
	server.Start()
	query(t, address, "SELECT n FROM t")
}

func query(t *testing.T, address, statement string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	if _, err := conn.Exec(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// In this environment the test below is the process that is killed.
const victimEnv = "KEYTURN_SERVERTEST_VICTIM"

func TestPostgresDiesWithItsTest(t *testing.T) {
	if os.Getenv(victimEnv) != "" {
		fmt.Println(servertest.StartPostgres(t).URL())
		select {} // until killed
	}
	t.Parallel()
	servertest.StartPostgres(t) // skips where there is none, so that the victim need not
	dir, err := os.MkdirTemp("", "keyturn-victim-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o777); err != nil { // the server runs as another user
		t.Fatal(err)
	}
	victim := exec.Command(os.Args[0], "-test.run=^TestPostgresDiesWithItsTest$")
	victim.Env = append(os.Environ(), victimEnv+"=1", "TMPDIR="+dir)
	out, err := victim.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	var address string
	if _, err := fmt.Fscanln(out, &address); err != nil || !strings.HasPrefix(address, "postgres://") {
		_ = victim.Process.Kill()
		t.Fatalf("the victim did not start a server: %q", address)
	}
	query(t, address, "SELECT 1")
	if err := victim.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = victim.Wait()
	for deadline := time.Now().Add(30 * time.Second); ; {
		conn, err := pgx.Connect(t.Context(), address)
		left, _ := os.ReadDir(dir)
		if err != nil && len(left) == 0 {
			return
		}
		if err == nil {
			_ = conn.Close(t.Context())
		}
		if time.Now().After(deadline) {
			t.Fatalf("the server outlives the process that started it: answers %v, leaves %v", err == nil, left)
		}
	}
}
