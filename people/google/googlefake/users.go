package googlefake

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// find is the user of an address, an alias or an id, unless they were deleted.
func (d *Directory) find(key string) *User {
	for _, u := range d.users {
		if u.Deleted.IsZero() && (u.ID == key || u.has(key)) {
			return u
		}
	}
	return nil
}

// named is the user whom a request's path names. Where there is none, it says so: it
// forbids asking about addresses of domains that are not the account's.
func (d *Directory) named(w http.ResponseWriter, r *http.Request) *User {
	key := r.PathValue("user")
	if key == Admin {
		return &User{ID: "1000000", Email: Admin, Name: "Admin"}
	}
	u := d.find(key)
	if u != nil {
		return u
	}
	if _, domain, ok := strings.Cut(key, "@"); ok && !d.owns(domain) {
		problem(w, http.StatusForbidden, "forbidden", "Not Authorized to access this resource/api")
	} else {
		problem(w, http.StatusNotFound, "notFound", "Resource Not Found: userKey")
	}
	return nil
}

// owns reports whether a domain is the account's: somebody has an address in it.
func (d *Directory) owns(domain string) bool {
	in := func(address string) bool {
		return strings.HasSuffix(strings.ToLower(address), "@"+strings.ToLower(domain))
	}
	return in(Admin) || slices.ContainsFunc(d.users, func(u *User) bool {
		return in(u.Email) || slices.ContainsFunc(u.Aliases, in) || slices.ContainsFunc(u.Fixed, in)
	})
}

// show is a user as the Directory API shows them. Lists that are empty are left out.
func (u *User) show() object {
	out := object{
		"kind": "admin#directory#user", "id": u.ID, "etag": `"fake"`, "primaryEmail": u.Email,
		"name": object{"fullName": u.Name, "givenName": u.Name, "familyName": u.Name}, "isAdmin": false,
		"suspended": u.Suspended, "archived": u.Archived, "orgUnitPath": "/", "customerId": "C0fake123",
		"recoveryPhone": "+15550100",
	}
	if len(u.Aliases) > 0 {
		out["aliases"] = u.Aliases
	}
	if len(u.Fixed) > 0 {
		out["nonEditableAliases"] = u.Fixed
	}
	if u.Manager != "" {
		out["relations"] = []object{{"value": "assistant@acme.example", "type": "assistant"}, {"value": u.Manager, "type": "manager"}}
	}
	if u.Suspended {
		out["suspensionReason"] = "ADMIN"
	}
	if !u.Deleted.IsZero() {
		out["deletionTime"] = u.Deleted.UTC().Format(time.RFC3339)
	}
	return out
}

func (d *Directory) getUser(w http.ResponseWriter, r *http.Request) {
	if u := d.named(w, r); u != nil {
		answer(w, r, u.show())
	}
}

func (d *Directory) listUsers(w http.ResponseWriter, r *http.Request) {
	if !ofCustomer(w, r) {
		return
	}
	deleted := r.FormValue("showDeleted") == "true"
	var all []object
	for _, u := range d.users {
		if u.Deleted.IsZero() == deleted {
			continue
		}
		field, value, ok := query(r)
		switch {
		case ok && field != "email":
			problem(w, http.StatusBadRequest, "invalid", "Invalid Input: query")
			return
		case !ok || u.has(value):
			all = append(all, u.show())
		}
	}
	d.list(w, r, "users", all, 100, 500)
}
