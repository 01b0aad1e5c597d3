package github_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/leaks/github"
	"github.com/keyturn/keyturn/leaks/github/githubfake"
	"github.com/keyturn/keyturn/providers/fake"
)

const (
	config        = `{"org": "acme", "token": {"path": "keyturn/github"}}`
	ofRepos       = `{"repos": ["acme/payments", "acme/site"], "token": {"path": "keyturn/github"}}`
	webhookSecret = "the webhook's secret"
	canary        = "sk_live_CANARY0000000000000000"
	payments      = "acme/payments"
	sha           = "0123456789abcdef0123456789abcdef01234567"
)

// monday is when the tests happen.
var monday = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// world is a source before a forge.
type world struct {
	leaks.Source
	forge  *githubfake.Forge
	faults *fake.Faults
	env    leaks.Env

	mu    sync.Mutex
	now   time.Time
	id    string // as the secret store has it
	token string
	lost  error    // what the secret store says instead
	asked []string // method, path and query of each request
}

func newWorld(t *testing.T, settings string, o githubfake.Options) *world {
	t.Helper()
	w := &world{now: monday, token: "github_pat_fake", faults: fake.NewFaults(githubfake.Refuse)}
	o.Now = w.time
	w.forge = githubfake.New(o)
	w.forge.AddRepo(githubfake.Repo{Name: payments})
	w.forge.AddRepo(githubfake.Repo{Name: "acme/site", Public: true})
	srv := httptest.NewServer(w.faults.Wrap(w.forge))
	t.Cleanup(srv.Close)
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DisableKeepAlives = true // or net/http asks again when an answer is lost
	w.faults.Hook(func(r *http.Request) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.asked = append(w.asked, r.Method+" "+r.URL.RequestURI())
	}, nil)
	w.env = leaks.Env{
		Name: "code", BaseURL: srv.URL, Now: w.time, WebhookSecret: keyturn.NewSecret(webhookSecret),
		HTTP: &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		Secret: func(context.Context, keyturn.SecretRef) (string, keyturn.Secret, error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			return w.id, keyturn.NewSecret(w.token), w.lost
		},
	}
	w.Source = w.reset(t, settings)
	return w
}

// reset is another source of the same forge, with other settings.
func (w *world) reset(t *testing.T, settings string) leaks.Source {
	t.Helper()
	w.env.Decode = decode(settings)
	s, err := github.Factory.New(w.env)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// decode gives settings to a source, strictly.
func decode(settings string) func(any) error {
	return func(v any) error {
		d := json.NewDecoder(strings.NewReader(settings))
		d.DisallowUnknownFields()
		return d.Decode(v)
	}
}

func (w *world) time() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// wait lets time pass.
func (w *world) wait(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// requests returns what was asked since the last time.
func (w *world) requests() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	asked := w.asked
	w.asked = nil
	return asked
}

func (w *world) look(ctx context.Context, alert string) (leaks.Finding, error) {
	return w.Source.(leaks.Looker).Look(ctx, alert)
}

func (w *world) close(ctx context.Context, alert string, why leaks.Closing, comment string) error {
	return w.Source.(leaks.Closer).Close(ctx, alert, why, comment)
}

// open collects all findings until an error.
func (w *world) open(ctx context.Context, since time.Time) (out []leaks.Finding, err error) {
	for f, err := range w.Source.(leaks.Lister).Open(ctx, since) {
		if err != nil {
			return out, err
		}
		out = append(out, f)
	}
	return out, nil
}

// leak has a Stripe key found in acme/payments, in a file.
func (w *world) leak() int {
	return w.forge.Leak(payments, githubfake.Alert{
		Type: "stripe_api_key", Secret: canary, Places: []githubfake.Place{{Path: "config.env", Line: 3, Commit: sha, At: monday.Add(-time.Hour)}},
	})
}

// answering has requests for a path answered with a status, a body, and headers.
func answering(path string, status int, body string, headers ...string) fake.Rule {
	return fake.Rule{Path: path, Answer: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	})}
}

// wantKind fails t unless err is of a kind, says some words and quotes no value.
func wantKind(t *testing.T, what string, err error, kind keyturn.Kind, words ...string) {
	t.Helper()
	if got := keyturn.KindOf(err); got != kind {
		t.Errorf("%s: %v (%q), want %q", what, err, got, kind)
		return
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%s: %q, want it to say %q", what, err, word)
		}
	}
	if err != nil && strings.Contains(err.Error(), "CANARY") {
		t.Errorf("%s: %q quotes the value", what, err)
	}
}
