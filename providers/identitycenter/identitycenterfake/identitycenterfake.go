// Package identitycenterfake speaks the part of AWS IAM Identity Center's SCIM
// API that providers/identitycenter uses, over a [fake.Ledger].
package identitycenterfake

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/keyturn/keyturn/providers/fake"
)

// Tenant is the directory the fake serves.
const Tenant = "11111111111-2222-3333-4444-555555555555"

// New serves the API over l.
func New(l *fake.Ledger) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{tenant}/scim/v2/ServiceProviderConfig", func(w http.ResponseWriter, r *http.Request) {
		token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if _, ok := l.Authenticate(token); !ok || r.PathValue("tenant") != Tenant {
			Refuse(w, r, http.StatusUnauthorized, 0, "")
			return
		}
		fake.JSON(w, http.StatusOK, config())
	})
	return mux
}

type object map[string]any

// config is the answer of the SCIM Implementation Developer Guide's example.
func config() object {
	no := object{"supported": false}
	return object{
		"schemas":          []string{"urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"},
		"documentationUri": "https://docs.aws.amazon.com/singlesignon/latest/userguide/manage-your-identity-source-idp.html",
		"authenticationSchemes": []object{{
			"type": "oauthbearertoken", "name": "OAuth Bearer Token", "primary": true,
			"description":      "Authentication scheme using the OAuth Bearer Token Standard",
			"specUri":          "https://www.rfc-editor.org/info/rfc6750",
			"documentationUri": "https://docs.aws.amazon.com/singlesignon/latest/userguide/provision-automatically.html",
		}},
		"patch":          object{"supported": true},
		"bulk":           object{"supported": false, "maxOperations": 1, "maxPayloadSize": 1048576},
		"filter":         object{"supported": true, "maxResults": 50},
		"changePassword": no, "sort": no, "etag": no,
	}
}

// Refuse is a [fake.Refusal] in SCIM's words (RFC 7644, section 3.12).
func Refuse(w http.ResponseWriter, _ *http.Request, status int, wait time.Duration, text string) {
	if wait > 0 {
		w.Header().Set("Retry-After", fake.Seconds(wait))
	}
	name := map[int]string{
		http.StatusUnauthorized: "UnauthorizedException", http.StatusForbidden: "AccessDeniedException",
		http.StatusTooManyRequests: "ThrottlingException",
	}[status]
	fake.JSON(w, status, object{
		"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:Error"},
		"schema":  "urn:ietf:params:scim:api:messages:2.0:Error", "status": strconv.Itoa(status),
		"detail": strings.TrimSpace(name + " " + text), "timeStamp": time.Now().UTC(),
	})
}
