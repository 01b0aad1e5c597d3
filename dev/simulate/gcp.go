package simulate

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/providers/gcp/gcpfake"
)

// gcp issues keys of service accounts. API keys can be had too, for the
// principal "apikey".
func gcp() kind {
	var random [20]byte
	_, _ = rand.Read(random[:])
	admin := hex.EncodeToString(random[:])
	email := "keyturn@" + gcpfake.Project + ".iam.gserviceaccount.com"
	return kind{
		provider:   "gcp",
		account:    gcpfake.Project,
		principals: true,
		maxLive:    10,
		settle:     2 * time.Second,
		rate:       20,
		fake: func(l *fake.Ledger) http.Handler {
			l.AddPrincipal(gcpfake.APIKeys)
			return gcpfake.New(l)
		},
		refuse: gcpfake.Refuse,
		// An uploaded key would not show Options.ValuePrefix, which those look
		// for that must never see a value.
		settings: map[string]any{"mint": "create"},
		admins: func() map[string]fake.Admin {
			return map[string]fake.Admin{
				"credentials": {Name: "admin", ID: admin, Secret: gcpfake.File("", admin, email)},
			}
		},
		mints: fake.Rule{Method: http.MethodPost, Match: func(r *http.Request) bool {
			return strings.HasPrefix(path.Base(r.URL.Path), "keys")
		}},
		verifies: fake.Rule{Match: func(r *http.Request) bool {
			id := gcpfake.Issuer(r)
			return id != "" && id != admin
		}},
		refusal: http.StatusBadRequest,
		changes: func(r *http.Request, _ []byte) string {
			if r.URL.Path == "/token" || strings.HasSuffix(r.URL.Path, ":testIamPermissions") {
				return ""
			}
			return unlessRead(r)
		},
		ends: func(r *http.Request, _ []byte) string {
			if id, ok := strings.CutSuffix(path.Base(r.URL.Path), ":disable"); ok || r.Method == http.MethodDelete {
				return id
			}
			return ""
		},
	}
}
