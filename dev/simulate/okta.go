package simulate

import (
	"crypto/rand"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/providers/okta/oktafake"
)

func okta() kind {
	return kind{
		provider:   "okta",
		account:    oktafake.Domain,
		principals: true,
		maxLive:    2,
		settle:     time.Second,
		rate:       20,
		fake:       oktafake.NewLenient, // these apps begin with no secret
		refuse:     oktafake.Refuse,
		admins: func() map[string]fake.Admin {
			return map[string]fake.Admin{"token": {Name: "admin", ID: "00T" + rand.Text()[:17], Secret: "00" + rand.Text() + rand.Text()[:14]}}
		},
		mints: fake.Rule{Method: http.MethodPost, Match: func(r *http.Request) bool {
			return path.Base(r.URL.Path) == "secrets"
		}},
		verifies: fake.Rule{Path: "/oauth2/v1/introspect"},
		refusal:  http.StatusUnauthorized,
		changes: func(r *http.Request, _ []byte) string {
			if !strings.HasPrefix(r.URL.Path, "/api/v1/apps/") || r.Method == http.MethodGet {
				return ""
			}
			switch last := path.Base(r.URL.Path); last {
			case "secrets", "activate", "deactivate":
				return last
			}
			return "delete"
		},
		ends: func(r *http.Request, _ []byte) string {
			// /api/v1/apps/{app}/credentials/secrets/{id}[/lifecycle/deactivate]
			at, deactivates := strings.CutSuffix(r.URL.Path, "/lifecycle/deactivate")
			part := strings.Split(at, "/")
			if len(part) != 8 || part[6] != "secrets" || !deactivates && r.Method != http.MethodDelete {
				return ""
			}
			return part[4] + "." + part[7]
		},
	}
}
