// Package httpfake is a service that implements Keyturn's contract for internal
// services, over a [fake.Ledger]. It is the reference: docs/http-provider.md
// and openapi.yaml describe what it does, and a test holds it to both.
package httpfake

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/keyturn/keyturn/providers/fake"
)

const root = "/keyturn/v1"

// New serves the contract over l. Every administrator credential of l may do
// everything.
func New(l *fake.Ledger) http.Handler {
	a := &api{l: l}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+root, a.admin(a.describe))
	mux.HandleFunc("POST "+root+"/keys", a.admin(a.mint))
	mux.HandleFunc("GET "+root+"/keys", a.admin(a.list))
	mux.HandleFunc("GET "+root+"/keys/{id}", a.admin(a.get))
	mux.HandleFunc("DELETE "+root+"/keys/{id}", a.admin(a.revoke))
	mux.HandleFunc("POST "+root+"/keys/{id}/disable", a.admin(a.enable(false)))
	mux.HandleFunc("POST "+root+"/keys/{id}/enable", a.admin(a.enable(true)))
	mux.HandleFunc("GET "+root+"/verify", a.verify)
	return mux
}

type api struct {
	l *fake.Ledger
	// minting makes looking for a label and using it one step.
	minting sync.Mutex
}

type object map[string]any

func bearer(r *http.Request) string {
	value, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return value
}

// admin lets only administrators through.
func (a *api) admin(next func(w http.ResponseWriter, r *http.Request, who string)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c, ok := a.l.Admin(bearer(r))
		if !ok {
			problem(w, http.StatusUnauthorized, "", "")
			return
		}
		next(w, r, c.Name)
	}
}

func (a *api) describe(w http.ResponseWriter, _ *http.Request, _ string) {
	fake.JSON(w, http.StatusOK, object{
		"contract": "keyturn/v1", "title": "Keyturn's reference service",
		"capabilities": []string{"suspend", "last_used", "principals", "permissions", "expires"},
		"granted":      []string{"keys.read", "keys.write"},
	})
}

func (a *api) mint(w http.ResponseWriter, r *http.Request, who string) {
	var in struct {
		Principal, Label string
		Permissions      []string
		Expires          time.Time
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || in.Label == "" {
		problem(w, http.StatusUnprocessableEntity, "", "")
		return
	}
	a.minting.Lock()
	defer a.minting.Unlock()
	if slices.ContainsFunc(a.l.Live(""), func(k fake.Key) bool { return k.Label == in.Label }) {
		problem(w, http.StatusConflict, "label_taken", "")
		return
	}
	k, err := a.l.Mint(who, fake.Draft{Principal: in.Principal, Label: in.Label, Permissions: in.Permissions, Expires: in.Expires})
	switch {
	case err == nil:
		w.Header().Set("Cache-Control", "no-store")
		fake.JSON(w, http.StatusCreated, object{"key": show(k), "value": k.Secret})
	case errors.Is(err, fake.ErrFull):
		problem(w, http.StatusConflict, "limit_reached", "")
	default:
		problem(w, http.StatusNotFound, "principal_not_found", "")
	}
}

// list goes on after the key a cursor names, which may be gone by then.
func (a *api) list(w http.ResponseWriter, r *http.Request, _ string) {
	principal, cursor := r.FormValue("principal"), r.FormValue("cursor")
	if known := a.l.Principals(); principal != "" && len(known) > 0 && !slices.Contains(known, principal) {
		problem(w, http.StatusNotFound, "principal_not_found", "")
		return
	}
	all := a.l.Keys()
	if cursor != "" {
		all = all[1+slices.IndexFunc(all, func(k fake.Key) bool { return k.ID == cursor }):]
	}
	all = slices.DeleteFunc(all, func(k fake.Key) bool { return k.Revoked || principal != "" && k.Principal != principal })
	size, err := strconv.Atoi(r.FormValue("limit"))
	if err != nil || size > 100 {
		size = 100
	}
	page, _, more := fake.Page(all, 0, size)
	out := object{"keys": []object{}}
	for _, k := range page {
		out["keys"] = append(out["keys"].([]object), show(k))
	}
	if more {
		out["next"] = page[len(page)-1].ID
	}
	fake.JSON(w, http.StatusOK, out)
}

func (a *api) get(w http.ResponseWriter, r *http.Request, _ string) {
	k, ok := a.l.Find(r.PathValue("id"))
	if !ok {
		problem(w, http.StatusNotFound, "key_not_found", "")
		return
	}
	fake.JSON(w, http.StatusOK, show(k))
}

func (a *api) revoke(w http.ResponseWriter, r *http.Request, who string) {
	done(w, a.l.Revoke(who, "", r.PathValue("id")))
}

func (a *api) enable(on bool) func(w http.ResponseWriter, r *http.Request, who string) {
	return func(w http.ResponseWriter, r *http.Request, who string) {
		done(w, a.l.SetEnabled(who, "", r.PathValue("id"), on))
	}
}

func done(w http.ResponseWriter, err error) {
	if err != nil {
		problem(w, http.StatusNotFound, "key_not_found", "")
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (a *api) verify(w http.ResponseWriter, r *http.Request) {
	k, ok := a.l.Authenticate(bearer(r))
	if !ok {
		problem(w, http.StatusUnauthorized, "key_refused", "")
		return
	}
	out := object{"id": k.ID}
	if k.Principal != "" {
		out["principal"] = k.Principal
	}
	fake.JSON(w, http.StatusOK, out)
}

// show is a key without its value.
func show(k fake.Key) object {
	out := object{"id": k.ID, "label": k.Label, "created": k.Created, "enabled": k.Enabled, "permissions": append([]string{}, k.Permissions...)}
	if k.Principal != "" {
		out["principal"] = k.Principal
	}
	if !k.Expires.IsZero() {
		out["expires"] = k.Expires
	}
	if !k.LastUsed.IsZero() {
		out["last_used"] = k.LastUsed
	}
	return out
}

// problem answers as RFC 9457 has it.
func problem(w http.ResponseWriter, status int, code, detail string) {
	out := object{"type": "about:blank", "title": http.StatusText(status), "status": status}
	if code != "" {
		out["code"] = code
	}
	if detail != "" {
		out["detail"] = detail
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(out)
}

// Refuse is a [fake.Refusal] in the words of the contract.
func Refuse(w http.ResponseWriter, r *http.Request, status int, wait time.Duration, text string) {
	if wait > 0 {
		w.Header().Set("Retry-After", fake.Seconds(wait))
	}
	code := ""
	switch {
	case status == http.StatusUnauthorized && r.URL.Path == root+"/verify":
		code = "key_refused"
	case status == http.StatusNotFound && strings.HasPrefix(r.URL.Path, root+"/keys/"):
		code = "key_not_found"
	case status == http.StatusNotFound:
		code = "principal_not_found"
	}
	problem(w, status, code, text)
}
