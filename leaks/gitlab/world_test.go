package gitlab_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/leaks/gitlab"
	"github.com/keyturn/keyturn/leaks/gitlab/gitlabfake"
	"github.com/keyturn/keyturn/providers/fake"
)

const (
	webhookSecret = "the webhook's secret"
	byToken       = `{"format": "token", "types": ["gitleaks_rule_id_acme_api_token", "gitleaks_rule_id_stripe"]}`
	signed        = `{"format": "signed", "public_keys_url": "https://api.github.com/meta/public_keys/secret_scanning"}`
	token         = "acme-CANARY-2b7e151628aed2a6"
	where         = "https://github.com/acme/payments/blob/0123456789abcdef0123456789abcdef01234567/config/.env#L12"
)

// world is a source, and a vendor that tells it of tokens.
type world struct {
	leaks.Source
	vendor *gitlabfake.Vendor
	faults *fake.Faults
	env    leaks.Env

	mu   sync.Mutex
	at   time.Time
	asks int // requests that reached the vendor
}

func newWorld(t *testing.T, settings string) *world {
	t.Helper()
	w := &world{
		at:     time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC),
		vendor: gitlabfake.New("Github"), faults: fake.NewFaults(nil),
	}
	w.vendor.AddKey("k1")
	srv := httptest.NewServer(w.faults.Wrap(w.vendor))
	t.Cleanup(srv.Close)
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DisableKeepAlives = true // or net/http asks again when an answer is lost
	w.faults.Hook(func(*http.Request) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.asks++
	}, nil)
	w.env = leaks.Env{
		Name: "scanner", BaseURL: srv.URL, Now: w.now, WebhookSecret: keyturn.NewSecret(webhookSecret),
		HTTP: &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
	w.reset(t, settings)
	return w
}

// reset makes the source anew, as a restart does.
func (w *world) reset(t *testing.T, settings string) {
	t.Helper()
	w.env.Decode = decode(settings)
	s, err := gitlab.Factory.New(w.env)
	if err != nil {
		t.Fatal(err)
	}
	w.Source = s
}

// decode gives settings to a source, strictly.
func decode(settings string) func(any) error {
	return func(v any) error {
		d := json.NewDecoder(strings.NewReader(settings))
		d.DisallowUnknownFields()
		return d.Decode(v)
	}
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.at
}

func (w *world) wait(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = w.at.Add(d)
}

// asked returns how often the keys were asked for since the last time.
func (w *world) asked() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := w.asks
	w.asks = 0
	return n
}

// revoke delivers a body as a GitLab instance does.
func (w *world) revoke(t *testing.T, body []byte) (leaks.News, error) {
	t.Helper()
	return w.Hear(t.Context(), leaks.Delivery{
		Method: http.MethodPost, Path: "/revoke_tokens", Header: http.Header{"Authorization": {webhookSecret}}, Body: body,
	})
}

// partner delivers a body that a key has signed.
func (w *world) partner(t *testing.T, key string, body []byte) (leaks.News, error) {
	t.Helper()
	return w.Hear(t.Context(), leaks.Delivery{Method: http.MethodPost, Header: w.vendor.Sign(key, body), Body: body})
}

// wantKind fails t unless err is of a kind, says some words and quotes nothing of a
// delivery.
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
	if err != nil && (strings.Contains(err.Error(), "CANARY") || strings.Contains(err.Error(), webhookSecret)) {
		t.Errorf("%s: %q quotes what it must not", what, err)
	}
}
