package gcp_test

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
	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/providers/gcp"
	"github.com/keyturn/keyturn/providers/gcp/gcpfake"
)

const (
	orders = "orders@acme-prod.iam.gserviceaccount.com"
	stored = `{"credentials": {"path": "admin"}}`
)

// world is a provider before its fake.
type world struct {
	p      providers.Provider
	l      *fake.Ledger
	faults *fake.Faults

	mu    sync.Mutex
	paths []string // what was asked, method first
	admin fake.Admin
	lost  bool // the administrator's credential
}

func newWorld(t *testing.T, config string) *world {
	t.Helper()
	w := &world{l: fake.NewLedger(fake.Options{}), faults: fake.NewFaults(gcpfake.Refuse)}
	w.l.AddPrincipal(orders, "billing@acme-prod.iam.gserviceaccount.com", gcpfake.APIKeys)
	w.setAdmin(adminID)
	w.faults.Hook(func(r *http.Request) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.paths = append(w.paths, r.Method+" "+r.URL.Path)
	}, nil)
	srv := httptest.NewServer(w.faults.Wrap(gcpfake.New(w.l)))
	t.Cleanup(srv.Close)
	var err error
	w.p, err = gcp.Factory.New(providers.Env{
		Account: gcpfake.Project, HTTP: srv.Client(), BaseURL: srv.URL, Now: time.Now,
		Decode: func(v any) error { return json.Unmarshal([]byte(config), v) },
		Credential: func(context.Context, keyturn.SecretRef) (providers.Credential, error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			if w.lost {
				return providers.Credential{}, keyturn.Errorf(keyturn.NotFound, "store: read", "the test says so")
			}
			return providers.Credential{Secret: keyturn.NewSecret(w.admin.Secret)}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// setAdmin gives the administrator another key.
func (w *world) setAdmin(id string) {
	a := fake.Admin{Name: "admin", ID: id, Secret: gcpfake.File("", id, "keyturn@acme-prod.iam.gserviceaccount.com")}
	w.l.SetAdmin(a)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.admin = a
}

// asked counts the requests so far that end in suffix.
func (w *world) asked(suffix string) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range w.paths {
		if strings.HasSuffix(p, suffix) {
			n++
		}
	}
	return n
}

func (w *world) mint(t *testing.T, req providers.MintRequest) (providers.Minted, error) {
	t.Helper()
	return w.p.(providers.Minter).Mint(t.Context(), req)
}

func (w *world) verify(t *testing.T, id, value string) error {
	t.Helper()
	return w.p.(providers.Verifier).Verify(t.Context(), id, keyturn.NewSecret(value))
}

func (w *world) seed(t *testing.T, principal, label string) fake.Key {
	t.Helper()
	k, err := w.l.Mint("test", fake.Draft{Principal: principal, Label: label})
	if err != nil {
		t.Fatal(err)
	}
	return k
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

// at matches requests whose path ends so.
func at(suffix string) func(*http.Request) bool {
	return func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, suffix) }
}

// saying answers with a status and a body.
func saying(status int, body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	})
}

func wantKind(t *testing.T, what string, err error, kind keyturn.Kind) {
	t.Helper()
	if got := keyturn.KindOf(err); got != kind {
		t.Errorf("%s: %v is %q, want %q", what, err, got, kind)
	}
}
