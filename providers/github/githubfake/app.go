package githubfake

import (
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/keyturn/keyturn/providers/fake"
)

func bearer(r *http.Request) string {
	return strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
}

// asApp lets an App through that proves by a JWT who it is.
func (a *api) asApp(next func(w http.ResponseWriter, r *http.Request, who string)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		who, ok := a.app(bearer(r))
		if !ok {
			Refuse(w, r, http.StatusUnauthorized, 0, "")
			return
		}
		next(w, r, who)
	}
}

// app checks a JWT as GitHub does: signed with the App's key, not yet over,
// and not for longer than ten minutes.
func (a *api) app(text string) (who string, ok bool) {
	parsed, err := jwt.ParseSigned(text, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return "", false
	}
	var c jwt.Claims
	if parsed.UnsafeClaimsWithoutVerification(&c) != nil {
		return "", false
	}
	admin, ok := a.l.AdminByID(c.Issuer)
	if !ok {
		return "", false
	}
	block, _ := pem.Decode([]byte(admin.Secret))
	if block == nil {
		return "", false
	}
	key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil || parsed.Claims(&key.PublicKey, &c) != nil || c.IssuedAt == nil || c.Expiry == nil {
		return "", false
	}
	now := a.l.Now()
	fits := !c.IssuedAt.Time().After(now) && c.Expiry.Time().After(now) && c.Expiry.Time().Sub(now) <= 10*time.Minute
	return admin.Name, fits
}

func (a *api) installation(w http.ResponseWriter, r *http.Request, _ string) {
	if r.PathValue("id") != strconv.Itoa(installationID) {
		Refuse(w, r, http.StatusNotFound, 0, "")
		return
	}
	fake.JSON(w, http.StatusOK, installation())
}

func (a *api) token(w http.ResponseWriter, r *http.Request, who string) {
	if r.PathValue("id") != strconv.Itoa(installationID) {
		Refuse(w, r, http.StatusNotFound, 0, "")
		return
	}
	value := "ghs_4711_" + rand.Text() + rand.Text()
	t := token{who, a.l.Now().Add(time.Hour)}
	a.mu.Lock()
	a.tokens[value] = t
	a.mu.Unlock()
	fake.JSON(w, http.StatusCreated, object{
		"token": value, "expires_at": stamp(t.ends), "permissions": permissions(),
		"repository_selection": "all",
	})
}

// installed lets an installation token through.
func (a *api) installed(next func(w http.ResponseWriter, r *http.Request, who string)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		t, ok := a.tokens[bearer(r)]
		a.mu.Unlock()
		if !ok || !a.l.Now().Before(t.ends) {
			Refuse(w, r, http.StatusUnauthorized, 0, "")
			return
		}
		next(w, r, t.who)
	}
}

func (a *api) endToken(w http.ResponseWriter, r *http.Request, _ string) {
	a.mu.Lock()
	delete(a.tokens, bearer(r))
	a.mu.Unlock()
	w.WriteHeader(http.StatusNoContent)
}

func permissions() object {
	return object{"administration": "write", "metadata": "read", "organization_administration": "read", "organization_personal_access_tokens": "write"}
}

func installation() object {
	at := "2026-01-01T00:00:00Z"
	const base = "https://api.github.com"
	return object{
		"id": installationID, "account": simpleUser(Account, "Organization"), "repository_selection": "all",
		"access_tokens_url": base + "/app/installations/4711/access_tokens", "repositories_url": base + "/installation/repositories",
		"html_url": "https://github.com/organizations/" + Account + "/settings/installations/4711", "app_id": 42,
		"client_id": "Iv23li", "target_id": 1, "target_type": "Organization", "permissions": permissions(), "events": []string{},
		"created_at": at, "updated_at": at, "single_file_name": nil, "has_multiple_single_files": false,
		"single_file_paths": []string{}, "app_slug": "keyturn", "suspended_by": nil, "suspended_at": nil,
	}
}

// simpleUser is a user or an organisation as it appears in other answers.
func simpleUser(login, kind string) object {
	base := "https://api.github.com/users/" + login
	return object{
		"login": login, "id": 1, "node_id": "MDQ6VXNlcjE=", "avatar_url": "https://avatars.githubusercontent.com/u/1",
		"gravatar_id": "", "url": base, "html_url": "https://github.com/" + login, "followers_url": base + "/followers",
		"following_url": base + "/following{/other_user}", "gists_url": base + "/gists{/gist_id}",
		"starred_url": base + "/starred{/owner}{/repo}", "subscriptions_url": base + "/subscriptions",
		"organizations_url": base + "/orgs", "repos_url": base + "/repos", "events_url": base + "/events{/privacy}",
		"received_events_url": base + "/received_events", "type": kind, "site_admin": false,
	}
}
