package google_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people"
	"github.com/keyturn/keyturn/people/google"
	"github.com/keyturn/keyturn/people/google/googlefake"
	"github.com/keyturn/keyturn/providers/fake"
)

// TestTokens checks when a token is fetched anew.
func TestTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t, googlefake.Options{})
	w.fake.Put(googlefake.User{Email: "ada@acme.example"})
	var fetched atomic.Int32
	w.faults.Hook(func(r *http.Request) {
		if r.URL.Path == "/token" {
			fetched.Add(1)
		}
	}, nil)
	person := func(what string, want keyturn.Kind, tokens int32) {
		t.Helper()
		fetched.Store(0)
		_, err := w.d.Person(t.Context(), "ada@acme.example")
		wantKind(t, what, err, want)
		if n := fetched.Load(); n != tokens {
			t.Errorf("%s: %d tokens were fetched, want %d", what, n, tokens)
		}
	}
	person("the first call", "", 1)
	w.pass(54 * time.Minute)
	person("a call within the hour", "", 0)
	w.pass(2 * time.Minute)
	person("a call near its end", "", 1)
	w.faults.Set(fake.Rule{Match: func(r *http.Request) bool { return r.URL.Path != "/token" }, Status: 401, Times: 1})
	person("a refused token", keyturn.Denied, 0)
	person("a call after it", "", 1)
	w.file += " "
	person("another key", "", 1)
	w.file = `{"type":"authorized_user"}`
	person("no key of a service account", keyturn.Invalid, 0)
}

func TestUngranted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, googlefake.Options{})
	for body, want := range map[string]keyturn.Kind{
		`{"error":"invalid_grant","error_description":"Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe."}`: keyturn.Unavailable,
		`{"error":"invalid_grant","error_description":"Invalid email or User ID"}`:                                                                   keyturn.Denied,
		`{"error":"invalid_grant","error_description":"Invalid JWT Signature."}`:                                                                     keyturn.Denied,
		`{"error":"unauthorized_client","error_description":"Client is unauthorized to retrieve access tokens using this method."}`:                  keyturn.Denied,
		`{"error":"invalid_scope"}`: keyturn.Invalid,
		`<html>`:                    keyturn.Invalid,
	} {
		w.faults.Set(fake.Rule{Match: at("/token"), Answer: saying(400, body)})
		err := w.d.Check(t.Context())
		wantKind(t, body, err, want)
		if strings.Contains(body, "User ID") && !strings.Contains(err.Error(), "the setting admin") {
			t.Errorf("%s: %v does not name the setting", body, err)
		}
	}
}

// TestCheck takes away one thing after the other that the directory needs.
func TestCheck(t *testing.T) {
	t.Parallel()
	w := newWorld(t, googlefake.Options{})
	wantKind(t, "Check", w.d.Check(t.Context()), "")
	for _, a := range w.take() {
		if !strings.HasPrefix(a, "GET ") {
			t.Errorf("Check did %s", a)
		}
	}
	for _, path := range []string{"/users", "/groups", "/tokens"} {
		w.faults.Set(fake.Rule{Match: at(path), Answer: problem(403, "insufficientPermissions")})
		wantKind(t, "Check without "+path, w.d.Check(t.Context()), keyturn.Denied)
	}
	for _, scope := range []string{"user.readonly", "group.readonly", "user.security"} {
		w := newWorld(t, googlefake.Options{Undelegated: []string{"https://www.googleapis.com/auth/admin.directory." + scope}})
		wantKind(t, "Check without "+scope, w.d.Check(t.Context()), keyturn.Denied)
	}
	for admin, put := range map[string]bool{"nobody@acme.example": false, "ada@acme.example": true} {
		w := newWorld(t, googlefake.Options{})
		if put {
			w.fake.Put(googlefake.User{Email: admin}) // who is no administrator
		}
		srv := httptest.NewServer(w.fake)
		t.Cleanup(srv.Close)
		d := open(t, w, srv, strings.ReplaceAll(config, "Admin@acme.example", admin))
		wantKind(t, "Check as "+admin, d.Check(t.Context()), keyturn.Denied)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for settings, want := range map[string]string{
		`{}`:                                "credentials",
		`{"admin":"admin@acme.example"}`:    "credentials",
		`{"credentials":{"path":"google"}}`: "admin",
		`{"credentials":{"path":"google"},"admin":"admin"}`: "admin",
		`[]`: "settings",
	} {
		_, err := google.Factory.New(people.Env{Decode: func(v any) error { return json.Unmarshal([]byte(settings), v) }})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want something about %s", settings, err, want)
		}
	}
}

// TestMends checks that a refusal says what to do, where Google says why.
func TestMends(t *testing.T) {
	t.Parallel()
	w := newWorld(t, googlefake.Options{})
	for reason, mend := range map[string]string{
		"push.webhookUrlUnauthorized": "certificate", "accessNotConfigured": "enable admin.googleapis.com", "SERVICE_DISABLED": "enable admin.googleapis.com",
		"insufficientPermissions": "all three scopes", "forbidden": "lacks a privilege",
	} {
		w.faults.Set(fake.Rule{Match: at("/users"), Answer: problem(403, reason)})
		if err := w.d.Check(t.Context()); keyturn.KindOf(err) != keyturn.Denied || !strings.Contains(err.Error(), mend) {
			t.Errorf("%s: %v, want Denied and something of %q", reason, err, mend)
		}
	}
}
