package openai_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/providers/openai"
	"github.com/keyturn/keyturn/providers/openai/openaifake"
	"github.com/keyturn/keyturn/providers/providertest"
)

const config = `{"admin_key": {"store": "vault", "path": "keyturn/openai"}}`

func harness() providertest.Harness {
	return providertest.Harness{
		Factory: openai.Factory,
		Config:  config,
		Fake:    openaifake.New,
		Refuse:  openaifake.Refuse,
		Lacks:   []string{providers.CanSuspend, providers.CanIdentify, providers.CanRevokeValue, providers.CanLocate},
		Expires: true,
		Did:     "api_key.created",
		Unsaid:  []string{providertest.UnsaidFrom, providertest.UnsaidAgent},
		// A key that lacks a permission is alive.
		Expect: map[string]keyturn.Kind{"Verify 403": ""},
	}
}

func TestServiceAccounts(t *testing.T) {
	t.Parallel()
	h := harness()
	h.Principal = "proj_1/svc_acct_%d"
	h.Permissions = []string{"api.model.read", "api.model.request"}
	h.Requests = map[string]int{"Uses": 7} // six kinds of calls, and the audit log
	providertest.Run(t, h)
}

func TestAdminKeys(t *testing.T) {
	t.Parallel()
	h := harness()
	h.Principal = "admin"
	providertest.Run(t, h)
}

// TestSwap runs against the API that makes a service account for each key.
func TestSwap(t *testing.T) {
	t.Parallel()
	h := harness()
	h.Fake = openaifake.NewOld
	h.Config = `{"admin_key": {"store": "vault", "path": "keyturn/openai"}, "swap": true}`
	h.Principal = "proj_1/svc_acct_%d"
	// What finds out which way to go is not counted: asking for a key of the
	// account, and whether there is such an account.
	h.Auth = func(r *http.Request) bool {
		return strings.Contains(r.URL.Path, "/service_accounts/") && r.Method != http.MethodDelete
	}
	h.Requests = map[string]int{"Revoke": 2, "Uses": 7} // whose the key is, and its end
	providertest.Run(t, h)
}
