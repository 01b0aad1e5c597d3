// Package gitlabfake speaks the part of GitLab's REST API that providers/gitlab
// uses, over a [fake.Ledger]. The ledger's principals are projects and groups:
// "project/42", "group/7".
package gitlabfake

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/keyturn/keyturn/providers/fake"
)

// Group is a group that is always there. All of the ledger's principals are
// somewhere below it.
const Group = "1"

// New serves the API over l. Every administrator credential of l is the
// personal access token of an Owner of everything.
func New(l *fake.Ledger) http.Handler {
	var last atomic.Int64
	l.SetFormat(fake.Format{
		ID:    func() string { return strconv.FormatInt(1000+last.Add(1), 10) },
		Value: func(prefix string) string { return prefix + "glpat-" + rand.Text()[:20] },
	})
	a := api{l}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/v4/{kind}/{id}/access_tokens", a.owned(a.create))
	mux.HandleFunc("GET /api/v4/{kind}/{id}/access_tokens", a.owned(a.list))
	mux.HandleFunc("GET /api/v4/{kind}/{id}/access_tokens/{token}", a.owned(a.get))
	mux.HandleFunc("DELETE /api/v4/{kind}/{id}/access_tokens/{token}", a.owned(a.revoke))
	mux.HandleFunc("GET /api/v4/groups/{id}/projects", a.below("project/"))
	mux.HandleFunc("GET /api/v4/groups/{id}/descendant_groups", a.below("group/"))
	mux.HandleFunc("GET /api/v4/personal_access_tokens/self", a.self)
	mux.HandleFunc("DELETE /api/v4/personal_access_tokens/self", a.revokeSelf)
	return mux
}

type api struct{ l *fake.Ledger }

type object map[string]any

// roles are the access levels of tokens, by the names the ledger keeps them
// under.
func roles() map[string]int {
	return map[string]int{"role:guest": 10, "role:planner": 15, "role:reporter": 20, "role:developer": 30, "role:maintainer": 40, "role:owner": 50}
}

// owned lets only administrators through, and only to what is there.
func (a api) owned(next func(w http.ResponseWriter, r *http.Request, who, principal string)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		admin, ok := a.l.Admin(r.Header.Get("PRIVATE-TOKEN"))
		if !ok {
			Refuse(w, r, http.StatusUnauthorized, 0, "")
			return
		}
		principal := strings.TrimSuffix(r.PathValue("kind"), "s") + "/" + r.PathValue("id")
		if !a.l.HasPrincipal(principal) && principal != "group/"+Group {
			noOwner(w, principal)
			return
		}
		next(w, r, admin.Name, principal)
	}
}

func (a api) create(w http.ResponseWriter, r *http.Request, who, principal string) {
	var in struct {
		Name        string
		Expires     string `json:"expires_at"`
		Scopes      []string
		AccessLevel int `json:"access_level"`
	}
	err := json.NewDecoder(r.Body).Decode(&in)
	date, err2 := time.Parse(time.DateOnly, in.Expires)
	role := ""
	for name, level := range roles() {
		if level == in.AccessLevel {
			role = name
		}
	}
	switch {
	case err != nil || in.Name == "" || len(in.Scopes) == 0:
		fake.JSON(w, http.StatusBadRequest, object{"error": "name is missing, scopes is missing"})
		return
	case err2 != nil || role == "":
		fake.JSON(w, http.StatusBadRequest, object{"error": "expires_at is invalid, access_level does not have a valid value"})
		return
	case date.After(a.l.Now().AddDate(0, 0, 365)) || !date.After(a.l.Now()):
		say(w, http.StatusBadRequest, "400 Bad request - Expiration date must be before the maximum allowable date")
		return
	}
	k, err := a.l.Mint(who, fake.Draft{Principal: principal, Label: in.Name, Expires: date, Permissions: append([]string{role}, in.Scopes...)})
	if err != nil {
		say(w, http.StatusBadRequest, "400 Bad request - Access token limit reached")
		return
	}
	out := a.show(k)
	out["token"] = k.Secret
	fake.JSON(w, http.StatusCreated, out)
}

func (a api) list(w http.ResponseWriter, r *http.Request, _, principal string) {
	var found []object
	for _, k := range a.l.Keys() { // the ledger's own order, which is created_asc
		if t := a.show(k); k.Principal == principal && (r.FormValue("state") != "active" || t["active"] == true) {
			found = append(found, t)
		}
	}
	if r.FormValue("sort") != "created_asc" {
		slices.Reverse(found)
	}
	page(w, r, found)
}

func (a api) get(w http.ResponseWriter, r *http.Request, _, principal string) {
	k, ok := a.find(r.PathValue("token"), principal)
	if !ok {
		noToken(w, principal)
		return
	}
	fake.JSON(w, http.StatusOK, a.show(k))
}

