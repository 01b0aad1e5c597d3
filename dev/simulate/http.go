package simulate

import (
	"crypto/rand"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/providers/http/httpfake"
)

// internal is a service of the organisation's own.
func internal() kind {
	return kind{
		provider:   "http",
		account:    "billing",
		principals: true,
		settle:     time.Second,
		rate:       20,
		fake:       httpfake.New,
		refuse:     httpfake.Refuse,
		admins: func() map[string]fake.Admin {
			return map[string]fake.Admin{"token": {Name: "admin", ID: "keyturn", Secret: rand.Text()}}
		},
		mints: fake.Rule{Method: http.MethodPost, Match: func(r *http.Request) bool {
			return r.URL.Path == "/keyturn/v1/keys"
		}},
		verifies: fake.Rule{Path: "/keyturn/v1/verify"},
		refusal:  http.StatusUnauthorized,
		changes:  func(r *http.Request, _ []byte) string { return unlessRead(r) },
		ends: func(r *http.Request, body []byte) string {
			if id, ok := strings.CutSuffix(r.URL.Path, "/disable"); ok {
				return path.Base(id)
			}
			return lastOfDelete(r, body)
		},
	}
}
