package github_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/providers/github"
	"github.com/keyturn/keyturn/providers/github/githubfake"
	"github.com/keyturn/keyturn/providers/providertest"
)

const keyPath = "keyturn/github"

// appKey is the private key of the App, as GitHub hands it out.
var appKey = sync.OnceValue(newAppKey)

func newAppKey() keyturn.Secret {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return keyturn.NewSecret(string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})))
}

// auth recognises requests that only begin a session.
func auth(r *http.Request) bool {
	return r.URL.Path == "/app/installations" || strings.HasSuffix(r.URL.Path, "/access_tokens")
}

func harness(config string) providertest.Harness {
	return providertest.Harness{
		Factory:     github.Factory,
		Config:      config,
		Account:     githubfake.Account,
		Fake:        githubfake.New,
		Refuse:      githubfake.Refuse,
		Auth:        auth,
		Credentials: map[string]providers.Credential{keyPath: {ID: "Iv23li", Secret: appKey()}},
		Lacks:       []string{providers.CanSuspend, providers.CanLocate},
		Expect: map[string]keyturn.Kind{
			"CheckPermissions 404": keyturn.Denied, // the App is not installed
		},
	}
}

const config = `{"private_key": {"store": "vault", "path": "keyturn/github"}}`

func TestDeployKeys(t *testing.T) {
	t.Parallel()
	h := harness(config)
	h.Principal = githubfake.Account + "/repo-%d"
	h.Unsupported = []string{providers.CanIdentify, providers.CanRevokeValue, providers.CanReadUses}
	h.Permissions = []string{"write"}
	h.Public = githubfake.Public
	// Verify asks as the App, whose refusal says nothing of the key.
	h.Expect["Verify 401"], h.Expect["Verify 403"] = keyturn.Unavailable, keyturn.Unavailable
	h.Expect["Verify 404"] = keyturn.NotFound
	providertest.Run(t, h)
}

func TestPersonalTokens(t *testing.T) {
	t.Parallel()
	h := harness(`{"private_key": {"store": "vault", "path": "keyturn/github"}, "personal_tokens": true}`)
	h.Principal = "pat"
	h.Unsupported = []string{providers.CanMint}
	h.Requests = map[string]int{"Verify": 2, "Identify": 2} // whose it is, and what that owner has here
	h.Expect["Identify 401"] = keyturn.NotFound
	h.Expect["Uses 404"] = keyturn.Denied // the account is not of Enterprise Cloud
	h.Did = "repo.access"
	// A 403 is an answer about what a token may do, not about whether it lives.
	h.Expect["Identify 403"], h.Expect["Verify 403"] = keyturn.Unsupported, keyturn.Unavailable
	providertest.Run(t, h)
}
