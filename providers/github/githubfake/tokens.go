package githubfake

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/keyturn/keyturn/providers/fake"
)

const pats = "pat"

// owner is whose a personal access token is.
func owner(k fake.Key) string {
	if name, _, ok := strings.Cut(k.Label, ": "); ok {
		return name
	}
	return "user-" + k.ID
}

// user answers whom a personal access token belongs to.
func (a *api) user(w http.ResponseWriter, r *http.Request) {
	k, ok := a.l.Authenticate(bearer(r))
	if !ok {
		k, _ = a.l.FindSecret(bearer(r))
		a.mu.Lock()
		ok = a.shutOut[k.ID]
		a.mu.Unlock()
	}
	if !ok || k.Principal != pats {
		Refuse(w, r, http.StatusUnauthorized, 0, "")
		return
	}
	u := simpleUser(owner(k), "User")
	maps.Copy(u, object{
		"user_view_type": "public", "name": nil, "company": nil, "blog": nil, "location": nil, "email": nil, "hireable": nil, "bio": nil,
		"public_repos": 0, "public_gists": 0, "followers": 0, "following": 0,
		"created_at": "2020-01-01T00:00:00Z", "updated_at": "2020-01-01T00:00:00Z",
	})
	fake.JSON(w, http.StatusOK, u)
}

func (a *api) grants(w http.ResponseWriter, r *http.Request, _ string) {
	all := a.l.Live(pats)
	if only := r.URL.Query()["owner[]"]; len(only) > 0 {
		all = slices.DeleteFunc(all, func(k fake.Key) bool { return !slices.Contains(only, owner(k)) })
	}
	if r.FormValue("direction") != "asc" {
		slices.Reverse(all)
	}
	out := []object{}
	for _, k := range page(w, r, all) {
		id, _ := strconv.ParseInt(k.ID, 10, 64)
		out = append(out, object{
			"id": id, "owner": simpleUser(owner(k), "User"), "repository_selection": "all",
			"repositories_url": "https://api.github.com/organizations/1/personal-access-tokens/" + k.ID + "/repositories",
			"permissions":      object{"repository": object{"contents": "read"}}, "access_granted_at": stamp(k.Created),
			"token_id": id, "token_name": k.Label, "token_expired": !k.Expires.IsZero() && !a.l.Now().Before(k.Expires),
			"token_expires_at": orNull(k.Expires), "token_last_used_at": orNull(k.LastUsed),
		})
	}
	fake.JSON(w, http.StatusOK, out)
}

// endGrant shuts a token out of the organisation; it goes on working elsewhere.
func (a *api) endGrant(w http.ResponseWriter, r *http.Request, who string) {
	var in struct{ Action string }
	if json.NewDecoder(r.Body).Decode(&in) != nil || in.Action != "revoke" {
		Refuse(w, r, http.StatusUnprocessableEntity, 0, "")
		return
	}
	id := r.PathValue("id")
	if err := a.l.Revoke(who, pats, id); err != nil {
		Refuse(w, r, http.StatusNotFound, 0, "")
		return
	}
	a.mu.Lock()
	a.shutOut[id] = true
	a.mu.Unlock()
	w.WriteHeader(http.StatusNoContent)
}

// revoke ends tokens for whoever shows them, but for nobody who signs in.
func (a *api) revoke(w http.ResponseWriter, r *http.Request) {
	var in struct{ Credentials []string }
	switch {
	case r.Header.Get("Authorization") != "":
		Refuse(w, r, http.StatusForbidden, 0, "")
		return
	case json.NewDecoder(r.Body).Decode(&in) != nil || len(in.Credentials) == 0 || len(in.Credentials) > 1000:
		Refuse(w, r, http.StatusUnprocessableEntity, 0, "")
		return
	}
	for _, value := range in.Credentials {
		k, ok := a.l.FindSecret(value)
		if !ok || k.Principal != pats {
			continue
		}
		a.mu.Lock()
		delete(a.shutOut, k.ID)
		a.mu.Unlock()
		_ = a.l.Revoke("a finder", "", k.ID) // dead already is as good
	}
	fake.JSON(w, http.StatusAccepted, object{})
}
