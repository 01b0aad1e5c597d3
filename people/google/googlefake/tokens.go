package googlefake

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/keyturn/keyturn/providers/fake"
)

// audience is whom a statement must be made for.
const audience = "https://oauth2.googleapis.com/token"

const (
	userScope     = "https://www.googleapis.com/auth/admin.directory.user.readonly"
	groupScope    = "https://www.googleapis.com/auth/admin.directory.group.readonly"
	securityScope = "https://www.googleapis.com/auth/admin.directory.user.security"
)

const (
	keyID   = "ad0000000000000000000000000000000000000a"
	account = "keyturn@acme-prod.iam.gserviceaccount.com"
)

// pair is the service account's key: making one takes long.
var pair = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic("googlefake: " + err.Error())
	}
	return k
})

// File is the service account's key, as Google hands it out.
func File() string {
	der, err := x509.MarshalPKCS8PrivateKey(pair())
	if err != nil {
		panic("googlefake: " + err.Error())
	}
	text, err := json.Marshal(object{
		"type": "service_account", "project_id": "acme-prod", "private_key_id": keyID,
		"private_key":  string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		"client_email": account, "token_uri": audience, "universe_domain": "googleapis.com",
	})
	if err != nil {
		panic("googlefake: " + err.Error())
	}
	return string(text)
}

// token is what an access token stands for.
type token struct {
	as     string // whose it is
	scopes []string
	until  time.Time
}

// grant exchanges a signed statement for a token of whom it names.
func (d *Directory) grant(w http.ResponseWriter, r *http.Request) {
	t, err := jwt.ParseSigned(r.FormValue("assertion"), []jose.SignatureAlgorithm{jose.RS256})
	if err != nil || r.FormValue("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer" {
		ungranted(w, http.StatusBadRequest, "invalid_request", "Bad Request")
		return
	}
	var said struct {
		Issuer  string `json:"iss"`
		Subject string `json:"sub"`
		Scope   string `json:"scope"`
		For     string `json:"aud"`
		At      int64  `json:"iat"`
		Until   int64  `json:"exp"`
	}
	now := d.Now()
	switch {
	case t.Headers[0].KeyID != keyID || t.Claims(&pair().PublicKey, &said) != nil || said.Issuer != account:
		ungranted(w, http.StatusBadRequest, "invalid_grant", "Invalid JWT Signature.")
		return
	case said.Until-said.At > 3600 || time.Unix(said.At, 0).After(now.Add(5*time.Minute)) || !time.Unix(said.Until, 0).After(now):
		ungranted(w, http.StatusBadRequest, "invalid_grant",
			"Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.")
		return
	case said.For != audience || said.Scope == "":
		ungranted(w, http.StatusBadRequest, "invalid_scope", "Invalid OAuth scope or ID token audience provided.")
		return
	}
	scopes := strings.Fields(said.Scope)
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case slices.ContainsFunc(scopes, func(s string) bool {
		return slices.Contains(d.Undelegated, s) || s != userScope && s != groupScope && s != securityScope
	}):
		ungranted(w, http.StatusUnauthorized, "unauthorized_client",
			"Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the scopes requested.")
		return
	case said.Subject != Admin && d.find(said.Subject) == nil:
		ungranted(w, http.StatusBadRequest, "invalid_grant", "Invalid email or User ID")
		return
	}
	value := "ya29." + rand.Text()
	d.tokens[value] = token{said.Subject, scopes, now.Add(time.Hour)}
	fake.JSON(w, http.StatusOK, object{"access_token": value, "expires_in": 3599, "token_type": "Bearer"})
}

// scoped lets a request of the administrator through that shows a token of a scope,
// while nobody else works on the account.
func (d *Directory) scoped(scope string, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		d.mu.Lock()
		defer d.mu.Unlock()
		t, ok := d.tokens[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")]
		switch {
		case !ok || !d.Now().Before(t.until):
			problem(w, http.StatusUnauthorized, "authError", "Invalid Credentials")
		case !slices.Contains(t.scopes, scope):
			problem(w, http.StatusForbidden, "insufficientPermissions", "Request had insufficient authentication scopes.")
		case t.as != Admin:
			problem(w, http.StatusForbidden, "forbidden", "Not Authorized to access this resource/api")
		default:
			next(w, r)
		}
	}
}

// ungranted answers in the words of OAuth.
func ungranted(w http.ResponseWriter, status int, code, text string) {
	fake.JSON(w, status, object{"error": code, "error_description": text})
}
