package simulate

import (
	"crypto/rand"
	"net/http"
	"strings"
	"time"

	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/providers/openai/openaifake"
)

// openai issues keys of a project's service accounts.
func openai() kind {
	return kind{
		provider:   "openai",
		account:    "org-acme",
		principals: true,
		principal:  "proj_acme/%s",
		settle:     time.Second,
		rate:       20,
		fake:       openaifake.New,
		refuse:     openaifake.Refuse,
		admins: func() map[string]fake.Admin {
			return map[string]fake.Admin{"admin_key": {Name: "admin", ID: "key_admin", Secret: "sk-admin-" + rand.Text()}}
		},
		mints: fake.Rule{Method: http.MethodPost, Match: func(r *http.Request) bool {
			return strings.HasSuffix(r.URL.Path, "/api_keys")
		}},
		verifies: fake.Rule{Path: "/v1/models"},
		refusal:  http.StatusUnauthorized,
		changes:  func(r *http.Request, _ []byte) string { return unlessRead(r) },
		ends:     lastOfDelete,
	}
}
