package openaifake

import (
	"crypto/rand"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/keyturn/keyturn/providers/fake"
)

// projectOf is the project of a principal, empty for admin keys.
func projectOf(principal string) string {
	project, _, ok := strings.Cut(principal, "/")
	if !ok {
		return ""
	}
	return project
}

// names are the projects there are.
func (a *api) names() (out []string) {
	for _, p := range a.l.Principals() {
		if project := projectOf(p); project != "" && !slices.Contains(out, project) {
			out = append(out, project)
		}
	}
	return out
}

func (a *api) projects(w http.ResponseWriter, r *http.Request, _ string) {
	list(w, r, a.names(), func(id string) string { return id }, func(id string) object {
		return object{"id": id, "object": "organization.project", "name": id, "created_at": 1754000000, "status": "active"}
	})
}

// keys lists a project's keys, whoever's they are.
func (a *api) keys(w http.ResponseWriter, r *http.Request, _ string) {
	project := r.PathValue("project")
	if !slices.Contains(a.names(), project) {
		Refuse(w, r, http.StatusNotFound, 0, "")
		return
	}
	all := slices.DeleteFunc(a.l.Live(""), func(k fake.Key) bool { return projectOf(k.Principal) != project })
	list(w, r, all, func(k fake.Key) string { return k.ID }, a.show)
}

func (a *api) adminKeys(w http.ResponseWriter, r *http.Request, _ string) {
	list(w, r, a.l.Live(admins), func(k fake.Key) string { return k.ID }, a.show)
}

func (a *api) addAdminKey(w http.ResponseWriter, r *http.Request, who string) {
	in := read(r)
	k, err := a.l.Mint(who, a.draft(admins, in.Name, nil, in.Life))
	if in.Name == "" || err != nil {
		refuse(w, r, err)
		return
	}
	out := a.show(k)
	out["value"] = k.Secret
	fake.JSON(w, http.StatusOK, out)
}

func (a *api) addKey(w http.ResponseWriter, r *http.Request, who string) {
	in := read(r)
	principal := r.PathValue("project") + "/" + r.PathValue("account")
	k, err := a.l.Mint(who, a.draft(principal, in.Name, in.Scopes, in.Life))
	if err != nil {
		refuse(w, r, err)
		return
	}
	fake.JSON(w, http.StatusOK, once(k, in.Name))
}

func (a *api) draft(principal, label string, scopes []string, life int64) fake.Draft {
	d := fake.Draft{Principal: principal, Label: label, Permissions: scopes}
	if life > 0 {
		d.Expires = a.l.Now().Add(time.Duration(life) * time.Second)
	}
	return d
}

// once is a key with its value.
func once(k fake.Key, name string) object {
	return object{
		"object": "organization.project.service_account.api_key", "id": k.ID, "name": name, "value": k.Secret,
		"created_at": k.Created.Unix(), "expires_at": seconds(k.Expires),
	}
}

func (a *api) account(w http.ResponseWriter, r *http.Request, _ string) {
	if !a.l.HasPrincipal(r.PathValue("project") + "/" + r.PathValue("account")) {
		Refuse(w, r, http.StatusNotFound, 0, "")
		return
	}
	id := r.PathValue("account")
	fake.JSON(w, http.StatusOK, object{
		"object": "organization.project.service_account", "id": id, "name": id, "role": "member",
		"created_at": 1754000000,
	})
}

// addAccount makes a service account with a key. The ledger books the key to
// the account that this one's name says it stands in for, as the adapter reads
// it, so that both mean the same by a principal.
func (a *api) addAccount(w http.ResponseWriter, r *http.Request, who string) {
	in := read(r)
	label, of, ok := strings.Cut(strings.TrimSuffix(in.Name, ")"), " (keyturn for ")
	if !ok {
		Refuse(w, r, http.StatusBadRequest, 0, "")
		return
	}
	k, err := a.l.Mint(who, a.draft(r.PathValue("project")+"/"+of, label, nil, in.Life))
	if err != nil {
		refuse(w, r, err)
		return
	}
	made := account{"svc_acct_" + rand.Text()[:12], in.Name}
	a.mu.Lock()
	a.alone[k.ID] = made
	a.mu.Unlock()
	fake.JSON(w, http.StatusOK, object{
		"object": "organization.project.service_account", "id": made.id, "name": made.name,
		"role": "member", "created_at": k.Created.Unix(), "api_key": once(k, "Secret Key"),
	})
}

// removeAccount deletes a service account that was made with a key, and the
// key. Others may not be deleted here: the adapter must never try.
func (a *api) removeAccount(w http.ResponseWriter, r *http.Request, who string) {
	a.mu.Lock()
	key := ""
	for id, made := range a.alone {
		if made.id == r.PathValue("account") {
			key = id
		}
	}
	delete(a.alone, key)
	a.mu.Unlock()
	if err := a.l.Revoke(who, "", key); err != nil {
		refuse(w, r, err)
		return
	}
	fake.JSON(w, http.StatusOK, object{"object": "organization.project.service_account.deleted", "id": r.PathValue("account"), "deleted": true})
}

// show is a key as OpenAI shows it ever after.
func (a *api) show(k fake.Key) object {
	out := object{
		"id": k.ID, "name": k.Label, "redacted_value": "sk-...abcd", "created_at": k.Created.Unix(),
		"last_used_at": seconds(k.LastUsed), "expires_at": seconds(k.Expires),
	}
	if k.Principal == admins {
		out["object"] = "organization.admin_api_key"
		out["owner"] = object{"type": "user", "object": "organization.user", "id": "user-1", "name": "Admin", "created_at": 1754000000, "role": "owner"}
		return out
	}
	_, id, _ := strings.Cut(k.Principal, "/")
	owner := account{id, id}
	a.mu.Lock()
	if made, ok := a.alone[k.ID]; ok {
		owner, out["name"] = made, "Secret Key"
	} else if a.old {
		owner = account{"svc_acct_of_" + k.ID, k.Label + " (keyturn for " + id + ")"} // seeded, so it came in this way
		a.alone[k.ID], out["name"] = owner, "Secret Key"
	}
	a.mu.Unlock()
	out["object"], out["owner_project_access"] = "organization.project.api_key", "active"
	out["owner"] = object{"type": "service_account", "service_account": object{"id": owner.id, "name": owner.name, "role": "member", "created_at": k.Created.Unix()}}
	return out
}
