// Package openaifake speaks the part of OpenAI's administration API that
// providers/openai uses, over a [fake.Ledger].
//
// Each of the ledger's principals that looks like project/account is a service
// account; the keys of the principal "admin" are admin keys.
package openaifake

import (
	"crypto/rand"
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

// New serves the API over l.
func New(l *fake.Ledger) http.Handler { return serve(l, false) }

// NewOld serves the API as it was before August 2026: a key comes with a
// service account of its own, and goes with it.
func NewOld(l *fake.Ledger) http.Handler { return serve(l, true) }

func serve(l *fake.Ledger, old bool) http.Handler {
	l.SetFormat(fake.Format{Complete: func(prefix string, d *fake.Draft) {
		kind := "sk-svcacct-"
		if d.Principal == admins {
			kind = "sk-admin-"
		}
		if d.ID == "" {
			d.ID = "key_" + rand.Text()[:16]
		}
		if d.Secret == "" {
			d.Secret = kind + prefix + rand.Text()
		}
	}})
	a := &api{l: l, old: old, alone: map[string]account{}}
	mux := http.NewServeMux()
	const base = "/v1/organization/"
	mux.HandleFunc("GET /v1/models", a.models)
	mux.HandleFunc("GET "+base+"projects", a.admin(a.projects))
	mux.HandleFunc("GET "+base+"admin_api_keys", a.admin(a.adminKeys))
	mux.HandleFunc("POST "+base+"admin_api_keys", a.admin(a.addAdminKey))
	mux.HandleFunc("GET "+base+"admin_api_keys/{id}", a.admin(a.key))
	mux.HandleFunc("DELETE "+base+"admin_api_keys/{id}", a.admin(a.remove))
	mux.HandleFunc("GET "+base+"projects/{project}/api_keys", a.admin(a.keys))
	mux.HandleFunc("GET "+base+"projects/{project}/api_keys/{id}", a.admin(a.key))
	mux.HandleFunc("DELETE "+base+"projects/{project}/api_keys/{id}", a.admin(a.remove))
	mux.HandleFunc("POST "+base+"projects/{project}/service_accounts", a.admin(a.addAccount))
	mux.HandleFunc("GET "+base+"projects/{project}/service_accounts/{account}", a.admin(a.account))
	mux.HandleFunc("DELETE "+base+"projects/{project}/service_accounts/{account}", a.admin(a.removeAccount))
	mux.HandleFunc("GET "+base+"audit_logs", a.admin(a.auditLogs))
	mux.HandleFunc("GET "+base+"usage/{kind}", a.admin(a.usage))
	if !old {
		mux.HandleFunc("POST "+base+"projects/{project}/service_accounts/{account}/api_keys", a.admin(a.addKey))
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { Refuse(w, r, http.StatusNotFound, 0, "") })
	return mux
}

// admins is the principal of admin keys.
const admins = "admin"

type api struct {
	l   *fake.Ledger
	old bool

	mu    sync.Mutex
	alone map[string]account // service accounts made with a key, by that key's id
}

type account struct{ id, name string }

type object map[string]any

func bearer(r *http.Request) string {
	return strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
}

// admin lets an administrator through, by a key of the ledger's or by an admin
// key it minted.
func (a *api) admin(next func(w http.ResponseWriter, r *http.Request, who string)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if u, ok := a.l.Admin(bearer(r)); ok {
			next(w, r, u.Name)
			return
		}
		if k, ok := a.l.Authenticate(bearer(r)); !ok {
			Refuse(w, r, http.StatusUnauthorized, 0, "")
		} else if k.Principal != admins {
			Refuse(w, r, http.StatusForbidden, 0, "")
		} else {
			next(w, r, k.ID)
		}
	}
}

