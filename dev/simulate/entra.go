package simulate

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/keyturn/keyturn/providers/entra/entrafake"
	"github.com/keyturn/keyturn/providers/fake"
)

func entra() kind {
	admin := fake.Admin{Name: "admin", ID: "keyturn-" + strings.ToLower(rand.Text()), Secret: rand.Text()}
	return kind{
		provider:   "entra",
		account:    entrafake.Tenant,
		principals: true,
		principal:  "appId=%s",
		settle:     2 * time.Second,
		rate:       20,
		fake:       entrafake.New,
		refuse:     entrafake.Refuse,
		admins:     func() map[string]fake.Admin { return map[string]fake.Admin{"credentials": admin} },
		mints:      fake.Rule{Method: http.MethodPost, Match: func(r *http.Request) bool { return path.Base(r.URL.Path) == "addPassword" }},
		// The administrator signs in at the same place.
		verifies: fake.Rule{Path: "/" + entrafake.Tenant + "/", Match: func(r *http.Request) bool { return r.PostFormValue("client_id") != admin.ID }},
		refusal:  http.StatusUnauthorized,
		changes: func(r *http.Request, _ []byte) string {
			switch a := path.Base(r.URL.Path); a {
			case "addPassword", "removePassword":
				return a
			}
			return ""
		},
		ends: func(r *http.Request, body []byte) string {
			app, ok := strings.CutPrefix(path.Base(path.Dir(r.URL.Path)), "applications(appId='")
			var in struct{ KeyID string }
			if !ok || path.Base(r.URL.Path) != "removePassword" || json.Unmarshal(body, &in) != nil {
				return ""
			}
			return strings.TrimSuffix(app, "')") + "." + in.KeyID
		},
	}
}
