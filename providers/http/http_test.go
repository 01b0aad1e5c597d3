package http_test

import (
	"net/http"
	"testing"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/providers/fake"
	keyturnhttp "github.com/keyturn/keyturn/providers/http"
	"github.com/keyturn/keyturn/providers/http/httpfake"
	"github.com/keyturn/keyturn/providers/providertest"
)

// settings are those of a service that has everything, and more of them.
func settings(more string) string {
	return `{"url": "https://billing.internal.example", "token": {"store": "vault", "path": "keyturn/billing"}` + more + `}`
}

// TestConformance asks the suite's questions of every type there is, and holds
// each request and answer to the contract.
func TestConformance(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]providertest.Harness{
		"everything": {Principal: "team-%d", Config: settings(`, "max_live": 5`)},
		"nothing": {
			Config: settings(`, "lacks": ["suspend", "last_used", "principals"]`),
			Lacks:  []string{providers.CanSuspend, providers.CanLastUsed},
		},
		"no suspending": {Principal: "team-%d", Config: settings(`, "lacks": ["suspend"]`), Lacks: []string{providers.CanSuspend}},
		"no usage":      {Principal: "team-%d", Config: settings(`, "lacks": ["last_used"]`), Lacks: []string{providers.CanLastUsed}},
	} {
		h.Lacks = append(h.Lacks, providers.CanRevokeValue, providers.CanReadUses, providers.CanLocate)
		h.Factory = keyturnhttp.Factory
		h.Permissions, h.Expires = []string{"invoices:read", "invoices:write"}, true
		h.Expect = map[string]keyturn.Kind{"Verify 403": keyturn.Invalid, "Identify 401": keyturn.NotFound, "Identify 403": keyturn.Invalid}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newContract(t)
			h.Fake = func(l *fake.Ledger) http.Handler { return c.holds(httpfake.New(l)) }
			h.Refuse = c.holdsRefusals(httpfake.Refuse)
			providertest.Run(t, h)
			t.Cleanup(c.summary)
		})
	}
}
