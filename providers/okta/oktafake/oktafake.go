// Package oktafake speaks the parts of Okta's management API and of its OAuth
// 2.0 API that providers/okta uses, over a [fake.Ledger]. The ledger's
// principals are the ids of the apps, and their client ids as well.
package oktafake

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/keyturn/keyturn/providers/fake"
)

// Domain is the org.
const Domain = "acme.okta.com"

// New serves the APIs over l, whose administrator's credentials are API tokens.
func New(l *fake.Ledger) http.Handler { return serve(api{l: l}) }

// NewLenient is New for apps that begin with no secret and may end so: it lets
// the only active secret of an app go, which Okta does not.
func NewLenient(l *fake.Ledger) http.Handler { return serve(api{l: l, lenient: true}) }

func serve(a api) http.Handler {
	a.l.SetFormat(fake.Format{
		Value: func(prefix string) string { return prefix + "-" + rand.Text() + rand.Text()[:14] },
		Complete: func(_ string, d *fake.Draft) {
			d.ID = cmp.Or(d.ID, d.Principal+".ocs"+rand.Text()[:17])
		},
	})
	const secrets = "/api/v1/apps/{app}/credentials/secrets"
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/apps", a.admin(a.apps))
	mux.HandleFunc("GET "+secrets, a.admin(a.list))
	mux.HandleFunc("POST "+secrets, a.admin(a.create))
	mux.HandleFunc("GET "+secrets+"/{id}", a.admin(a.get))
	mux.HandleFunc("DELETE "+secrets+"/{id}", a.admin(a.remove))
	mux.HandleFunc("POST "+secrets+"/{id}/lifecycle/activate", a.admin(a.activate))
	mux.HandleFunc("POST "+secrets+"/{id}/lifecycle/deactivate", a.admin(a.deactivate))
	mux.HandleFunc("GET /api/v1/logs", a.admin(a.logs))
	mux.HandleFunc("POST /oauth2/v1/introspect", a.introspect)
	return mux
}

type api struct {
	l       *fake.Ledger
	lenient bool
}

// admin lets only API tokens through, and only to apps there are.
func (a api) admin(next func(w http.ResponseWriter, r *http.Request, who string)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		user, ok := a.l.Admin(strings.TrimPrefix(r.Header.Get("Authorization"), "SSWS "))
		if !ok {
			Refuse(w, r, http.StatusUnauthorized, 0, "")
			return
		}
		if app := r.PathValue("app"); app != "" && !a.l.HasPrincipal(app) {
			Refuse(w, r, http.StatusNotFound, 0, "Resource not found: "+app+" (AppInstance)")
			return
		}
		next(w, r, user.Name)
	}
}

// apps gives at most 50 apps at a time, whatever was asked for. Every org has
// apps that are not OpenID Connect's.
func (a api) apps(w http.ResponseWriter, r *http.Request, _ string) {
	size, from := 20, 0
	if n, err := strconv.Atoi(r.FormValue("limit")); err == nil {
		size = min(n, 50)
	}
	if n, err := strconv.Atoi(r.FormValue("after")); err == nil {
		from = n
	}
	page, next, more := fake.Page(a.l.Principals(), from, size)
	out := []object{{"id": "0oasaml", "name": "template_saml_2_0", "status": "ACTIVE", "signOnMode": "SAML_2_0"}}
	for _, app := range page {
		out = append(out, object{
			"id": app, "name": "oidc_client", "label": app, "status": "ACTIVE", "signOnMode": "OPENID_CONNECT",
			"credentials": object{"oauthClient": object{"client_id": app, "autoKeyRotation": true, "token_endpoint_auth_method": "client_secret_basic"}},
		})
	}
	at := "http://" + r.Host + "/api/v1/apps?"
	w.Header().Add("Link", "<"+at+"limit="+strconv.Itoa(size)+`>; rel="self"`)
	if more {
		w.Header().Add("Link", "<"+at+"after="+strconv.Itoa(next)+"&limit="+strconv.Itoa(size)+`>; rel="next"`)
	}
	fake.JSON(w, http.StatusOK, out)
}

func (a api) list(w http.ResponseWriter, r *http.Request, _ string) {
	out := []object{}
	for _, k := range a.l.Live(r.PathValue("app")) {
		out = append(out, a.show(r, k.ID))
	}
	fake.JSON(w, http.StatusOK, out)
}

