package oktafake

import (
	"net/http"
	"slices"
	"strings"
)

// listGroups knows searches for a name, without regard to case.
func (g *Org) listGroups(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	groups := slices.Clone(g.groups)
	if expression := r.FormValue("search"); expression != "" {
		property, value, ok := comparison(expression)
		if !ok || property != "profile.name" {
			problem(w, http.StatusBadRequest, "E0000031", "Invalid search criteria.")
			return
		}
		groups = slices.DeleteFunc(groups, func(n Group) bool { return !strings.EqualFold(n.Name, value) })
	}
	page(g, w, r, groups, func(n Group) object {
		return object{"id": n.ID, "type": "OKTA_GROUP", "objectClass": []string{"okta:user_group"}, "profile": object{"name": n.Name, "description": nil}}
	})
}

func (g *Org) listMembers(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	n, ok := g.find(r.PathValue("group"))
	if !ok {
		missing(w, r)
		return
	}
	var members []User
	for _, id := range n.Members {
		if h := g.user(id); h != nil {
			members = append(members, h.User)
		}
	}
	page(g, w, r, members, show)
}

func (g *Org) listOwners(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	n, ok := g.find(r.PathValue("group"))
	switch {
	case !ok:
		missing(w, r)
	case !g.options.Governance:
		Refuse(w, r, http.StatusForbidden, 0, "")
	default:
		page(g, w, r, n.Owners, func(o Owner) object {
			kind := o.Type
			if kind == "" {
				kind = "USER"
			}
			return object{"id": o.ID, "type": kind, "resolved": !o.Unresolved, "originType": "OKTA_DIRECTORY", "displayName": "somebody"}
		})
	}
}
