package simulate

import (
	"crypto/rand"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/providers/stripe/stripefake"
)

// stripe is Stripe's private preview in live mode; its public API has nothing
// to simulate but a balance.
func stripe() kind {
	const keys = "/v2/iam/api_keys"
	return kind{
		provider:    "stripe",
		account:     stripefake.Account,
		settle:      time.Second,
		rate:        25,
		settings:    map[string]any{"mode": "managed_preview"},
		permissions: []string{"charge_read"},
		fake:        stripefake.NewLive,
		refuse:      stripefake.Refuse,
		admins: func() map[string]fake.Admin {
			return map[string]fake.Admin{
				"credentials": {Name: "platform", ID: "platform", Secret: "sk_live_" + rand.Text()},
			}
		},
		mints: fake.Rule{Method: http.MethodPost, Path: keys, Match: func(r *http.Request) bool {
			return r.URL.Path == keys // and not the expiry of a key
		}},
		verifies: fake.Rule{Path: "/v1/balance"},
		refusal:  http.StatusUnauthorized,
		changes: func(r *http.Request, _ []byte) string {
			switch {
			case r.Method != http.MethodPost:
				return ""
			case r.URL.Path == keys:
				return "POST " + keys
			}
			return "POST " + path.Base(r.URL.Path)
		},
		ends: func(r *http.Request, _ []byte) string {
			if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/expire") {
				return path.Base(path.Dir(r.URL.Path))
			}
			return ""
		},
	}
}