func (a *api) models(w http.ResponseWriter, r *http.Request) {
	if _, ok := a.l.Authenticate(bearer(r)); !ok {
		Refuse(w, r, http.StatusUnauthorized, 0, "")
		return
	}
	fake.JSON(w, http.StatusOK, object{"object": "list", "data": []object{
		{"id": "gpt-5", "object": "model", "created": 1754000000, "owned_by": "openai"},
	}})
}

// key answers with one key, of a project or of the organisation.
func (a *api) key(w http.ResponseWriter, r *http.Request, _ string) {
	k, ok := a.find(r)
	if !ok {
		Refuse(w, r, http.StatusNotFound, 0, "")
		return
	}
	fake.JSON(w, http.StatusOK, a.show(k))
}

// find returns the key a request names where it looks for it.
func (a *api) find(r *http.Request) (fake.Key, bool) {
	k, ok := a.l.Find(r.PathValue("id"))
	project, _, _ := strings.Cut(k.Principal, "/")
	if r.PathValue("project") == "" {
		return k, ok && k.Principal == admins
	}
	return k, ok && project == r.PathValue("project")
}

func (a *api) remove(w http.ResponseWriter, r *http.Request, who string) {
	k, ok := a.find(r)
	if !ok {
		Refuse(w, r, http.StatusNotFound, 0, "")
		return
	}
	kind := "organization.project.api_key.deleted"
	if k.Principal == admins {
		kind = "organization.admin_api_key.deleted"
	} else if a.old {
		Refuse(w, r, http.StatusBadRequest, 0, "the key is owned by a service account")
		return
	}
	_ = a.l.Revoke(who, "", k.ID) // it was there, and nobody else ends it twice
	fake.JSON(w, http.StatusOK, object{"object": kind, "id": k.ID, "deleted": true})
}

// Refuse is a [fake.Refusal] in OpenAI's words.
func Refuse(w http.ResponseWriter, _ *http.Request, status int, wait time.Duration, text string) {
	if wait > 0 {
		w.Header().Set("Retry-After", fake.Seconds(wait))
	}
	kind, code := "invalid_request_error", any(nil)
	switch status {
	case http.StatusUnauthorized:
		code = "invalid_api_key"
	case http.StatusTooManyRequests:
		kind, code = "requests", "rate_limit_exceeded"
	}
	fake.JSON(w, status, object{"error": object{"message": http.StatusText(status) + ": " + text, "type": kind, "param": nil, "code": code}})
}

// refuse words what the ledger would not do.
func refuse(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, fake.ErrNoPrincipal) || errors.Is(err, fake.ErrNoKey) {
		Refuse(w, r, http.StatusNotFound, 0, "")
		return
	}
	Refuse(w, r, http.StatusBadRequest, 0, "")
}

// list answers with a page of all, which begins after the id that was given.
func list[T any](w http.ResponseWriter, r *http.Request, all []T, id func(T) string, show func(T) object) {
	from, size := 0, 20
	if n, err := strconv.Atoi(r.FormValue("limit")); err == nil {
		size = min(n, 100)
	}
	if after := r.FormValue("after"); after != "" {
		if from = 1 + slices.IndexFunc(all, func(x T) bool { return id(x) == after }); from == 0 {
			Refuse(w, r, http.StatusBadRequest, 0, "no such object to come after")
			return
		}
	}
	page, _, more := fake.Page(all, from, size)
	data, first, last := []object{}, any(nil), any(nil)
	for _, x := range page {
		data = append(data, show(x))
	}
	if len(page) > 0 {
		first, last = id(page[0]), id(page[len(page)-1])
	}
	fake.JSON(w, http.StatusOK, object{"object": "list", "data": data, "first_id": first, "last_id": last, "has_more": more})
}

// read reads a request's body; what it cannot make out it leaves empty.
func read(r *http.Request) (in struct {
	Name   string
	Scopes []string
	Life   int64 `json:"expires_in_seconds"`
},
) {
	_ = json.NewDecoder(r.Body).Decode(&in)
	return in
}

func seconds(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.Unix()
}
