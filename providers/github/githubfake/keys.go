package githubfake

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/keyturn/keyturn/providers/fake"
)

// repo is the repository a request is about, and whether there is one.
func (a *api) repo(r *http.Request) (string, bool) {
	name := r.PathValue("owner") + "/" + r.PathValue("repo")
	return name, a.l.HasPrincipal(name)
}

func (a *api) repositories(w http.ResponseWriter, r *http.Request, _ string) {
	names := slices.DeleteFunc(a.l.Principals(), func(p string) bool { return !strings.Contains(p, "/") })
	out := []object{}
	for _, name := range page(w, r, names) {
		_, short, _ := strings.Cut(name, "/")
		out = append(out, object{"id": 1, "name": short, "full_name": name, "private": true})
	}
	fake.JSON(w, http.StatusOK, object{"total_count": len(names), "repositories": out})
}

func (a *api) keys(w http.ResponseWriter, r *http.Request, _ string) {
	repo, ok := a.repo(r)
	if !ok {
		Refuse(w, r, http.StatusNotFound, 0, "")
		return
	}
	out := []object{}
	for _, k := range page(w, r, a.l.Live(repo)) {
		out = append(out, a.show(k))
	}
	fake.JSON(w, http.StatusOK, out)
}

func (a *api) key(w http.ResponseWriter, r *http.Request, _ string) {
	repo, _ := a.repo(r)
	k, ok := a.l.Find(repo + "/" + r.PathValue("id"))
	if !ok {
		Refuse(w, r, http.StatusNotFound, 0, "")
		return
	}
	fake.JSON(w, http.StatusOK, a.show(k))
}

func (a *api) addKey(w http.ResponseWriter, r *http.Request, who string) {
	var in struct {
		Title    string
		Key      string
		ReadOnly bool `json:"read_only"`
	}
	repo, ok := a.repo(r)
	if !ok {
		Refuse(w, r, http.StatusNotFound, 0, "")
		return
	}
	if json.NewDecoder(r.Body).Decode(&in) != nil || in.Title == "" || !public(in.Key) {
		Refuse(w, r, http.StatusUnprocessableEntity, 0, "key is invalid. You must supply a key in OpenSSH public key format")
		return
	}
	if k, used := a.l.FindSecret(in.Key); used && !k.Revoked {
		Refuse(w, r, http.StatusUnprocessableEntity, 0, "key is already in use")
		return
	}
	may := "write"
	if in.ReadOnly {
		may = "read"
	}
	k, err := a.l.Mint(who, fake.Draft{Principal: repo, Label: in.Title, Secret: in.Key, Permissions: []string{may}})
	if err != nil {
		Refuse(w, r, http.StatusNotFound, 0, "")
		return
	}
	fake.JSON(w, http.StatusCreated, a.show(k))
}

func public(line string) bool {
	_, _, _, rest, err := ssh.ParseAuthorizedKey([]byte(line))
	return err == nil && len(rest) == 0
}

func (a *api) removeKey(w http.ResponseWriter, r *http.Request, who string) {
	repo, _ := a.repo(r)
	if err := a.l.Revoke(who, repo, repo+"/"+r.PathValue("id")); errors.Is(err, fake.ErrNoKey) || errors.Is(err, fake.ErrNoPrincipal) {
		Refuse(w, r, http.StatusNotFound, 0, "")
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// show is a deploy key as GitHub shows it. One that is not yet believed is not
// verified.
func (a *api) show(k fake.Key) object {
	number := k.ID[strings.LastIndex(k.ID, "/")+1:]
	id, _ := strconv.ParseInt(number, 10, 64)
	return object{
		"id": id, "key": Public(a.l.Value(k.ID)), "url": "https://api.github.com/repos/" + k.Principal + "/keys/" + number,
		"title": k.Label, "verified": a.l.Accepts(k.ID), "created_at": stamp(k.Created), "read_only": !slices.Contains(k.Permissions, "write"),
		"added_by": "keyturn[bot]", "last_used": orNull(k.LastUsed), "enabled": true,
	}
}
