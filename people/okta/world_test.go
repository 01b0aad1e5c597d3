package okta_test

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
	"github.com/keyturn/keyturn/people"
	"github.com/keyturn/keyturn/people/okta"
	"github.com/keyturn/keyturn/people/okta/oktafake"
	"github.com/keyturn/keyturn/providers/fake"
)

const (
	config        = `{"domain": "acme.okta.com", "token": {"path": "keyturn/okta"}}`
	webhookSecret = "the webhook's secret"
)

// world is a directory before an org.
type world struct {
	people.Directory
	org    *oktafake.Org
	faults *fake.Faults
	now    time.Time
	env    people.Env
	token  string // as the secret store has it
	lost   error  // what the secret store says instead

	mu    sync.Mutex
	asked []string // method, path and query of each request
}

func newWorld(t *testing.T, o oktafake.Options) *world {
	t.Helper()
	w := &world{
		now: time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC), token: "00token",
		org: oktafake.New(o), faults: fake.NewFaults(oktafake.Refuse),
	}
	srv := httptest.NewServer(w.faults.Wrap(w.org))
	t.Cleanup(srv.Close)
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DisableKeepAlives = true // or net/http asks again when an answer is lost
	w.faults.Hook(func(r *http.Request) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.asked = append(w.asked, r.Method+" "+r.URL.RequestURI())
	}, nil)
	w.env = people.Env{
		HTTP: &http.Client{Transport: transport}, BaseURL: srv.URL, Now: func() time.Time { return w.now }, WebhookSecret: keyturn.NewSecret(webhookSecret),
		Secret: func(context.Context, keyturn.SecretRef) (string, keyturn.Secret, error) {
			return "", keyturn.NewSecret(w.token), w.lost
		},
	}
	w.Directory = w.reset(t, config)
	return w
}

// reset is another directory of the same org, with other settings.
func (w *world) reset(t *testing.T, settings string) people.Directory {
	t.Helper()
	w.env.Decode = decode(settings)
	d, err := okta.Factory.New(w.env)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// decode gives settings to a directory, strictly.
func decode(settings string) func(any) error {
	return func(v any) error {
		d := json.NewDecoder(strings.NewReader(settings))
		d.DisallowUnknownFields()
		return d.Decode(v)
	}
}

// requests returns what was asked since the last time.
func (w *world) requests() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	asked := w.asked
	w.asked = nil
	return asked
}

// profile is one of a login and names and values by turns.
func profile(login string, more ...string) map[string]string {
	p := map[string]string{"login": login, "firstName": "Ann", "lastName": "Lee"}
	for i := 0; i+1 < len(more); i += 2 {
		p[more[i]] = more[i+1]
	}
	return p
}

// add makes a user who is active and returns the id.
func (w *world) add(login string, more ...string) string {
	return w.org.Add(oktafake.User{Profile: profile(login, more...)})
}

// everyone collects all persons until an error.
func (w *world) everyone(t *testing.T) (out []people.Person, err error) {
	t.Helper()
	for p, err := range w.Everyone(t.Context()) {
		if err != nil {
			return out, err
		}
		out = append(out, p)
	}
	return out, nil
}

// answering has requests for a path answered with a body.
func answering(path, body string) fake.Rule { return answeringAs(path, http.StatusOK, body) }

func answeringAs(path string, status int, body string) fake.Rule {
	return fake.Rule{Path: path, Answer: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	})}
}

// refusingAs has requests for a path refused with an error code.
func refusingAs(path string, status int, code string) fake.Rule {
	return answeringAs(path, status, `{"errorCode": "`+code+`", "errorSummary": "ann@acme.example"}`)
}

// after is a rule that lets n requests pass first.
func after(n int, r fake.Rule) fake.Rule {
	r.Skip = n
	return r
}

// refusing has requests for a path refused.
func refusing(path string, status int) fake.Rule { return fake.Rule{Path: path, Status: status} }

// wantKind fails t unless err is of a kind, says some words and quotes no
// address.
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
	if err != nil && strings.Contains(err.Error(), "@") {
		t.Errorf("%s: %q quotes an address", what, err)
	}
}