func (a api) create(w http.ResponseWriter, r *http.Request, who string) {
	var in struct {
		Secret string `json:"client_secret"`
		Status string `json:"status"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		refuse(w, "The request body was not well-formed.")
		return
	}
	k, err := a.l.Mint(who, fake.Draft{Principal: r.PathValue("app"), Secret: in.Secret})
	switch {
	case errors.Is(err, fake.ErrFull):
		refuse(w, "You've reached the maximum number of client secrets per client.")
		return
	case err == nil && in.Status == "INACTIVE":
		err = a.l.SetEnabled(who, k.Principal, k.ID, false)
	}
	if err != nil {
		Refuse(w, r, http.StatusNotFound, 0, err.Error())
		return
	}
	fake.JSON(w, http.StatusCreated, a.show(r, k.ID))
}

// one is the secret a path names.
func (a api) one(w http.ResponseWriter, r *http.Request) (fake.Key, bool) {
	k, ok := a.l.Find(r.PathValue("app") + "." + r.PathValue("id"))
	if !ok {
		Refuse(w, r, http.StatusNotFound, 0, "Resource not found: "+r.PathValue("id")+" (OAuth2ClientSecretMediated)")
	}
	return k, ok
}

func (a api) get(w http.ResponseWriter, r *http.Request, _ string) {
	if k, ok := a.one(w, r); ok {
		fake.JSON(w, http.StatusOK, a.show(r, k.ID))
	}
}

func (a api) activate(w http.ResponseWriter, r *http.Request, who string) { a.turn(w, r, who, true) }

func (a api) deactivate(w http.ResponseWriter, r *http.Request, who string) { a.turn(w, r, who, false) }

func (a api) turn(w http.ResponseWriter, r *http.Request, who string, on bool) {
	k, ok := a.one(w, r)
	if !ok {
		return
	}
	if !on && k.Enabled && !a.lenient && a.active(k.Principal) == 1 {
		refuse(w, "You can't deactivate the only active client secret.")
		return
	}
	_ = a.l.SetEnabled(who, k.Principal, k.ID, on)
	fake.JSON(w, http.StatusOK, a.show(r, k.ID))
}

func (a api) active(app string) (n int) {
	for _, k := range a.l.Live(app) {
		if k.Enabled {
			n++
		}
	}
	return n
}

func (a api) remove(w http.ResponseWriter, r *http.Request, who string) {
	k, ok := a.one(w, r)
	switch {
	case !ok:
	case k.Enabled:
		refuse(w, "You can't delete an active client secret. Deactivate the secret before deleting it.")
	case a.l.Revoke(who, k.Principal, k.ID) != nil:
		Refuse(w, r, http.StatusNotFound, 0, "")
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

// introspect tells nothing, but only to a client it believes.
func (a api) introspect(w http.ResponseWriter, r *http.Request) {
	client, secret, ok := r.BasicAuth()
	if !ok {
		client, secret = r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	}
	switch {
	case client == "" || secret == "":
		distrust(w, http.StatusUnauthorized, "No client credentials found.")
	case !a.l.HasPrincipal(client):
		distrust(w, http.StatusUnauthorized, "Invalid value for 'client_id' parameter.")
	case !a.believes(client, secret):
		distrust(w, http.StatusUnauthorized, badSecret)
	default:
		fake.JSON(w, http.StatusOK, object{"active": false})
	}
}

func (a api) believes(client, secret string) bool {
	k, ok := a.l.FindSecret(secret)
	if ok && k.Principal == client {
		_, ok = a.l.Use(k.ID)
	}
	return ok && k.Principal == client
}

type object map[string]any

// show is a secret as Okta shows it, value and all.
func (a api) show(r *http.Request, id string) object {
	k, _ := a.l.Find(id)
	app, secret, _ := strings.Cut(k.ID, ".")
	href := "https://" + r.Host + "/api/v1/apps/" + app + "/credentials/secrets/" + secret
	link := func(path, verb string) object {
		return object{"href": href + path, "hints": object{"allow": []string{verb}}}
	}
	status, links := "INACTIVE", object{"activate": link("/lifecycle/activate", "POST"), "delete": link("", "DELETE")}
	if k.Enabled {
		status, links = "ACTIVE", object{"deactivate": link("/lifecycle/deactivate", "POST")}
	}
	at := k.Created.UTC().Format("2006-01-02T15:04:05.000Z")
	return object{
		"id": secret, "status": status, "client_secret": k.Secret, "created": at, "lastUpdated": at,
		"secret_hash": hash(k.Secret), "_links": links,
	}
}

const badSecret = "The client secret supplied for a confidential client is invalid."

// Refuse is a [fake.Refusal] in Okta's words: those of OAuth 2.0 to a client
// that asks about a token, those of the management API otherwise. When
// throttled it says when the window ends, by its own clock.
func Refuse(w http.ResponseWriter, r *http.Request, status int, wait time.Duration, text string) {
	if wait > 0 {
		now := time.Now().UTC().Truncate(time.Second)
		w.Header().Set("Date", now.Format(http.TimeFormat))
		w.Header().Set("X-Rate-Limit-Limit", "600")
		w.Header().Set("X-Rate-Limit-Remaining", "0")
		w.Header().Set("X-Rate-Limit-Reset", strconv.FormatInt(now.Add(wait+time.Second-1).Unix(), 10))
	}
	if r.URL.Path == "/oauth2/v1/introspect" && status == http.StatusUnauthorized {
		distrust(w, status, badSecret)
		return
	}
	codes := map[int]string{
		http.StatusUnauthorized: "E0000011", http.StatusForbidden: "E0000006", http.StatusNotFound: "E0000007",
		http.StatusTooManyRequests: "E0000047", http.StatusBadRequest: "E0000001",
	}
	problem(w, status, cmp.Or(codes[status], "E0000009"), http.StatusText(status)+": "+text)
}

// refuse is Okta's answer to a request it finds something wrong with.
func refuse(w http.ResponseWriter, cause string) {
	problem(w, http.StatusBadRequest, "E0000001", "Api validation failed: OAuth2ClientSecretMediated", object{"errorSummary": cause})
}

func problem(w http.ResponseWriter, status int, code, summary string, causes ...object) {
	fake.JSON(w, status, object{
		"errorCode": code, "errorSummary": summary, "errorLink": code,
		"errorId": "oae" + rand.Text()[:20], "errorCauses": append([]object{}, causes...),
	})
}

func distrust(w http.ResponseWriter, status int, words string) {
	fake.JSON(w, status, object{"error": "invalid_client", "error_description": words})
}
