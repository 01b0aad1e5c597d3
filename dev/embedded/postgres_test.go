package embedded_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/keyturn/keyturn/dev/embedded"
	"github.com/keyturn/keyturn/servertest"
)

func TestDataOutliveARestartOnPostgres(t *testing.T) {
	t.Parallel()
	server := servertest.StartPostgres(t)
	url := strings.Replace(server.URL(), "/postgres?", "/temporal?", 1)
	o := embedded.Options{PostgresURL: url, NoUI: true, SearchAttributes: attributes()}
	first, err := embedded.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	run(t, first, "kept", time.Now())
	find(t, first, "KeyId = 'kept'", 1)
	stop(t, first)

	second := start(t, o) // the schema is there already
	find(t, second, "KeyId = 'kept'", 1)
	run(t, second, "later", time.Now())
	find(t, second, "KeyId = 'later' AND ExecutionStatus = 'Completed'", 1)
}

func TestAnUnreachablePostgresIsNamedWithoutItsPassword(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close() // nobody listens there now
	_, err = embedded.Start(t.Context(), embedded.Options{
		PostgresURL: "postgres://keyturn:hunter2@" + l.Addr().String() + "/temporal?sslmode=disable",
	})
	if err == nil || !strings.Contains(err.Error(), l.Addr().String()) {
		t.Errorf("got %v, want an error that names %s", err, l.Addr())
	}
	if err != nil && strings.Contains(err.Error(), "hunter2") {
		t.Errorf("the error repeats the password: %v", err)
	}
}
