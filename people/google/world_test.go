package google_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people"
	"github.com/keyturn/keyturn/people/google"
	"github.com/keyturn/keyturn/people/google/googlefake"
	"github.com/keyturn/keyturn/providers/fake"
)

const webhookSecret = "hook-7f2b"

// world is a directory before its fake.
type world struct {
	d      people.Directory
	other  people.Directory // the same, as another worker has it
	fake   *googlefake.Directory
	faults *fake.Faults

	mu    sync.Mutex
	asked []string // method, path and query
	now   time.Time
	file  string // the service account's key
}

func newWorld(t *testing.T, o googlefake.Options) *world {
	t.Helper()
	w := &world{faults: fake.NewFaults(googlefake.Refuse), now: time.Date(2026, 11, 25, 10, 30, 0, 0, time.UTC), file: googlefake.File()}
	o.Now = w.time
	w.fake = googlefake.New(o)
	w.faults.Hook(func(r *http.Request) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.asked = append(w.asked, r.Method+" "+r.URL.String())
	}, nil)
	srv := httptest.NewServer(w.faults.Wrap(w.fake))
	t.Cleanup(srv.Close)
	w.d, w.other = open(t, w, srv, config), open(t, w, srv, config)
	return w
}

func open(t *testing.T, w *world, srv *httptest.Server, config string) people.Directory {
	t.Helper()
	d, err := google.Factory.New(people.Env{
		HTTP: srv.Client(), BaseURL: srv.URL + "/", Now: w.time, WebhookSecret: keyturn.NewSecret(webhookSecret),
		Decode: func(v any) error { return json.Unmarshal([]byte(config), v) },
		Secret: func(context.Context, keyturn.SecretRef) (string, keyturn.Secret, error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			return "", keyturn.NewSecret(w.file), nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func (w *world) time() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// pass lets time pass.
func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// take returns the requests since the last take, but for those of tokens.
func (w *world) take() (out []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, a := range w.asked {
		if a != "POST /token" {
			out = append(out, a)
		}
	}
	w.asked = nil
	return out
}

// at matches requests whose path ends so.
func at(suffix string) func(*http.Request) bool {
	return func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, suffix) }
}

// saying answers with a status and a body.
func saying(status int, body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	})
}

// problem is an error of the Directory API.
func problem(status int, reason string) http.Handler {
	b, _ := json.Marshal(map[string]any{"error": map[string]any{"code": status, "errors": []map[string]string{{"reason": reason}}}})
	return saying(status, string(b))
}

// delivery is a request as the webhook hands it on.
func delivery(t *testing.T, r *http.Request) people.Delivery {
	t.Helper()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return people.Delivery{Method: r.Method, Header: r.Header.Clone(), Query: r.URL.Query(), Body: body}
}

func wantKind(t *testing.T, what string, err error, kind keyturn.Kind) {
	t.Helper()
	if got := keyturn.KindOf(err); got != kind {
		t.Errorf("%s: %v is %q, want %q", what, err, got, kind)
	}
}
