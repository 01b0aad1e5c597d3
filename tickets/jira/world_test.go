package jira_test

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
	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/tickets"
	"github.com/keyturn/keyturn/tickets/jira"
	"github.com/keyturn/keyturn/tickets/jira/jirafake"
)

const (
	config        = `{"site": "https://acme.atlassian.net", "email": "keyturn@acme.example", "token": {"path": "keyturn/jira"}, "project": "OPS"}`
	webhookSecret = "the webhook's secret"
)

// with is config with one setting more.
func with(setting string) string { return strings.TrimSuffix(config, "}") + ", " + setting + "}" }

// decode gives settings to a tracker, strictly.
func decode(settings string) func(any) error {
	return func(v any) error {
		d := json.NewDecoder(strings.NewReader(settings))
		d.DisallowUnknownFields()
		return d.Decode(v)
	}
}

// world is a tracker before a site, and the clock of both.
type world struct {
	tickets.Tracker
	site   *jirafake.Jira
	faults *fake.Faults
	srv    *httptest.Server

	mu    sync.Mutex
	clock time.Time
	token string
}

func newWorld(t *testing.T, settings string, o jirafake.Options) *world {
	t.Helper()
	w := &world{clock: time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC), faults: fake.NewFaults(jirafake.Refuse), token: "the-token"}
	o.Now = w.now
	w.site = jirafake.New(o)
	w.srv = httptest.NewServer(w.faults.Wrap(w.site))
	t.Cleanup(w.srv.Close)
	w.Tracker = w.another(t, settings)
	return w
}

// another is a tracker more before the same site, as another worker has it.
func (w *world) another(t *testing.T, settings string) tickets.Tracker {
	t.Helper()
	out, err := jira.Factory.New(tickets.Env{
		HTTP: w.srv.Client(), BaseURL: w.srv.URL, Decode: decode(settings), Now: w.now, WebhookSecret: keyturn.NewSecret(webhookSecret),
		Secret: func(context.Context, keyturn.SecretRef) (keyturn.Secret, error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			if w.token == "" {
				return keyturn.Secret{}, keyturn.Errorf(keyturn.NotFound, "store: read", "no such secret")
			}
			return keyturn.NewSecret(w.token), nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.clock
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.clock = w.clock.Add(d)
}

// use puts another token in the store; "" takes it away.
func (w *world) use(token string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.token = token
}

func ticket() tickets.Ticket {
	return tickets.Ticket{Key: "manual/payments-stripe/7", Title: "Rotate payments-stripe", Body: "Please **rotate** it.\n\n- [ ] mint\n- [ ] store\n", Due: time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)}
}

func (w *world) open(t *testing.T, k tickets.Ticket) tickets.Ref {
	t.Helper()
	ref, err := w.Open(t.Context(), k)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	return ref
}

// stillOpen are the ids of the site's issues that are not done.
func (w *world) stillOpen() []string {
	var out []string
	for _, i := range w.site.Issues() {
		if !i.Closed() {
			out = append(out, i.ID)
		}
	}
	return out
}

// issue is one of the site's issues.
func (w *world) issue(t *testing.T, id string) jirafake.Issue {
	t.Helper()
	for _, i := range w.site.Issues() {
		if i.ID == id {
			return i
		}
	}
	t.Fatalf("there is no issue %s", id)
	return jirafake.Issue{}
}

// creating matches the request that creates an issue.
func creating(r *http.Request) bool {
	return r.Method == http.MethodPost && r.URL.Path == "/rest/api/3/issue"
}
