package datadog_test

import (
	"context"
	"net/http/httptest"
	"path"
	"testing"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/providers/datadog"
	"github.com/keyturn/keyturn/providers/datadog/datadogfake"
	"github.com/keyturn/keyturn/providers/fake"
)

// world is a provider before a fake with keys.
type world struct {
	p      providers.Provider
	l      *fake.Ledger
	faults *fake.Faults
}

func newWorld(t *testing.T, keys int) world {
	t.Helper()
	w := world{l: fake.NewLedger(fake.Options{}), faults: fake.NewFaults(datadogfake.Refuse)}
	for _, name := range []string{datadogfake.APIKey, datadogfake.ApplicationKey} {
		w.l.SetAdmin(fake.Admin{Name: name, Secret: "value of " + name})
	}
	srv := httptest.NewServer(w.faults.Wrap(datadogfake.New(w.l)))
	t.Cleanup(srv.Close)
	var err error
	w.p, err = datadog.Factory.New(providers.Env{
		HTTP: srv.Client(), BaseURL: srv.URL, Decode: decode(config),
		Credential: func(_ context.Context, ref keyturn.SecretRef) (providers.Credential, error) {
			return providers.Credential{Secret: keyturn.NewSecret("value of " + path.Base(ref.Path))}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range keys {
		if _, err := w.l.Mint("test", fake.Draft{Label: keyturn.Label("orders", i)}); err != nil {
			t.Fatal(err)
		}
	}
	return w
}
