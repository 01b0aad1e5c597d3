package smtp_test

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/notices"
	"github.com/keyturn/keyturn/notices/dispatch"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/registry/sqlite"
)

// TestFromTheRegistryToTheRelay goes the whole way: 500 rotations and one key
// that is stuck are two mails.
func TestFromTheRegistryToTheRelay(t *testing.T) {
	t.Parallel()
	r := newRelay(t, withSTARTTLS)
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "registry.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	at := time.Date(2026, 11, 24, 10, 20, 0, 0, time.UTC)
	var changes []registry.Change
	for i := range 501 {
		k := keyturn.Key{
			ID: keyturn.KeyID(fmt.Sprintf("key-%03d", i)), Purpose: "Prüft Zahlungen", Owner: keyturn.Owner{Team: "payments", Person: "alice@example.com"},
			Scope: keyturn.Scope{Provider: "aws", Account: "1"}, Storage: keyturn.Storage{Secret: keyturn.SecretRef{Store: "default", Path: fmt.Sprint("secret/", i)}},
		}
		e := registry.Event{ID: "run/" + string(k.ID), Key: k.ID, What: registry.Completed, Actor: "test", At: at, Tell: []registry.Audience{registry.ToOwner}}
		if i == 500 {
			e.What, e.Urgent, e.Detail = registry.Stuck, true, "Schlüssel ohne Antwort"
		}
		changes = append(changes, registry.Change{Key: k, Event: e})
	}
	if err := store.SaveAll(t.Context(), changes); err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	now := at.Add(time.Second)
	d, err := dispatch.New(dispatch.Config{
		Channels: map[string]dispatch.Channel{"mail": {Kind: "smtp"}}, Routes: dispatch.Routes{Owner: "mail"},
	}, dispatch.Needs{
		Outbox: store, Told: store, Now: func() time.Time { return now }, Log: slog.New(slog.NewTextHandler(&log, nil)),
		Channels: map[string]notices.Channel{"mail": r.channel(credentials)},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []time.Time{now, now, at.Add(41 * time.Minute)} {
		now = at
		if _, err := d.Once(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	got := r.mails()
	if len(got) != 2 {
		t.Fatalf("%d mails, want two", len(got))
	}
	r.got = got[:1]
	if _, m, body := r.only(); decoded(t, m.Header.Get("Subject")) != "[Keyturn] Urgent: key-500: an operation needs a person" || !strings.Contains(body, "Details:  Schlüssel ohne Antwort\n") {
		t.Errorf("%v\n%s", m.Header, body)
	}
	r.got = got[1:]
	if _, m, body := r.only(); decoded(t, m.Header.Get("Subject")) != "[Keyturn] 500 notices about 500 keys: 500 × a new key is in service" || !strings.Contains(body, "\nand 480 more: keyturn keys list --person alice@example.com\n") {
		t.Errorf("%v\n%s", m.Header, body)
	}
	if log.Len() != 0 {
		t.Errorf("the log is not empty:\n%s", log.String())
	}
}
