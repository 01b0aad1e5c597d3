package okta_test

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
	"github.com/keyturn/keyturn/providers/okta"
	"github.com/keyturn/keyturn/providers/okta/oktafake"
)

const config = `{"token": {"path": "keyturn/okta"}}`

// world is a provider before Okta as it is, with an app that has one secret.
type world struct {
	p      providers.Provider
	l      *fake.Ledger
	faults *fake.Faults
	key    fake.Key
	last   atomic.Pointer[http.Request] // the newest one
}

func newWorld(t *testing.T, settings string) *world {
	t.Helper()
	w := &world{l: fake.NewLedger(fake.Options{MaxPerPrincipal: 2}), faults: fake.NewFaults(oktafake.Refuse)}
	w.l.AddPrincipal("0oaorders", "0oabilling")
	w.l.SetAdmin(fake.Admin{Name: "okta", Secret: "the token"})
	srv := httptest.NewServer(w.faults.Wrap(oktafake.New(w.l)))
	t.Cleanup(srv.Close)
	w.faults.Hook(func(r *http.Request) { w.last.Store(r.Clone(context.Background())) }, nil)
	var err error
	if w.p, err = okta.Factory.New(env(srv.URL, oktafake.Domain, settings)); err != nil {
		t.Fatal(err)
	}
	if w.key, err = w.l.Mint("test", fake.Draft{Principal: "0oaorders"}); err != nil {
		t.Fatal(err)
	}
	return w
}

func env(url, account, settings string) providers.Env {
	return providers.Env{
		Account: account, BaseURL: url, Now: time.Now, HTTP: &http.Client{},
		Decode: func(v any) error { return json.Unmarshal([]byte(settings), v) },
		Credential: func(context.Context, keyturn.SecretRef) (providers.Credential, error) {
			return providers.Credential{Secret: keyturn.NewSecret("the token")}, nil
		},
	}
}

func (w *world) mint(t *testing.T) (providers.Minted, error) {
	t.Helper()
	return w.p.(providers.Minter).Mint(t.Context(), providers.MintRequest{Principal: "0oaorders", Label: "orders/g2"})
}

func (w *world) verify(t *testing.T, id, value string) error {
	t.Helper()
	return w.p.(providers.Verifier).Verify(t.Context(), id, keyturn.NewSecret(value))
}

func (w *world) disable(t *testing.T, id string) error {
	t.Helper()
	return w.p.(providers.Suspender).Disable(t.Context(), "0oaorders", id)
}

func (w *world) revoke(t *testing.T, id string) error {
	t.Helper()
	return w.p.(providers.Revoker).Revoke(t.Context(), "0oaorders", id)
}

func (w *world) list(t *testing.T) (ids []string, err error) {
	t.Helper()
	for k, err := range w.p.(providers.Lister).List(t.Context(), "") {
		if err != nil {
			return ids, err
		}
		ids = append(ids, k.ID)
	}
	return ids, nil
}

func wantKind(t *testing.T, what string, err error, kind keyturn.Kind) {
	t.Helper()
	if got := keyturn.KindOf(err); got != kind {
		t.Errorf("%s: %v is %q, want %q", what, err, got, kind)
	}
}
