package googlefake

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
)

func (g *Group) show() object {
	return object{"kind": "admin#directory#group", "id": g.ID, "etag": `"fake"`, "email": g.Email, "name": g.Name, "description": "", "adminCreated": true}
}

// group is the group of an address or an id.
func (d *Directory) group(key string) *Group {
	for _, g := range d.groups {
		if g.ID == key || strings.EqualFold(g.Email, key) {
			return g
		}
	}
	return nil
}

func (d *Directory) getGroup(w http.ResponseWriter, r *http.Request) {
	g := d.group(r.PathValue("group"))
	if g == nil {
		problem(w, http.StatusNotFound, "notFound", "Resource Not Found: groupKey")
		return
	}
	answer(w, r, g.show())
}

// listGroups finds names in whatever case; that Google does is an assumption.
func (d *Directory) listGroups(w http.ResponseWriter, r *http.Request) {
	if !ofCustomer(w, r) {
		return
	}
	field, value, ok := query(r)
	if ok && field != "name" {
		problem(w, http.StatusBadRequest, "invalid", "Invalid Input: query")
		return
	}
	var all []object
	for _, g := range d.groups {
		if !ok || strings.EqualFold(g.Name, value) {
			all = append(all, g.show())
		}
	}
	d.list(w, r, "groups", all, 200, 200)
}

func (d *Directory) listMembers(w http.ResponseWriter, r *http.Request) {
	g := d.group(r.PathValue("group"))
	if g == nil {
		problem(w, http.StatusNotFound, "notFound", "Resource Not Found: groupKey")
		return
	}
	roles := strings.Split(r.FormValue("roles"), ",")
	var all []object
	for _, m := range d.membersOf(g, r.FormValue("includeDerivedMembership") == "true") {
		if roles[0] == "" || slices.Contains(roles, m["role"].(string)) {
			all = append(all, m)
		}
	}
	d.list(w, r, "members", all, 200, 200)
}

// membersOf are a group's members, and those of groups in it where derived. Somebody
// who is in both is there twice. Of people from elsewhere no status is known.
func (d *Directory) membersOf(g *Group, derived bool) []object {
	var all []object
	for _, m := range g.Members {
		out := object{"kind": "admin#directory#member", "email": m.Email, "role": cmp.Or(m.Role, "MEMBER"), "type": "USER"}
		all = append(all, out)
		if inner := d.group(m.Email); inner != nil {
			out["id"], out["type"], out["status"] = inner.ID, "GROUP", "ACTIVE"
			if derived {
				all = append(all, d.membersOf(inner, true)...)
			}
		} else if u := d.find(m.Email); u != nil {
			out["id"], out["email"], out["status"] = u.ID, u.Email, "ACTIVE"
			if u.Suspended || u.Archived {
				out["status"] = "SUSPENDED"
			}
		}
	}
	return all
}
