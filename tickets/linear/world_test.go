package linear_test

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/tickets"
	"github.com/keyturn/keyturn/tickets/linear"
	"github.com/keyturn/keyturn/tickets/linear/linearfake"
)

const (
	config        = `{"team": "OPS", "token": {"path": "keyturn/linear"}}`
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

// world is a tracker before a workspace.
type world struct {
	tickets.Tracker
	linear *linearfake.Workspace
	faults *fake.Faults
	now    time.Time
	env    tickets.Env
}

func newWorld(t *testing.T, settings string, o linearfake.Options) *world {
	t.Helper()
	w := &world{now: time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC), faults: fake.NewFaults(linearfake.Refuse)}
	o.Now = func() time.Time { return w.now }
	w.linear = linearfake.New(o)
	srv := httptest.NewServer(w.faults.Wrap(w.linear))
	t.Cleanup(srv.Close)
	w.env = tickets.Env{
		HTTP: srv.Client(), BaseURL: srv.URL, Now: o.Now, WebhookSecret: keyturn.NewSecret(webhookSecret),
		Secret: func(context.Context, keyturn.SecretRef) (keyturn.Secret, error) {
			return keyturn.NewSecret("lin_api_x"), nil
		},
	}
	w.Tracker = w.reset(t, settings)
	return w
}

// reset is another tracker of the same workspace, with other settings.
func (w *world) reset(t *testing.T, settings string) tickets.Tracker {
	t.Helper()
	w.env.Decode = decode(settings)
	tracker, err := linear.Factory.New(w.env)
	if err != nil {
		t.Fatal(err)
	}
	return tracker
}

// ticket is one with a key.
func ticket(key string) tickets.Ticket {
	return tickets.Ticket{Key: key, Title: "Rotate " + key, Body: "- [ ] Mint a new key"}
}

// open opens a ticket that must be possible.
func (w *world) open(t *testing.T, key string) tickets.Ref {
	t.Helper()
	ref, err := w.Open(t.Context(), ticket(key))
	if err != nil {
		t.Fatalf("Open(%s): %v", key, err)
	}
	return ref
}

// held is an issue as the workspace holds it.
func (w *world) held(t *testing.T, id string) linearfake.Issue {
	t.Helper()
	for _, i := range w.linear.Issues() {
		if i.ID == id {
			return i
		}
	}
	t.Fatalf("the workspace holds no issue %s", id)
	return linearfake.Issue{}
}

// wantKind fails t unless err is of a kind and says some words.
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
}
