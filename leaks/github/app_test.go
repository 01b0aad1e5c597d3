package github_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/leaks/github/githubfake"
	"github.com/keyturn/keyturn/providers/fake"
)

const asApp = `{"org": "acme", "private_key": {"path": "keyturn/app"}}`

// appKey is the private key of the App.
var appKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func newAppWorld(t *testing.T, settings string, o githubfake.Options) *world {
	t.Helper()
	o.App, o.Key = "Iv23li", &appKey().PublicKey
	w := newWorld(t, settings, o)
	w.id = "Iv23li"
	w.token = string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(appKey())}))
	return w
}

// begun counts the installation tokens that were asked for since the last time.
func (w *world) begun() (n int) {
	for _, asked := range w.requests() {
		if strings.HasPrefix(asked, "POST /app/installations/4711/access_tokens") {
			n++
		}
	}
	return n
}

// TestApp does everything as an App.
func TestApp(t *testing.T) {
	t.Parallel()
	for _, settings := range []string{asApp, `{"repos": ["Acme/payments"], "private_key": {"path": "keyturn/app"}, "app": "Iv23li"}`} {
		w := newAppWorld(t, settings, githubfake.Options{})
		w.leak()
		if err := w.Check(t.Context()); err != nil {
			t.Errorf("Check: %v", err)
		}
		if found, err := w.open(t.Context(), time.Time{}); err != nil || len(found) != 1 {
			t.Errorf("Open yields %d, %v", len(found), err)
		}
		if _, err := w.look(t.Context(), first); err != nil {
			t.Errorf("Look: %v", err)
		}
		if err := w.close(t.Context(), first, leaks.Revoked, "rotated"); err != nil {
			t.Errorf("Close: %v", err)
		}
		if n := w.begun(); n != 1 {
			t.Errorf("%d installation tokens were asked for, want 1", n)
		}
	}
}

// TestSessions counts the installation tokens asked for.
func TestSessions(t *testing.T) {
	t.Parallel()
	w := newAppWorld(t, asApp, githubfake.Options{})
	check := func(what string, kind keyturn.Kind, want int) {
		t.Helper()
		wantKind(t, what, w.Check(t.Context()), kind)
		if n := w.begun(); n != want {
			t.Errorf("%s: %d tokens were asked for, want %d", what, n, want)
		}
	}
	check("at first", "", 1)
	w.wait(54 * time.Minute)
	check("within the hour", "", 0)
	w.wait(2 * time.Minute)
	check("minutes before its end", "", 1)
	w.forge.EndTokens()
	check("a token that was ended", keyturn.Denied, 0)
	check("after a refusal", "", 1)
	der, err := x509.MarshalPKCS8PrivateKey(appKey())
	if err != nil {
		t.Fatal(err)
	}
	w.token = string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	check("with the private key written otherwise", "", 1)
}

// TestAppIsNotLetIn checks that trouble with the App is never an alert's absence.
func TestAppIsNotLetIn(t *testing.T) {
	t.Parallel()
	w := newAppWorld(t, asApp, githubfake.Options{ReadOnly: true})
	wantKind(t, "Check of an App that may only read", w.Check(t.Context()), keyturn.Denied, "secret_scanning_alerts: write")

	w = newAppWorld(t, strings.Replace(asApp, "acme", "elsewhere", 1), githubfake.Options{})
	_, err := w.look(t.Context(), "elsewhere/a#1")
	wantKind(t, "Look where it is not installed", err, keyturn.Denied, "installed in the account elsewhere")
	wantKind(t, "Close where it is not installed", w.close(t.Context(), "elsewhere/a#1", leaks.Revoked, ""), keyturn.Denied)

	w = newAppWorld(t, asApp, githubfake.Options{})
	for status, kind := range map[int]keyturn.Kind{401: keyturn.Denied, 404: keyturn.Denied, 429: keyturn.RateLimited, 500: keyturn.Unavailable} {
		w.faults.Set(fake.Rule{Path: "/app/", Status: status})
		_, err := w.look(t.Context(), first)
		wantKind(t, "Look of an App that is refused", err, kind)
	}
	for _, body := range []string{`{}`, `{"token": "ghs_CANARY"}`, `x`} {
		rule := answering("/app/installations/4711/", 201, body)
		w.faults.Set(rule)
		_, err := w.look(t.Context(), first)
		wantKind(t, "Look with no token", err, keyturn.Unavailable)
	}
	w.faults.Set()
	for what, c := range map[string]struct{ id, key, word string }{
		"no key":      {"Iv23li", "CANARY", "PEM"},
		"another PEM": {"Iv23li", "-----BEGIN PRIVATE KEY-----\nQ0FOQVJZ\n-----END PRIVATE KEY-----\n", "RSA"},
		"no App":      {"", w.token, "id"},
	} {
		w.id, w.token = c.id, c.key
		wantKind(t, what, w.Check(t.Context()), keyturn.Invalid, c.word)
	}
}
