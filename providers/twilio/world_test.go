package twilio_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/providers/twilio"
	"github.com/keyturn/keyturn/providers/twilio/twiliofake"
)

const token = "0123456789abcdef0123456789abcdef"

// world is a provider before a fake, and what it asked.
type world struct {
	l      *fake.Ledger
	faults *fake.Faults
	admin  providers.Credential // what the provider is told; the account's Auth Token at first
	p      interface {
		providers.Minter
		providers.Lister
		providers.Verifier
		providers.Revoker
		providers.PermissionChecker
	}

	mu    sync.Mutex
	asked []string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{l: fake.NewLedger(fake.Options{}), faults: fake.NewFaults(twiliofake.Refuse)}
	w.l.SetAdmin(fake.Admin{Name: "auth token", ID: twiliofake.Account, Secret: token})
	w.admin = providers.Credential{Secret: keyturn.NewSecret(token)}
	w.faults.Hook(func(r *http.Request) {
		user, _, _ := r.BasicAuth()
		w.mu.Lock()
		defer w.mu.Unlock()
		w.asked = append(w.asked, user+" "+r.Method+" "+r.URL.Path)
	}, nil)
	srv := httptest.NewServer(w.faults.Wrap(twiliofake.New(w.l)))
	t.Cleanup(srv.Close)
	p, err := twilio.Factory.New(providers.Env{
		Account: twiliofake.Account, HTTP: srv.Client(), BaseURL: srv.URL, Decode: decode(config),
		Credential: func(context.Context, keyturn.SecretRef) (providers.Credential, error) { return w.admin, nil },
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
		providers.PermissionChecker
	}); !ok {
		t.Fatalf("%T lacks a capability", p)
	}
	return w
}

// requests returns what was asked since the last call.
func (w *world) requests() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := w.asked
	w.asked = nil
	return out
}

func (w *world) mint(t *testing.T, d fake.Draft) fake.Key {
	t.Helper()
	k, err := w.l.Mint("test", d)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func (w *world) verify(t *testing.T, id, value string) keyturn.Kind {
	t.Helper()
	return keyturn.KindOf(w.p.Verify(t.Context(), id, keyturn.NewSecret(value)))
}

// list reads a listing and the error it ended with.
func (w *world) list(t *testing.T, principal string) (n int, last error) {
	t.Helper()
	for _, err := range w.p.List(t.Context(), principal) {
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

func decode(s string) func(any) error {
	return func(v any) error { return json.Unmarshal([]byte(s), v) }
}

// says answers with a status and a body.
func says(status int, body string) fake.Rule {
	return fake.Rule{Answer: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	})}
}
