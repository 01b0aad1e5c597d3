package hmsl_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/leaks/hmsl"
	"github.com/keyturn/keyturn/leaks/hmsl/hmslfake"
	"github.com/keyturn/keyturn/providers/fake"
)

const apiKey = "gg-CANARY-key"

// world is a client before a service.
type world struct {
	*hmsl.Client
	exchange *hmsl.Exchange
	service  *hmslfake.Service
	faults   *fake.Faults
	now      time.Time
	key      string // as the secret store has it

	mu   sync.Mutex
	sent []string // each request as it was on the wire
}

// newWorld returns a client that asks with a token.
func newWorld(t *testing.T, o hmslfake.Options) *world {
	t.Helper()
	w := &world{now: time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC), key: apiKey, faults: fake.NewFaults(hmslfake.Refuse)}
	now := func() time.Time { return w.now }
	o.APIKey, o.Now = apiKey, now
	w.service = hmslfake.New(o)
	srv := httptest.NewServer(w.recording(w.faults.Wrap(w.service)))
	t.Cleanup(srv.Close)
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DisableKeepAlives = true // or net/http asks again when an answer is lost
	client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	w.exchange = &hmsl.Exchange{
		HTTP: client, BaseURL: srv.URL, Now: now,
		APIKey: func(context.Context) (keyturn.Secret, error) { return keyturn.NewSecret(w.key), nil },
	}
	w.Client = &hmsl.Client{HTTP: client, BaseURL: srv.URL, Token: w.exchange.Token}
	return w
}

// recording keeps what is sent.
func (w *world) recording(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		w.mu.Lock()
		w.sent = append(w.sent, fmt.Sprint(r.Method, " ", r.URL.RequestURI(), " ", r.Header, " ", string(body)))
		w.mu.Unlock()
		next.ServeHTTP(rw, r)
	})
}

// requests returns what was sent since the last time.
func (w *world) requests() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	sent := w.sent
	w.sent = nil
	return sent
}

// hashOf is the hash of a value, as keys keep it.
func hashOf(value string) string {
	return (leaks.Fingerprinter{}).Of(keyturn.NewSecret(value)).HMSL
}

// hash is one that begins with a prefix.
func hash(prefix string) string { return prefix + strings.Repeat("7", 64-len(prefix)) }

// answering has requests for a path answered with a body.
func answering(path, body string) fake.Rule {
	return fake.Rule{Path: path, Answer: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) })}
}

// wantKind fails t unless err is of a kind and says some words, and neither a hash nor
// what a service quoted.
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
	if err != nil && (strings.Contains(err.Error(), "CANARY") || strings.Contains(err.Error(), "7777")) {
		t.Errorf("%s: %q quotes what it must not", what, err)
	}
}
