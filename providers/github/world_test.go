package github_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/providers/github"
	"github.com/keyturn/keyturn/providers/github/githubfake"
)

const repo = githubfake.Account + "/orders"

// world is a provider before its fake.
type world struct {
	p interface {
		providers.Minter
		providers.Lister
		providers.Verifier
		providers.Revoker
		providers.UsageReader
		providers.Identifier
		providers.ValueRevoker
		providers.PermissionChecker
	}
	l       *fake.Ledger
	faults  *fake.Faults
	now     atomic.Pointer[time.Time]
	cred    atomic.Pointer[providers.Credential]
	begun   atomic.Int32 // installation tokens asked for
	account string
}

func newWorld(t *testing.T, config, account string) *world {
	t.Helper()
	w := &world{account: account, faults: fake.NewFaults(githubfake.Refuse)}
	w.wait(time.Now().Truncate(time.Second))
	w.l = fake.NewLedger(fake.Options{Now: w.time})
	w.l.AddPrincipal(repo, githubfake.Account+"/billing", "pat")
	w.use(providers.Credential{ID: "Iv23li", Secret: appKey()})
	next := w.faults.Wrap(githubfake.New(w.l))
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && auth(r) {
			w.begun.Add(1)
		}
		next.ServeHTTP(rw, r)
	}))
	t.Cleanup(srv.Close)
	client := srv.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	p, err := github.Factory.New(providers.Env{
		Account: account, HTTP: client, BaseURL: srv.URL, Now: w.time,
		Decode: func(v any) error { return json.Unmarshal([]byte(config), v) },
		Credential: func(context.Context, keyturn.SecretRef) (providers.Credential, error) {
			return *w.cred.Load(), nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	var ok bool
	if w.p, ok = p.(interface {
		providers.Minter
		providers.Lister
		providers.Verifier
		providers.Revoker
		providers.UsageReader
		providers.Identifier
		providers.ValueRevoker
		providers.PermissionChecker
	}); !ok {
		t.Fatal("a capability is missing")
	}
	return w
}

func (w *world) time() time.Time      { return *w.now.Load() }
func (w *world) wait(until time.Time) { w.now.Store(&until) }

// use makes a credential the App's.
func (w *world) use(c providers.Credential) {
	w.cred.Store(&c)
	w.l.SetAdmin(fake.Admin{Name: "github", ID: c.ID, Secret: c.Secret.Expose()})
}

func (w *world) seed(t *testing.T, principal, label string) fake.Key {
	t.Helper()
	k, err := w.l.Mint("test", fake.Draft{Principal: principal, Label: label})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func wantKind(t *testing.T, what string, err error, want keyturn.Kind) {
	t.Helper()
	if got := keyturn.KindOf(err); got != want {
		t.Errorf("%s: %v is %q, want %q", what, err, got, want)
	}
}

// answer answers with a status, headers and a body.
func answer(status int, body string, headers ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	})
}
