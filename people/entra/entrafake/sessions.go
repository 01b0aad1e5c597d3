package entrafake

import (
	"net/http"
	"slices"

	"github.com/keyturn/keyturn/providers/fake"
)

func (f *Fake) revoke(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if a := f.user(w, r); a != nil {
		a.sessions = 0
		fake.JSON(w, http.StatusOK, object{"@odata.context": "https://graph.microsoft.com/v1.0/$metadata#Edm.Boolean", "value": true})
	}
}

// listGrants lists the grants that work for a user: Graph promises to leave out
// those in everybody's name, and this does not, to see that they are left alone.
func (f *Fake) listGrants(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	a := f.user(w, r)
	if a == nil {
		return
	}
	value := []any{}
	for _, g := range f.grants {
		out := object{"id": g.ID, "clientId": ClientID, "resourceId": Tenant, "consentType": "Principal", "principalId": g.Principal, "scope": "openid profile"}
		if g.Principal == "" {
			out["consentType"], out["principalId"] = "AllPrincipals", nil
		}
		if g.Principal == a.id || g.Principal == "" {
			value = append(value, out)
		}
	}
	f.page(w, r, value)
}

func (f *Fake) deleteGrant(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	before := len(f.grants)
	f.grants = slices.DeleteFunc(f.grants, func(g Grant) bool { return g.ID == r.PathValue("id") })
	if len(f.grants) == before {
		notFound(w, r.PathValue("id"))
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
