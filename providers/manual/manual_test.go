package manual_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/providers/manual"
	"github.com/keyturn/keyturn/providers/providertest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	providertest.Run(t, providertest.Harness{
		Factory: manual.Factory,
		Config:  `{"title": "Partner portal", "docs": "https://wiki.example/partner-portal"}`,
		// There is no API to fake. Whoever asks it anything is wrong.
		Fake: func(*fake.Ledger) http.Handler {
			return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { t.Errorf("%s %s", r.Method, r.URL) })
		},
		Lacks: []string{
			providers.CanReadUses, providers.CanLocate,
			providers.CanMint, providers.CanList, providers.CanVerify, providers.CanSuspend, providers.CanRevoke,
			providers.CanLastUsed, providers.CanIdentify, providers.CanRevokeValue, providers.CanCheckPermissions,
		},
	})
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for text, ok := range map[string]bool{
		`{}`:                     true,
		`{"max_live":1}`:         true,
		`{"max_live":-1}`:        false,
		`{"title":""}`:           false,
		`{"docs":"a wiki page"}`: false,
		`{"docs":"http://wiki"}`: false,
	} {
		p, err := manual.Factory.New(providers.Env{Decode: func(v any) error { return json.Unmarshal([]byte(text), v) }})
		if (err == nil) != ok {
			t.Errorf("%s: error %v, want accepted = %t", text, err, ok)
		}
		if err == nil && len(providers.Capabilities(p)) != 0 {
			t.Errorf("%s: can %q, want nothing", text, providers.Capabilities(p))
		}
	}
}
