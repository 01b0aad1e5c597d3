package gcpfake

import (
	"crypto/rsa"
	"net/http"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/keyturn/keyturn/providers/fake"
)

// audience is whom a statement must be made for.
const audience = "https://oauth2.googleapis.com/token"

// Issuer returns the id of the key that signed the statement in a request for
// a token, and empty if r is not one. It checks nothing.
func Issuer(r *http.Request) string {
	if r.URL.Path != "/token" {
		return ""
	}
	t, err := jwt.ParseSigned(r.FormValue("assertion"), []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return ""
	}
	return t.Headers[0].KeyID
}

// grant exchanges a signed statement for a token.
func (a *api) grant(w http.ResponseWriter, r *http.Request) {
	t, err := jwt.ParseSigned(r.FormValue("assertion"), []jose.SignatureAlgorithm{jose.RS256})
	if err != nil || r.FormValue("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer" {
		ungranted(w, http.StatusBadRequest, "invalid_request", "Bad Request")
		return
	}
	id := t.Headers[0].KeyID
	admin, isAdmin := a.l.AdminByID(id)
	secret, email := admin.Secret, ""
	if !isAdmin {
		secret = a.l.Value(id)
		for _, k := range a.l.Keys() {
			if k.ID == id {
				email = k.Principal
			}
		}
	}
	var said struct {
		Issuer string `json:"iss"`
		Scope  string `json:"scope"`
		For    string `json:"aud"`
		At     int64  `json:"iat"`
		Until  int64  `json:"exp"`
	}
	public := publicKey(secret)
	if public == nil || !verifies(t, public, &said) || !isAdmin && said.Issuer != email {
		ungranted(w, http.StatusBadRequest, "invalid_grant", "Invalid JWT Signature.")
		return
	}
	now := a.l.Now()
	if at, until := time.Unix(said.At, 0), time.Unix(said.Until, 0); until.Sub(at) > time.Hour || at.After(now.Add(5*time.Minute)) || !until.After(now) {
		ungranted(w, http.StatusBadRequest, "invalid_grant",
			"Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.")
		return
	}
	if said.For != audience || said.Scope == "" {
		ungranted(w, http.StatusBadRequest, "invalid_scope", "Invalid OAuth scope or ID token audience provided.")
		return
	}
	if !isAdmin {
		if _, ok := a.l.Use(id); !ok {
			ungranted(w, http.StatusBadRequest, "invalid_grant", "Invalid JWT Signature.")
			return
		}
	}
	a.issue(w, admin.Name)
}

func verifies(t *jwt.JSONWebToken, public *rsa.PublicKey, into any) bool {
	return t.Claims(public, into) == nil
}

// metadata is the metadata server.
func (a *api) metadata(w http.ResponseWriter, r *http.Request) {
	admin, ok := a.l.AdminByID(Metadata)
	if r.Header.Get("Metadata-Flavor") != "Google" {
		http.Error(w, "Missing Metadata-Flavor:Google header.", http.StatusForbidden)
		return
	}
	if !ok {
		http.Error(w, "The service account was not found.", http.StatusNotFound)
		return
	}
	a.issue(w, admin.Name)
}

// ungranted answers in the words of OAuth.
func ungranted(w http.ResponseWriter, status int, code, text string) {
	fake.JSON(w, status, object{"error": code, "error_description": text})
}
