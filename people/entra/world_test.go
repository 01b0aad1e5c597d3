package entra_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people"
	"github.com/keyturn/keyturn/people/entra"
	"github.com/keyturn/keyturn/people/entra/entrafake"
	"github.com/keyturn/keyturn/providers/fake"
)

const (
	config  = `{"tenant": "72f988bf-0000-4000-8000-2d7cd011db47", "credentials": {"store": "vault", "path": "keyturn/entra"}}`
	hook    = "a webhook secret"
	address = "https://keyturn.example/people/entra"
)

// world is a directory before its fake, and the webhook that hears the fake.
type world struct {
	people.Directory
	tenant *entrafake.Fake
	faults *fake.Faults
	url    string

	mu    sync.Mutex
	now   time.Time
	calls []string
	heard []people.News
	deaf  bool // the webhook answers nothing proper
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{faults: fake.NewFaults(entrafake.Refuse), now: time.Now().UTC().Truncate(time.Second)}
	w.tenant = entrafake.New(entrafake.Options{Now: w.clock, Post: w.post})
	api := w.faults.Wrap(w.tenant.Handler())
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		w.calls = append(w.calls, r.Method+" "+r.URL.Path)
		w.mu.Unlock()
		api.ServeHTTP(rw, r)
	}))
	t.Cleanup(srv.Close)
	w.url = srv.URL
	w.Directory = w.open(t, hook)
	return w
}

// open opens the directory with a webhook secret.
func (w *world) open(t *testing.T, hook string) people.Directory {
	t.Helper()
	d, err := entra.Factory.New(w.env(config, hook))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func (w *world) env(settings, hook string) people.Env {
	return people.Env{
		BaseURL: w.url, Now: w.clock, HTTP: &http.Client{}, WebhookSecret: keyturn.NewSecret(hook),
		Decode: func(v any) error { return json.Unmarshal([]byte(settings), v) },
		Secret: func(context.Context, keyturn.SecretRef) (string, keyturn.Secret, error) {
			return entrafake.ClientID, keyturn.NewSecret(w.tenant.Secret), nil
		},
	}
}

// post is the way to the webhook, as webhooks.Server goes it.
func (w *world) post(address string, body []byte) (int, string) {
	u, err := url.Parse(address)
	w.mu.Lock()
	deaf, directory := w.deaf, w.Directory
	w.mu.Unlock()
	if err != nil || deaf {
		return http.StatusBadGateway, ""
	}
	news, err := directory.(people.Hearer).Hear(people.Delivery{Method: http.MethodPost, Query: u.Query(), Body: body})
	switch keyturn.KindOf(err) {
	case "":
	case keyturn.Denied:
		return http.StatusUnauthorized, ""
	default:
		return http.StatusBadRequest, ""
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if news.Answer == "" {
		w.heard = append(w.heard, news)
	}
	return http.StatusOK, news.Answer
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) advance(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// take returns the requests since the last take.
func (w *world) take() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := w.calls
	w.calls = nil
	return out
}

// news returns what was heard since the last call.
func (w *world) news() []people.News {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := w.heard
	w.heard = nil
	return out
}

func (w *world) subscribe(t *testing.T) time.Time {
	t.Helper()
	until, err := w.Directory.(people.Subscriber).Subscribe(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	return until
}

func wantKind(t *testing.T, what string, err error, kind keyturn.Kind) {
	t.Helper()
	if got := keyturn.KindOf(err); got != kind {
		t.Errorf("%s: %v is %q, want %q", what, err, got, kind)
	}
}
