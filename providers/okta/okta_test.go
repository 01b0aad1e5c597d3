package okta_test

import (
	"testing"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/providers/okta"
	"github.com/keyturn/keyturn/providers/okta/oktafake"
	"github.com/keyturn/keyturn/providers/providertest"
)

// The suite also ends the only key of a principal. TestTheOnlySecret asks what
// comes of that at Okta.
func TestConformance(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]string{
		"basic": `{"token": {"store": "vault", "path": "keyturn/okta"}}`,
		"post":  `{"token": {"store": "vault", "path": "keyturn/okta"}, "apps": {"0oa1": {"auth": "client_secret_post"}, "0oa2": {"auth": "client_secret_post"}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			providertest.Run(t, providertest.Harness{
				Factory:   okta.Factory,
				Config:    config,
				Account:   oktafake.Domain,
				Fake:      oktafake.NewLenient,
				Refuse:    oktafake.Refuse,
				Lacks:     []string{providers.CanLastUsed, providers.CanIdentify, providers.CanRevokeValue, providers.CanLocate},
				Principal: "0oa%d",
				// A 403 is not about the secret: no proof of anything.
				Expect: map[string]keyturn.Kind{"Verify 403": keyturn.Invalid},
				// Okta deletes no active secret; its log names a secret by a hash to ask for.
				Requests: map[string]int{"Revoke": 2, "Uses": 2},
				Did:      "app.oauth2.token.grant.access_token",
			})
		})
	}
}
