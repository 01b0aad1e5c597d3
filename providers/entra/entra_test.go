package entra_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/providers/entra"
	"github.com/keyturn/keyturn/providers/entra/entrafake"
	"github.com/keyturn/keyturn/providers/providertest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	providertest.Run(t, providertest.Harness{
		Factory:   entra.Factory,
		Config:    `{"credentials": {"store": "vault", "path": "keyturn/entra"}}`,
		Account:   entrafake.Tenant,
		Fake:      entrafake.New,
		Refuse:    entrafake.Refuse,
		Lacks:     []string{providers.CanSuspend, providers.CanLastUsed, providers.CanIdentify, providers.CanRevokeValue, providers.CanReadUses, providers.CanLocate},
		Principal: "appId=00000000-0000-4000-8000-%012d",
		// Verify signs in too, as another application.
		Auth: func(r *http.Request) bool {
			return isSignIn(r) && strings.HasPrefix(r.PostFormValue("client_id"), "ADM")
		},
		Expect:  map[string]keyturn.Kind{"Verify 403": ""}, // kept out by policy, and so alive
		Expires: true,
	})
}

func isSignIn(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/oauth2/v2.0/token") }
