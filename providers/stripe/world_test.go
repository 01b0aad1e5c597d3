package stripe_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/providers/stripe"
	"github.com/keyturn/keyturn/providers/stripe/stripefake"
)

const platform = "sk_test_platform"

// world is a provider before a fake in test mode, and what it asked.
type world struct {
	l      *fake.Ledger
	faults *fake.Faults
	url    string
	p      providers.Provider

	mu    sync.Mutex
	asked []asked
}

type asked struct {
	line   string
	header http.Header
	body   []byte
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{l: fake.NewLedger(fake.Options{}), faults: fake.NewFaults(stripefake.Refuse)}
	w.l.SetAdmin(fake.Admin{Name: "platform", Secret: platform})
	next := w.faults.Wrap(stripefake.New(w.l))
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		w.mu.Lock()
		w.asked = append(w.asked, asked{r.Method + " " + r.URL.RequestURI(), r.Header.Clone(), body})
		w.mu.Unlock()
		next.ServeHTTP(rw, r)
	}))
	t.Cleanup(srv.Close)
	w.url = srv.URL
	var err error
	w.p, err = stripe.Factory.New(providers.Env{
		Account: stripefake.Account, HTTP: srv.Client(), BaseURL: srv.URL, Decode: decode(managed),
		Credential: func(context.Context, keyturn.SecretRef) (providers.Credential, error) {
			return providers.Credential{Secret: keyturn.NewSecret(platform)}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// requests returns what was asked since the last call.
func (w *world) requests() []asked {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := w.asked
	w.asked = nil
	return out
}

func (w *world) seed(t *testing.T, label string) fake.Key {
	t.Helper()
	k, err := w.l.Mint("test", fake.Draft{Label: label})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func (w *world) mint(t *testing.T, label string, permissions ...string) (providers.Minted, error) {
	t.Helper()
	return w.p.(providers.Minter).Mint(t.Context(), providers.MintRequest{Label: label, Permissions: permissions})
}

func (w *world) verify(t *testing.T, value string) keyturn.Kind {
	t.Helper()
	return keyturn.KindOf(w.p.(providers.Verifier).Verify(t.Context(), "", keyturn.NewSecret(value)))
}

func (w *world) revoke(t *testing.T, id string) keyturn.Kind {
	t.Helper()
	return keyturn.KindOf(w.p.(providers.Revoker).Revoke(t.Context(), "", id))
}

func decode(s string) func(any) error {
	return func(v any) error { return json.Unmarshal([]byte(s), v) }
}

// says answers with a status, headers and a body.
func says(status int, body string, header ...string) fake.Rule {
	return fake.Rule{Answer: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	})}
}
