package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/config"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/registry/entry"
)

// A meddler is a registry in which somebody else is at work.
type meddler struct {
	registry.Store
	before func(try int) error // runs before every SaveAll, and may refuse it
	tries  int
	saved  int
}

func (m *meddler) SaveAll(ctx context.Context, changes []registry.Change) error {
	m.tries++
	if err := m.before(m.tries); err != nil {
		return err
	}
	err := m.Store.SaveAll(ctx, changes)
	if err == nil {
		m.saved += len(changes)
	}
	return err
}

// meddled puts a meddler in front of the desk's registry.
func (d *desk) meddled(before func(store registry.Store, try int) error) *meddler {
	m := &meddler{}
	open := d.openRegistry
	d.openRegistry = func(ctx context.Context, c config.Registry) (registry.Store, error) {
		store, err := open(ctx, c)
		m.Store, m.before = store, func(try int) error { return before(store, try) }
		return m, err
	}
	return m
}

// entries writes n entries into one file and returns its path.
func entries(t *testing.T, n int, edit func(int, *keyturn.Key)) string {
	t.Helper()
	var b strings.Builder
	for i := range n {
		k := aKey()
		k.ID = keyturn.KeyID(fmt.Sprintf("payments-key-%05d", i))
		k.Storage.Secret = keyturn.SecretRef{Store: entry.DefaultStore, Path: fmt.Sprintf("secret/payments/%05d", i)}
		k.Generation, k.Ledger = 0, nil
		if edit != nil {
			edit(i, &k)
		}
		doc, err := entry.Marshal(entry.FromKey(k))
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString("---\n" + string(doc))
	}
	path := filepath.Join(t.TempDir(), "entries.yaml")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func (d *desk) get(t *testing.T, id string) keyturn.Key {
	t.Helper()
	store, err := config.Registry{SQLite: d.settings.Registry.SQLite}.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	k, err := store.Get(t.Context(), keyturn.KeyID(id))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// TestApplyRace: a workflow changes a key between our look and our write. What
// it wrote survives, and so does what we wanted.
func TestApplyRace(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	first := entries(t, 3, nil)
	d.expect(t, exitOK, "", "registry", "apply", first)
	m := d.meddled(func(store registry.Store, try int) error {
		if try > 1 {
			return nil
		}
		k, err := store.Get(t.Context(), "payments-key-00001")
		if err != nil {
			return err
		}
		k.Generation = 7
		_, err = store.Save(t.Context(), k, registry.Event{ID: "run/began", Key: k.ID, What: registry.Began, Actor: "test", At: noon})
		return err
	})
	second := entries(t, 3, func(_ int, k *keyturn.Key) { k.Owner.Person = "bob@example.com" })
	d.expect(t, exitOK, "", "registry", "apply", second)
	if m.tries != 2 || m.saved != 3 {
		t.Errorf("%d tries, %d saved; want 2 and 3", m.tries, m.saved)
	}
	if k := d.get(t, "payments-key-00001"); k.Generation != 7 || k.Owner.Person != "bob@example.com" {
		t.Errorf("a change was lost: generation %d, person %s", k.Generation, k.Owner.Person)
	}
}

// TestApplyRefused: a conflict that is no race is reported and not tried again
// and again.
func TestApplyRefused(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	m := d.meddled(func(_ registry.Store, try int) error {
		if try == 1 {
			return nil
		}
		return keyturn.Errorf(keyturn.Conflict, "sqlite: save all", "key %q: its path is taken", "payments-key-01000")
	})
	d.expect(t, exitFailed, `keyturn: 1000 of 1001 changes were applied, then: sqlite: save all: key "payments-key-01000": its path is taken; run it again`,
		"registry", "apply", entries(t, 1001, nil))
	if m.tries != 3 {
		t.Errorf("%d tries, want 3: one batch, and twice the next", m.tries)
	}
}

// TestApplyInBatches also shows that an interrupted application is finished by
// running it again.
func TestApplyInBatches(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	path := entries(t, 2001, nil)
	ctx, cancel := context.WithCancel(t.Context())
	d.meddled(func(_ registry.Store, try int) error {
		if try == 2 {
			cancel()
		}
		return nil
	})
	if code := run(ctx, d.app, []string{"registry", "apply", path}); code != exitInterrupted {
		t.Errorf("exit code %d, want %d\n%s", code, exitInterrupted, d.stderr)
	}
	d.stdout.Reset()
	m := d.meddled(func(registry.Store, int) error { return nil })
	d.expect(t, exitOK, "", "registry", "apply", path)
	if m.tries != 2 || m.saved != 1001 {
		t.Errorf("%d batches with %d keys, want 2 with 1001", m.tries, m.saved)
	}
	if got := d.stderr.String(); strings.Contains(got, "applying") {
		t.Errorf("a progress bar without a terminal: %q", got)
	}
	if want := "2001 entries: 1001 to create, 0 to update, 1000 unchanged"; !strings.Contains(d.stdout.String(), want) {
		t.Errorf("standard output lacks %q: %s", want, d.stdout)
	}
}

// TestApplyDates: what a file says of dates counts until the key is issued.
func TestApplyDates(t *testing.T) {
	t.Parallel()
	old := func(_ int, k *keyturn.Key) {
		k.Created = noon.AddDate(-3, 0, 0)
		k.Rotated, k.Expires = k.Created, k.Created.AddDate(1, 0, 0)
	}
	path := entries(t, 1, old)
	d := newDesk(t)
	d.expect(t, exitFailed, "finding", "registry", "apply", path)
	k := aKey()
	k.ID, k.Storage.Secret = "payments-key-00000", keyturn.SecretRef{Store: entry.DefaultStore, Path: "secret/payments/00000"}
	d = newDesk(t, k)
	d.expect(t, exitOK, "", "registry", "apply", path)
	if got := d.get(t, "payments-key-00000"); !got.Expires.Equal(k.Expires) {
		t.Errorf("the file changed the expiry of an issued key to %s", got.Expires.Format(time.DateOnly))
	}
}

// TestApplyMovesNoIssuedKey: its ledger would name keys of another account.
func TestApplyMovesNoIssuedKey(t *testing.T) {
	t.Parallel()
	k := aKey()
	k.ID, k.Storage.Secret = "payments-key-00000", keyturn.SecretRef{Store: entry.DefaultStore, Path: "secret/payments/00000"}
	d := newDesk(t, k)
	d.expect(t, exitFailed, "1 finding", "registry", "apply", entries(t, 1, func(_ int, k *keyturn.Key) { k.Scope.Account = "acct_2" }))
	if !strings.Contains(d.stdout.String(), "scope.account_id") {
		t.Errorf("the finding does not name the field: %s", d.stdout)
	}
	if got := d.get(t, "payments-key-00000"); got.Scope.Account != "acct_1" {
		t.Errorf("the key was moved to %s", got.Scope.Account)
	}
}

func TestProgressBar(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.term.Err = true
	d.expect(t, exitOK, "applying", "registry", "apply", entries(t, tooMany, nil))
}

func TestExportNeedsFileNames(t *testing.T) {
	t.Parallel()
	k := aKey()
	k.ID = "up/../../escaped"
	d := newDesk(t, k)
	dir := t.TempDir()
	d.expect(t, exitFailed, "the id makes no file name", "registry", "export", "--dir", dir)
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