func (a api) revoke(w http.ResponseWriter, r *http.Request, who, principal string) {
	k, ok := a.find(r.PathValue("token"), principal)
	switch {
	case !ok:
		noToken(w, principal)
	case a.l.Revoke(who, principal, k.ID) != nil:
		say(w, http.StatusBadRequest, "400 Bad request - Failed to find bot user")
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

// below lists the principals of one kind that are below a group.
func (a api) below(kind string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if _, ok := a.l.Admin(r.Header.Get("PRIVATE-TOKEN")); !ok || r.PathValue("id") != Group {
			noOwner(w, "group/")
			return
		}
		var found []object
		for _, p := range a.l.Principals() {
			if number, ok := strings.CutPrefix(p, kind); ok && p != "group/"+Group {
				id, _ := strconv.Atoi(number)
				found = append(found, object{"id": id, "name": p, "path": "p" + number})
			}
		}
		page(w, r, found)
	}
}

func (a api) self(w http.ResponseWriter, r *http.Request) {
	value := r.Header.Get("PRIVATE-TOKEN")
	if _, ok := a.l.Admin(value); ok {
		fake.JSON(w, http.StatusOK, object{
			"id": 1, "name": "keyturn", "scopes": []string{"api"}, "active": true, "revoked": false,
			"created_at": a.l.Now(), "last_used_at": a.l.Now(), "expires_at": nil, "user_id": 1,
		})
		return
	}
	k, ok := a.l.Authenticate(value)
	if !ok {
		Refuse(w, r, http.StatusUnauthorized, 0, "")
		return
	}
	k.Enabled, k.Revoked = true, false // as long as it is believed
	fake.JSON(w, http.StatusOK, a.show(k))
}

func (a api) revokeSelf(w http.ResponseWriter, r *http.Request) {
	k, ok := a.l.Authenticate(r.Header.Get("PRIVATE-TOKEN"))
	if !ok || a.l.Revoke("itself", "", k.ID) != nil {
		Refuse(w, r, http.StatusUnauthorized, 0, "")
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// find is a token that belongs to principal, revoked ones included.
func (a api) find(id, principal string) (fake.Key, bool) {
	all := a.l.Keys()
	i := slices.IndexFunc(all, func(k fake.Key) bool { return k.ID == id && k.Principal == principal })
	if i < 0 {
		return fake.Key{}, false
	}
	return all[i], true
}

// show is a token as GitLab shows it.
func (a api) show(k fake.Key) object {
	id, _ := strconv.Atoi(k.ID)
	level, scopes := 10, []string{}
	for _, p := range k.Permissions {
		if l, ok := roles()[p]; ok {
			level = l
		} else {
			scopes = append(scopes, p)
		}
	}
	kind, number, _ := strings.Cut(k.Principal, "/")
	owner, _ := strconv.Atoi(number)
	out := object{
		"id": id, "name": k.Label, "description": nil, "scopes": scopes, "access_level": level, "user_id": 5000 + id,
		"revoked": k.Revoked, "active": !k.Revoked && (k.Expires.IsZero() || a.l.Now().Before(k.Expires)), "created_at": k.Created,
		"last_used_at": nil, "expires_at": nil, "resource_type": kind, "resource_id": owner,
	}
	if !k.LastUsed.IsZero() {
		out["last_used_at"] = k.LastUsed
	}
	if !k.Expires.IsZero() {
		out["expires_at"] = k.Expires.Format(time.DateOnly)
	}
	return out
}

// page answers with one page of a listing.
func page(w http.ResponseWriter, r *http.Request, all []object) {
	n, _ := strconv.Atoi(r.FormValue("page"))
	size, _ := strconv.Atoi(r.FormValue("per_page"))
	if size <= 0 {
		size = 20
	}
	n, size = max(n, 1), min(size, 100)
	items, _, more := fake.Page(all, (n-1)*size, size)
	next := ""
	if more {
		next = strconv.Itoa(n + 1)
	}
	w.Header().Set("X-Page", strconv.Itoa(n))
	w.Header().Set("X-Per-Page", strconv.Itoa(size))
	w.Header().Set("X-Next-Page", next)
	w.Header().Set("X-Total", strconv.Itoa(len(all)))
	fake.JSON(w, http.StatusOK, append([]object{}, items...))
}

func noOwner(w http.ResponseWriter, principal string) {
	message := "404 Project Not Found"
	if strings.HasPrefix(principal, "group/") {
		message = "404 Group Not Found"
	}
	say(w, http.StatusNotFound, message)
}

func noToken(w http.ResponseWriter, principal string) {
	say(w, http.StatusNotFound, "404 "+strings.Split(principal, "/")[0]+" Access Token Not Found")
}

func say(w http.ResponseWriter, status int, message string) {
	fake.JSON(w, status, object{"message": message})
}

// Refuse is a [fake.Refusal] in GitLab's words: a message that begins with the
// status. A DELETE that is answered 404 is about a token.
func Refuse(w http.ResponseWriter, r *http.Request, status int, wait time.Duration, text string) {
	if wait > 0 {
		w.Header().Set("Retry-After", fake.Seconds(wait))
	}
	message := strconv.Itoa(status) + " " + http.StatusText(status)
	if status == http.StatusNotFound && r.Method == http.MethodDelete {
		message = "404 project Access Token Not Found"
	}
	if text != "" {
		message += " - " + text
	}
	say(w, status, message)
}
