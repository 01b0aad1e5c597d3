package gitlab_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/providers/gitlab"
	"github.com/keyturn/keyturn/providers/gitlab/gitlabfake"
)

const project = "project/42"

// now is when everything in these tests happens.
func now() time.Time { return time.Date(2027, time.March, 10, 15, 30, 0, 0, time.UTC) }

// world is a provider before a fake with tokens of one project.
type world struct {
	p      providers.Provider
	l      *fake.Ledger
	faults *fake.Faults
}

func newWorld(t *testing.T, settings string, tokens int) world {
	t.Helper()
	w := world{l: fake.NewLedger(fake.Options{Now: now}), faults: fake.NewFaults(gitlabfake.Refuse)}
	w.l.SetAdmin(fake.Admin{Name: "gitlab", Secret: "the administrator's"})
	w.l.AddPrincipal(project)
	srv := httptest.NewServer(w.faults.Wrap(gitlabfake.New(w.l)))
	t.Cleanup(srv.Close)
	var err error
	w.p, err = gitlab.Factory.New(providers.Env{
		HTTP: srv.Client(), BaseURL: srv.URL, Decode: decode(settings), Now: now,
		Credential: func(context.Context, keyturn.SecretRef) (providers.Credential, error) {
			return providers.Credential{Secret: keyturn.NewSecret("the administrator's")}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range tokens {
		if _, err := w.l.Mint("test", fake.Draft{Principal: project, Label: keyturn.Label("orders", i)}); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// decode gives settings to a provider.
func decode(s string) func(any) error {
	return func(v any) error { return json.Unmarshal([]byte(s), v) }
}

// answer makes GitLab answer the next request like this, and go on as usual.
func (w world) answer(status int, body string) {
	w.faults.Set(fake.Rule{Times: 1, Answer: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	})})
}

func wantKind(t *testing.T, what string, err error, want keyturn.Kind) {
	t.Helper()
	if got := keyturn.KindOf(err); got != want {
		t.Errorf("%s: %q (%v), want %q", what, got, err, want)
	}
}
