package oktafake

import (
	"net/http"
	"slices"
	"strings"

	"github.com/keyturn/keyturn/providers/fake"
)

type object map[string]any

// listUsers leaves out those who are DEPROVISIONED unless there is a filter or a
// search.
func (g *Org) listUsers(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	users, is := g.all(), func(u User) bool { return u.Status != "DEPROVISIONED" }
	if expression := r.FormValue("filter"); expression != "" {
		is = filter(expression)
	}
	if expression := r.FormValue("search"); expression != "" {
		is = search(expression)
		if g.index != nil {
			users = g.index
		}
	}
	if is == nil {
		problem(w, http.StatusBadRequest, "E0000031", "Invalid search criteria.")
		return
	}
	users = slices.DeleteFunc(slices.Clone(users), func(u User) bool { return !is(u) })
	page(g, w, r, users, show)
}

// getUser knows ids, logins without regard to case and some diacritical marks,
// logins up to their @, and "me".
func (g *Org) getUser(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	name := r.PathValue("user")
	if name == "me" && len(g.users) > 0 {
		fake.JSON(w, http.StatusOK, show(g.users[0].User))
		return
	}
	if strings.Contains(name, "/") {
		missing(w, r)
		return
	}
	for _, u := range g.all() {
		login := fold(u.Profile["login"])
		short, _, _ := strings.Cut(login, "@")
		if u.ID == name || login == fold(name) || short == fold(name) {
			fake.JSON(w, http.StatusOK, show(u))
			return
		}
	}
	missing(w, r)
}

var marks = strings.NewReplacer("á", "a", "ö", "o")

func fold(login string) string { return marks.Replace(strings.ToLower(login)) }

// endSessions ends sessions, and tokens if they are asked for too.
func (g *Org) endSessions(w http.ResponseWriter, r *http.Request) {
	g.take(w, r, func(h *held) {
		h.sessions = 0
		if r.FormValue("oauthTokens") == "true" {
			h.tokens = 0
		}
	})
}

func (g *Org) endGrants(w http.ResponseWriter, r *http.Request) {
	g.take(w, r, func(h *held) { h.grants = 0 })
}

func (g *Org) take(w http.ResponseWriter, r *http.Request, from func(*held)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	h := g.user(r.PathValue("user"))
	if h == nil {
		missing(w, r)
		return
	}
	from(h)
	w.WriteHeader(http.StatusNoContent)
}

func show(u User) object {
	profile := object{"mobilePhone": nil, "secondEmail": nil}
	for name, value := range u.Profile {
		profile[name] = value
	}
	var next any
	if u.next != "" {
		next = u.next
	}
	return object{
		"id": u.ID, "status": u.Status, "created": "2024-06-24T16:39:18.000Z", "lastUpdated": "2024-07-02T21:36:25.344Z",
		"lastLogin": nil, "transitioningToStatus": next, "type": object{"id": "oty1"}, "profile": profile,
		"credentials": object{"provider": object{"type": "OKTA", "name": "OKTA"}},
		"_links":      object{"self": object{"href": "https://acme.okta.com/api/v1/users/" + u.ID}},
	}
}
