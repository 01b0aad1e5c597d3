package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/registry/postgres"
	"github.com/keyturn/keyturn/registry/registrytest"
	"github.com/keyturn/keyturn/servertest"
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

func raw(t *testing.T, address string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func mustExec(t *testing.T, conn *pgx.Conn, statement string) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func TestManyWorkersStartAtOnce(t *testing.T) {
	t.Parallel()
	address := servertest.Postgres(t)
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			s, err := postgres.Open(t.Context(), address+"&pool_max_conns=2")
			if err != nil {
				t.Errorf("Open: %v", err)
				return
			}
			defer func() { _ = s.Close() }()
			if err := s.Ping(t.Context()); err != nil {
				t.Errorf("Ping: %v", err)
			}
		})
	}
	wg.Wait()
	var applied int
	if err := raw(t, address).QueryRow(t.Context(), "SELECT count(*) FROM registry_version WHERE version_id = 1").Scan(&applied); err != nil || applied != 1 {
		t.Errorf("the first migration is noted %d times, error %v", applied, err)
	}
}

func TestOneConnectionIsEnough(t *testing.T) {
	t.Parallel()
	s := open(t, servertest.Postgres(t)+"&pool_max_conns=1")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := s.SaveAll(ctx, []registry.Change{{Key: keyturn.Key{ID: "a"}, Event: noted("e1")}}); err != nil {
		t.Fatal(err)
	}
	wantKind(t, s.SaveAll(ctx, []registry.Change{{Key: keyturn.Key{ID: "a"}, Event: noted("e2")}}), keyturn.Conflict)
	for key, err := range s.Find(ctx, registry.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Save(ctx, key, noted("e3")); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOtherVersions(t *testing.T) {
	t.Parallel()
	address := servertest.Postgres(t)
	_, err := postgres.OpenWithoutMigrating(t.Context(), address)
	wantKind(t, err, keyturn.Invalid)
	if !strings.Contains(err.Error(), "start a worker") {
		t.Errorf("error %q does not name the mend", err)
	}
	s := open(t, address)
	if _, err := s.Save(t.Context(), keyturn.Key{ID: "a"}, noted("e")); err != nil {
		t.Fatal(err)
	}
	conn := raw(t, address)
	mustExec(t, conn, "INSERT INTO registry_version (version_id, is_applied) VALUES (99, true)")
	wantKind(t, s.Ping(t.Context()), keyturn.Invalid)
	_, err = postgres.Open(t.Context(), address)
	wantKind(t, err, keyturn.Invalid)
}

func TestOfTomorrow(t *testing.T) {
	t.Parallel()
	address := servertest.Postgres(t)
	s, conn := open(t, address), raw(t, address)
	registrytest.OfTomorrow(t, s, func(statement string) { mustExec(t, conn, statement) })
}

func TestPoolsShareTheOutbox(t *testing.T) {
	t.Parallel()
	address := servertest.Postgres(t)
	registrytest.ShareOutbox(t, open(t, address), open(t, address), open(t, address), open(t, address))
}

func TestTwoProcessesHearOfDepartures(t *testing.T) {
	t.Parallel()
	address := servertest.Postgres(t)
	registrytest.ShareDepartures(t, open(t, address), open(t, address))
}

func TestTwoProcessesHearOfLeaks(t *testing.T) {
	t.Parallel()
	address := servertest.Postgres(t)
	registrytest.ShareLeaks(t, open(t, address), open(t, address))
}

// TestOwnersAreInOrderOfBytes on a server that sorts as people do, too.
func TestOwnersAreInOrderOfBytes(t *testing.T) {
	t.Parallel()
	address := servertest.Postgres(t)
	s := open(t, address)
	mustExec(t, raw(t, address), `ALTER TABLE keys ALTER COLUMN owner_person TYPE text COLLATE "und-x-icu"`)
	want := []string{"B", "a", "c"}
	for _, person := range want {
		if _, err := s.Save(t.Context(), keyturn.Key{ID: keyturn.KeyID(person), Owner: keyturn.Owner{Person: person}}, noted(person)); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for owner, err := range s.Owners(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, owner)
	}
	if !slices.Equal(got, want) {
		t.Errorf("owners are %v, want %v", got, want)
	}
}

func TestErrorsKeepTheAddressToThemselves(t *testing.T) {
	t.Parallel()
	server := servertest.Postgres(t)
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	const canary = "CANARY-password"
	with := func(edit func(*url.URL)) string {
		v := *u
		v.User = url.UserPassword("keyturn", canary)
		edit(&v)
		return v.String()
	}
	for name, c := range map[string]struct {
		address string
		kind    keyturn.Kind
	}{
		"unreadable":       {"postgres://keyturn:" + canary + "@host:port/x", keyturn.Invalid},
		"nobody listens":   {with(func(v *url.URL) { v.Host = "127.0.0.1:1" }), keyturn.Unavailable},
		"no such database": {with(func(v *url.URL) { v.Path = "/" + canary }), keyturn.Unavailable},
		"no such user":     {with(func(v *url.URL) { v.User = url.UserPassword(canary, canary) }), keyturn.Unavailable},
	} {
		_, err := postgres.Open(t.Context(), c.address)
		wantKind(t, err, c.kind)
		if strings.Contains(err.Error(), "CANARY") || errors.Unwrap(err) != nil {
			t.Errorf("%s: error %q holds the address", name, err)
		}
		t.Logf("%s: %v", name, err)
	}
}

// TestIDsSortByByte: the server's language must not decide where a page ends.
func TestIDsSortByByte(t *testing.T) {
	t.Parallel()
	address := servertest.Postgres(t)
	open(t, address)
	var collation string
	err := raw(t, address).QueryRow(t.Context(), "SELECT collation_name FROM information_schema.columns WHERE table_name = 'keys' AND column_name = 'key_id'").Scan(&collation)
	if err != nil || collation != "C" {
		t.Errorf("keys.key_id has collation %q, error %v; want C", collation, err)
	}
}

func TestWaitingForALock(t *testing.T) {
	t.Parallel()
	address := servertest.Postgres(t)
	s := open(t, address)
	key, err := s.Save(t.Context(), keyturn.Key{ID: "a"}, noted("e1"))
	if err != nil {
		t.Fatal(err)
	}
	other := raw(t, address)
	mustExec(t, other, "BEGIN")
	mustExec(t, other, "SELECT 1 FROM keys FOR UPDATE")
	for name, call := range map[string]func(context.Context) error{
		"Save": func(ctx context.Context) error { _, err := s.Save(ctx, key, noted("e2")); return err },
		"SaveAll": func(ctx context.Context) error {
			return s.SaveAll(ctx, []registry.Change{{Key: key, Event: noted("e3")}})
		},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		if err := call(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: error is %v, want the deadline", name, err)
		}
		cancel()
	}
	mustExec(t, other, "ROLLBACK")
	// The server may hear of the end of the wait only after the lock is gone,
	// and then it has written: whoever was not answered reads again.
	if key, err = s.Get(t.Context(), key.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Save(t.Context(), key, noted("e4")); err != nil {
		t.Errorf("Save once the lock is gone: %v", err)
	}
}

// TestServerCrash kills the server under a worker. What was confirmed is
// there afterwards, what was not is safe to repeat, and the same store goes on.
func TestServerCrash(t *testing.T) {
	t.Parallel()
	server := servertest.StartPostgres(t)
	s := open(t, server.URL())
	key, err := s.Save(t.Context(), keyturn.Key{ID: "a"}, noted("e0"))
	if err != nil {
		t.Fatal(err)
	}
	const before = 20 // so many are confirmed before the crash
	going, crashed := make(chan struct{}), make(chan error, 1)
	go func() {
		for i := int64(1); ; i++ {
			next, err := s.Save(t.Context(), key, noted(fmt.Sprintf("e%d", i)))
			if err != nil {
				crashed <- err
				return
			}
			if key = next; i == before {
				close(going)
			}
		}
	}()
	<-going
	server.Stop()
	wantKind(t, <-crashed, keyturn.Unavailable)
	wantKind(t, s.Ping(t.Context()), keyturn.Unavailable)
	server.Start()

	// The connections of before the crash are dead and must be noticed.
	var stored keyturn.Key
	for deadline := time.Now().Add(time.Minute); ; {
		if stored, err = s.Get(t.Context(), "a"); err == nil || time.Now().After(deadline) {
			break
		}
		wantKind(t, err, keyturn.Unavailable)
	}
	if err != nil {
		t.Fatalf("Get after the restart: %v", err)
	}
	lost := stored.Revision == key.Revision+1 // written, but its answer was lost
	if stored.Revision != key.Revision && !lost {
		t.Fatalf("revision %d is stored, %d was confirmed", stored.Revision, key.Revision)
	}
	again, err := s.Save(t.Context(), key, noted(fmt.Sprintf("e%d", key.Revision)))
	if err != nil || again.Revision != key.Revision+1 {
		t.Fatalf("repeating the change: revision %d, error %v; want %d", again.Revision, err, key.Revision+1)
	}
}
