package entrafake

import (
	"net/http"
	"regexp"
	"strings"
)

var byName = regexp.MustCompile(`^displayName eq '(.*)'$`)

func (f *Fake) listGroups(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	m := byName.FindStringSubmatch(r.FormValue("$filter"))
	if r.FormValue("$filter") != "" && (m == nil || !literal(m[1])) {
		refuse(w, http.StatusBadRequest, "Request_UnsupportedQuery", "Unsupported or invalid query filter clause specified.")
		return
	}
	value := []any{}
	for _, g := range f.groups {
		if m == nil || strings.EqualFold(g.name, unquote(m[1])) {
			value = append(value, object{"id": g.id, "displayName": g.name})
		}
	}
	f.page(w, r, value)
}

// listGroup lists the users among a group's members or owners.
func (f *Fake) listGroup(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r.PathValue("cast") != "microsoft.graph.user" || !indexed(w, r) {
		return
	}
	for _, g := range f.groups {
		if g.id != r.PathValue("id") {
			continue
		}
		ids := map[string][]string{"members": g.members, "owners": g.owners}[r.PathValue("list")]
		value := []any{}
		for _, id := range ids {
			for _, a := range f.accounts {
				if a.id == id && !a.deleted {
					value = append(value, f.show(a, r.FormValue("$select")))
				}
			}
		}
		f.page(w, r, value)
		return
	}
	notFound(w, r.PathValue("id"))
}
