package gitguardian_test

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
	"github.com/keyturn/keyturn/leaks/gitguardian"
	"github.com/keyturn/keyturn/leaks/gitguardian/gitguardianfake"
	"github.com/keyturn/keyturn/providers/fake"
)

const (
	config         = `{"token": {"path": "keyturn/gitguardian"}}`
	withPublic     = `{"token": {"path": "keyturn/gitguardian"}, "public_monitoring": true}`
	signatureToken = "the signature token"
	sha            = "0123456789abcdef0123456789abcdef01234567"
	canary         = "CANARY"
)

// hash is one as GitGuardian tells it.
var hash = strings.Repeat("0be4d469", 8)

// monday is when the tests happen.
var monday = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// world is a source before a workspace.
type world struct {
	leaks.Source
	space  *gitguardianfake.Workspace
	faults *fake.Faults
	env    leaks.Env

	mu    sync.Mutex
	now   time.Time
	token string   // as the secret store has it
	lost  error    // what the secret store says instead
	asked []string // method, path and query of each request
}

func newWorld(t *testing.T, settings string, o gitguardianfake.Options) *world {
	t.Helper()
	w := &world{now: monday, token: "ggtt-v-fake", faults: fake.NewFaults(gitguardianfake.Refuse)}
	o.Now = w.time
	w.space = gitguardianfake.New(o)
	srv := httptest.NewServer(w.faults.Wrap(w.space))
	t.Cleanup(srv.Close)
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DisableKeepAlives = true // or net/http asks again when an answer is lost
	w.faults.Hook(func(r *http.Request) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.asked = append(w.asked, r.Method+" "+r.URL.RequestURI())
	}, nil)
	w.env = leaks.Env{
		Name: "gg", BaseURL: srv.URL, Now: w.time, WebhookSecret: keyturn.NewSecret(signatureToken),
		HTTP: &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		Secret: func(context.Context, keyturn.SecretRef) (string, keyturn.Secret, error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			return "", keyturn.NewSecret(w.token), w.lost
		},
	}
	w.Source = w.reset(t, settings)
	return w
}

// reset is another source of the same workspace, with other settings.
func (w *world) reset(t *testing.T, settings string) leaks.Source {
	t.Helper()
	w.env.Decode = decode(settings)
	s, err := gitguardian.Factory.New(w.env)
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

// wantKind fails t unless err is of a kind, says some words and quotes nothing it was
// answered.
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
	if err != nil && strings.Contains(err.Error(), canary) {
		t.Errorf("%s: %q quotes what it was answered", what, err)
	}
}
