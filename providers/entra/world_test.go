package entra_test

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
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/providers/entra"
	"github.com/keyturn/keyturn/providers/entra/entrafake"
	"github.com/keyturn/keyturn/providers/fake"
)

const config = `{"credentials": {"path": "keyturn/entra"}}`

// orders and billing are applications, named in both ways.
const (
	orders  = "8f1d2c3b-1111-4000-8000-000000000001"
	billing = "appId=8f1d2c3b-2222-4000-8000-000000000002"
)

// world is a provider before its fake.
type world struct {
	p      providers.Provider
	l      *fake.Ledger
	faults *fake.Faults

	mu     sync.Mutex
	now    time.Time
	secret string
	calls  []string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{faults: fake.NewFaults(entrafake.Refuse), now: time.Now().UTC().Truncate(time.Second)}
	w.l = fake.NewLedger(fake.Options{Now: w.clock})
	w.l.AddPrincipal(orders, billing)
	w.rotate("first")
	api := w.faults.Wrap(entrafake.New(w.l))
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		w.calls = append(w.calls, r.Method+" "+r.URL.Path)
		w.mu.Unlock()
		api.ServeHTTP(rw, r)
	}))
	t.Cleanup(srv.Close)
	var err error
	w.p, err = entra.Factory.New(w.env(srv.URL, config))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) env(url, settings string) providers.Env {
	return providers.Env{
		Account: entrafake.Tenant, BaseURL: url, Now: w.clock, HTTP: &http.Client{},
		Decode: func(v any) error { return json.Unmarshal([]byte(settings), v) },
		Credential: func(context.Context, keyturn.SecretRef) (providers.Credential, error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			return providers.Credential{ID: "keyturn-app", Secret: keyturn.NewSecret(w.secret)}, nil
		},
	}
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

// rotate changes the client secret of Keyturn's own application.
func (w *world) rotate(secret string) {
	w.mu.Lock()
	w.secret = secret
	w.mu.Unlock()
	w.l.SetAdmin(fake.Admin{Name: "entra", ID: "keyturn-app", Secret: secret})
}

// take returns the requests since the last take: all, and the sign-ins.
func (w *world) take() (all []string, signIns int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	all, w.calls = w.calls, nil
	for _, c := range all {
		if strings.HasSuffix(c, "/oauth2/v2.0/token") {
			signIns++
		}
	}
	return all, signIns
}

func (w *world) mint(t *testing.T, principal, label string) providers.Minted {
	t.Helper()
	m, err := w.p.(providers.Minter).Mint(t.Context(), providers.MintRequest{Principal: principal, Label: label})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func (w *world) verify(t *testing.T, m providers.Minted) error {
	t.Helper()
	return w.p.(providers.Verifier).Verify(t.Context(), m.Key.ID, m.Secret)
}

func (w *world) revoke(t *testing.T, k providers.RemoteKey) error {
	t.Helper()
	return w.p.(providers.Revoker).Revoke(t.Context(), k.Principal, k.ID)
}

func (w *world) list(t *testing.T, principal string) (out []providers.RemoteKey, err error) {
	t.Helper()
	for k, err := range w.p.(providers.Lister).List(t.Context(), principal) {
		if err != nil {
			return out, err
		}
		out = append(out, k)
	}
	return out, nil
}

func wantKind(t *testing.T, what string, err error, kind keyturn.Kind) {
	t.Helper()
	if got := keyturn.KindOf(err); got != kind {
		t.Errorf("%s: %v is %q, want %q", what, err, got, kind)
	}
}
