package synthetic_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/synthetic"
)

const canary = "CANARY-value"

var subject = synthetic.Subject{KeyID: "AK1", Secret: keyturn.NewSecret(canary)}

func check(t *testing.T, name string, err error, want keyturn.Kind) {
	t.Helper()
	if keyturn.KindOf(err) != want {
		t.Errorf("%s: got %v, want %q", name, err, want)
	}
	if err != nil && strings.Contains(err.Error(), canary) {
		t.Errorf("%s: the value is in the error: %v", name, err)
	}
}

func TestHTTP(t *testing.T) {
	t.Parallel()
	status := map[string]int{"/ok": 204, "/no": 401, "/teapot": 418, "/later": 503, "/slow-down": 429, "/echo": 403}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+canary || r.Header.Get("X-Id") != "AK1" {
			t.Errorf("headers %v", r.Header)
		}
		w.WriteHeader(status[r.URL.Path])
		_, _ = w.Write([]byte("bad key " + canary))
	}))
	defer srv.Close()
	r := synthetic.Runner{HTTP: srv.Client()}
	headers := map[string]string{"Authorization": "Bearer {key}", "X-Id": "{key_id}"}
	for path, want := range map[string]keyturn.Kind{
		"/ok": "", "/no": keyturn.Denied, "/teapot": keyturn.Denied, "/later": keyturn.Unavailable, "/slow-down": keyturn.Unavailable, "/echo": keyturn.Denied,
	} {
		check(t, path, r.Run(t.Context(), keyturn.Test{HTTP: &keyturn.HTTPTest{URL: srv.URL + path, Headers: headers}}, subject), want)
	}
	check(t, "expected status", r.Run(t.Context(), keyturn.Test{HTTP: &keyturn.HTTPTest{URL: srv.URL + "/teapot", Headers: headers, Status: 418}}, subject), "")
	check(t, "no server", r.Run(t.Context(), keyturn.Test{HTTP: &keyturn.HTTPTest{URL: "http://127.0.0.1:1/?k=" + canary}}, subject), keyturn.Unavailable)
	lines := synthetic.Subject{KeyID: "AK1", Secret: keyturn.NewSecret(canary + "\nsecond line")}
	check(t, "several lines", r.Run(t.Context(), keyturn.Test{HTTP: &keyturn.HTTPTest{URL: srv.URL + "/ok", Headers: headers}}, lines), keyturn.Invalid)
	check(t, "no url", r.Run(t.Context(), keyturn.Test{HTTP: &keyturn.HTTPTest{URL: "::"}}, subject), keyturn.Invalid)
	check(t, "not allowed", synthetic.Runner{}.Run(t.Context(), keyturn.Test{HTTP: &keyturn.HTTPTest{URL: srv.URL}}, subject), keyturn.Unsupported)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.Run(ctx, keyturn.Test{HTTP: &keyturn.HTTPTest{URL: srv.URL + "/ok", Headers: headers}}, subject); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestCommand(t *testing.T) {
	t.Parallel()
	script := filepath.Join(t.TempDir(), "test.sh")
	text := `#!/bin/sh
read -r value
[ "$value" = "` + canary + `" ] && [ "$KEYTURN_KEY_ID" = AK1 ] && [ -z "$HOME" ] || exit 9
[ "$1" = slow ] && exec sleep 30
echo "$value"
exit "${1:-0}"
`
	if err := os.WriteFile(script, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	r := synthetic.Runner{Commands: []string{script}}
	run := func(c keyturn.CommandTest) error { return r.Run(t.Context(), keyturn.Test{Command: &c}, subject) }
	check(t, "passes", run(keyturn.CommandTest{Argv: []string{script}}), "")
	check(t, "says no", run(keyturn.CommandTest{Argv: []string{script, "3"}}), keyturn.Denied)
	check(t, "too slow", run(keyturn.CommandTest{Argv: []string{script, "slow"}, Timeout: keyturn.Duration(300 * time.Millisecond)}), keyturn.Unavailable)
	check(t, "not allowed", run(keyturn.CommandTest{Argv: []string{"/bin/sh", "-c", "true"}}), keyturn.Unsupported)
	check(t, "nothing", run(keyturn.CommandTest{}), keyturn.Unsupported)
	check(t, "both", r.Run(t.Context(), keyturn.Test{HTTP: &keyturn.HTTPTest{}, Command: &keyturn.CommandTest{}}, subject), keyturn.Invalid)
}
