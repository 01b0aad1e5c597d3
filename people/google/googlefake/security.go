package googlefake

import (
	"net/http"
	"slices"
	"strconv"
)

func (d *Directory) signOut(w http.ResponseWriter, r *http.Request) {
	if u := d.named(w, r); u != nil {
		u.Sessions = 0
		w.WriteHeader(http.StatusNoContent)
	}
}

func (d *Directory) listGrants(w http.ResponseWriter, r *http.Request) {
	u := d.named(w, r)
	if u == nil {
		return
	}
	out := object{"kind": "admin#directory#tokenList", "etag": `"fake"`}
	var items []object
	for _, client := range u.Grants {
		items = append(items, object{"kind": "admin#directory#token", "clientId": client, "displayText": client, "userKey": u.ID, "scopes": []string{"openid"}})
	}
	if len(items) > 0 {
		out["items"] = items
	}
	answer(w, r, out)
}

func (d *Directory) deleteGrant(w http.ResponseWriter, r *http.Request) {
	u := d.named(w, r)
	if u == nil {
		return
	}
	i := slices.Index(u.Grants, r.PathValue("id"))
	if i < 0 {
		problem(w, http.StatusNotFound, "notFound", "Resource Not Found: clientId")
		return
	}
	u.Grants = slices.Delete(u.Grants, i, i+1)
	w.WriteHeader(http.StatusNoContent)
}

func (d *Directory) listPasswords(w http.ResponseWriter, r *http.Request) {
	u := d.named(w, r)
	if u == nil {
		return
	}
	out := object{"kind": "admin#directory#aspList", "etag": `"fake"`}
	var items []object
	for _, code := range u.Passwords {
		items = append(items, object{"kind": "admin#directory#asp", "codeId": code, "name": "mail", "userKey": u.ID})
	}
	if len(items) > 0 {
		out["items"] = items
	}
	answer(w, r, out)
}

func (d *Directory) deletePassword(w http.ResponseWriter, r *http.Request) {
	u := d.named(w, r)
	if u == nil {
		return
	}
	code, err := strconv.Atoi(r.PathValue("id"))
	i := slices.Index(u.Passwords, code)
	if err != nil || i < 0 {
		problem(w, http.StatusNotFound, "notFound", "Resource Not Found: codeId")
		return
	}
	u.Passwords = slices.Delete(u.Passwords, i, i+1)
	w.WriteHeader(http.StatusNoContent)
}
