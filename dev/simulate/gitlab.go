package simulate

import (
	"crypto/rand"
	"net/http"
	"strings"
	"time"

	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/providers/gitlab/gitlabfake"
)

func gitlab() kind {
	return kind{
		provider:   "gitlab",
		account:    "acme",
		principals: true,
		principal:  "project/%d",
		settle:     time.Second,
		rate:       20,
		fake:       gitlabfake.New,
		refuse:     gitlabfake.Refuse,
		admins: func() map[string]fake.Admin {
			return map[string]fake.Admin{"token": {Name: "admin", ID: "1", Secret: "glpat-" + rand.Text()}}
		},
		mints: fake.Rule{Method: http.MethodPost, Match: func(r *http.Request) bool {
			return strings.HasSuffix(r.URL.Path, "/access_tokens")
		}},
		verifies: fake.Rule{Method: http.MethodGet, Path: "/api/v4/personal_access_tokens/self"},
		refusal:  http.StatusUnauthorized,
		changes:  func(r *http.Request, _ []byte) string { return unlessRead(r) },
		ends: func(r *http.Request, body []byte) string {
			if id := lastOfDelete(r, body); id != "self" { // a leaked value ends itself
				return id
			}
			return ""
		},
	}
}
