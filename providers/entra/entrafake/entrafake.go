// Package entrafake speaks the parts of Microsoft Graph v1.0 and of the
// Microsoft identity platform that providers/entra uses, over a [fake.Ledger].
// The ledger's principals are the applications: a name that begins with
// "appId=" is a client id, any other an object id. The other id is made from
// it.
package entrafake

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/keyturn/keyturn/providers/fake"
)

// Tenant is the only tenant there is.
const Tenant = "72f988bf-0000-4000-8000-2d7cd011db47"

// New serves both APIs over l. The administrator's credential is one of the
// ledger's: its id is the client id, its value the client secret.
func New(l *fake.Ledger) http.Handler {
	l.SetFormat(fake.Format{
		Value: func(prefix string) string { return prefix + "8Q~" + rand.Text()[:20] },
		Complete: func(_ string, d *fake.Draft) {
			d.ID = cmp.Or(d.ID, clientID(d.Principal)+"."+uuid(rand.Text()))
		},
	})
	a := &api{l: l}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /"+Tenant+"/oauth2/v2.0/token", a.token)
	mux.HandleFunc("POST /{tenant}/oauth2/v2.0/token", func(w http.ResponseWriter, _ *http.Request) {
		refuseSignIn(w, http.StatusBadRequest, 90002, "Tenant not found")
	})
	mux.HandleFunc("GET /v1.0/applications", a.admin(a.list))
	mux.HandleFunc("GET /v1.0/applications/{id}", a.admin(a.get))
	mux.HandleFunc("GET /v1.0/{app}", a.admin(a.get))
	for _, path := range []string{"/v1.0/applications/{id}", "/v1.0/{app}"} {
		mux.HandleFunc("POST "+path+"/addPassword", a.admin(a.add))
		mux.HandleFunc("POST "+path+"/removePassword", a.admin(a.remove))
	}
	return mux
}

type api struct {
	l      *fake.Ledger
	issued tokens
}

// admin lets only access tokens through that Keyturn's own application got.
func (a *api) admin(next func(w http.ResponseWriter, r *http.Request, who string)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		who, ok := a.issued.owner(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), a.l.Now())
		if !ok {
			Refuse(w, r, http.StatusUnauthorized, 0, "")
			return
		}
		next(w, r, who)
	}
}

// app is the principal a path names.
func (a *api) app(w http.ResponseWriter, r *http.Request) (string, bool) {
	id, byObject := r.PathValue("id"), true
	if id == "" {
		after, ok := strings.CutPrefix(r.PathValue("app"), "applications(appId='")
		id, byObject = strings.TrimSuffix(after, "')"), false
		if !ok || id == after {
			id = ""
		}
	}
	for _, p := range a.l.Principals() {
		if id != "" && (byObject && objectID(p) == id || !byObject && clientID(p) == id) {
			return p, true
		}
	}
	refuse(w, http.StatusNotFound, "Request_ResourceNotFound", "Resource '"+id+"' does not exist or one of its queried reference-property objects are not present.")
	return "", false
}

func (a *api) add(w http.ResponseWriter, r *http.Request, who string) {
	p, ok := a.app(w, r)
	if !ok {
		return
	}
	var in struct {
		PasswordCredential struct {
			DisplayName string
			EndDateTime time.Time
		}
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		refuse(w, http.StatusBadRequest, "Request_BadRequest", "Unable to read JSON request payload.")
		return
	}
	k, err := a.l.Mint(who, fake.Draft{Principal: p, Label: in.PasswordCredential.DisplayName, Expires: in.PasswordCredential.EndDateTime})
	if err != nil {
		refuse(w, http.StatusBadRequest, "Request_BadRequest", err.Error())
		return
	}
	out := show(k)
	out["@odata.context"] = "https://graph.microsoft.com/v1.0/$metadata#microsoft.graph.passwordCredential"
	out["secretText"] = k.Secret
	fake.JSON(w, http.StatusOK, out)
}

func (a *api) remove(w http.ResponseWriter, r *http.Request, who string) {
	p, ok := a.app(w, r)
	if !ok {
		return
	}
	var in struct{ KeyID string }
	_ = json.NewDecoder(r.Body).Decode(&in)
	if err := a.l.Revoke(who, p, clientID(p)+"."+in.KeyID); err != nil {
		refuse(w, http.StatusBadRequest, "Request_BadRequest", "No password credential found with keyId '"+in.KeyID+"'.")
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (a *api) get(w http.ResponseWriter, r *http.Request, _ string) {
	if p, ok := a.app(w, r); ok {
		out := a.show(p)
		out["@odata.context"] = "https://graph.microsoft.com/v1.0/$metadata#applications/$entity"
		fake.JSON(w, http.StatusOK, out)
	}
}

// list gives at most 100 applications at a time, whatever was asked for.
func (a *api) list(w http.ResponseWriter, r *http.Request, _ string) {
	size, from := 100, 0
	if n, err := strconv.Atoi(r.FormValue("$top")); err == nil {
		size = min(n, size)
	}
	if n, err := strconv.Atoi(strings.TrimPrefix(r.FormValue("$skiptoken"), "RFNwdAo")); err == nil {
		from = n
	}
	page, next, more := fake.Page(a.l.Principals(), from, size)
	value := []object{}
	for _, p := range page {
		value = append(value, a.show(p))
	}
	out := object{"@odata.context": "https://graph.microsoft.com/v1.0/$metadata#applications", "value": value}
	if more {
		q := url.Values{"$select": {r.FormValue("$select")}, "$top": {r.FormValue("$top")}, "$skiptoken": {"RFNwdAo" + strconv.Itoa(next)}}
		out["@odata.nextLink"] = "http://" + r.Host + "/v1.0/applications?" + q.Encode()
	}
	fake.JSON(w, http.StatusOK, out)
}

type object map[string]any

func (a *api) show(principal string) object {
	list := []object{}
	for _, k := range a.l.Live(principal) {
		list = append(list, show(k))
	}
	return object{"id": objectID(principal), "appId": clientID(principal), "passwordCredentials": list}
}

// show is a password as Graph shows it. Without an end it gets two years.
func show(k fake.Key) object {
	_, keyID, _ := strings.Cut(k.ID, ".")
	end := k.Expires
	if end.IsZero() {
		end = k.Created.AddDate(2, 0, 0)
	}
	return object{
		"keyId": keyID, "displayName": k.Label, "hint": "abc", "customKeyIdentifier": nil, "secretText": nil,
		"startDateTime": k.Created.Format(time.RFC3339Nano), "endDateTime": end.Format(time.RFC3339Nano),
	}
}

// clientID is the client id of an application, and objectID its object id.
func clientID(principal string) string {
	if id, ok := strings.CutPrefix(principal, "appId="); ok {
		return id
	}
	return uuid("client id of " + principal)
}

func objectID(principal string) string {
	if strings.HasPrefix(principal, "appId=") {
		return uuid("object id of " + principal)
	}
	return principal
}

func uuid(of string) string {
	sum := sha256.Sum256([]byte(of))
	s := hex.EncodeToString(sum[:16])
	return fmt.Sprintf("%s-%s-%s-%s-%s", s[:8], s[8:12], s[12:16], s[16:20], s[20:])
}

// Refuse is a [fake.Refusal] in the words of Graph, or, for sign-ins, of the
// Microsoft identity platform.
func Refuse(w http.ResponseWriter, r *http.Request, status int, wait time.Duration, text string) {
	if wait > 0 {
		w.Header().Set("Retry-After", fake.Seconds(wait))
	}
	if strings.HasSuffix(r.URL.Path, "/oauth2/v2.0/token") {
		code := map[int]int{http.StatusUnauthorized: 7000215, http.StatusForbidden: 53003}[status]
		refuseSignIn(w, status, code, text)
		return
	}
	codes := map[int]string{
		http.StatusUnauthorized: "InvalidAuthenticationToken", http.StatusForbidden: "Authorization_RequestDenied",
		http.StatusNotFound: "Request_ResourceNotFound", http.StatusConflict: "ConflictingObjects",
		http.StatusTooManyRequests: "TooManyRequests", http.StatusServiceUnavailable: "serviceNotAvailable",
	}
	refuse(w, status, cmp.Or(codes[status], "UnknownError"), text)
}

func refuse(w http.ResponseWriter, status int, code, message string) {
	fake.JSON(w, status, object{"error": object{
		"code": code, "message": message,
		"innerError": object{"date": "2026-01-01T00:00:00", "request-id": uuid(rand.Text())},
	}})
}

func refuseSignIn(w http.ResponseWriter, status, code int, text string) {
	kind := "invalid_client"
	if slices.Contains([]int{700016, 90002}, code) {
		kind = "unauthorized_client"
	}
	out := object{
		"error": kind, "error_description": fmt.Sprintf("AADSTS%d: %s Trace ID: %s", code, text, uuid(rand.Text())),
		"trace_id": uuid(rand.Text()), "correlation_id": uuid(rand.Text()), "timestamp": "2026-01-01 00:00:00Z",
	}
	if code != 0 {
		out["error_codes"] = []int{code}
	}
	fake.JSON(w, status, out)
}
