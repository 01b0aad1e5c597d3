package githubfake

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/keyturn/keyturn/providers/fake"
)

var phrase = regexp.MustCompile(`^hashed_token:"([^"]+)" created:>=(\d{4}-\d\d-\d\d)$`)

// auditLog searches for what was done with a token since a day, newest first, which
// is all it understands of a phrase. As at GitHub a search returns no Git events, and
// a page says in its link after what the next one comes.
func (a *api) auditLog(w http.ResponseWriter, r *http.Request, _ string) {
	m := phrase.FindStringSubmatch(r.FormValue("phrase"))
	if m == nil {
		Refuse(w, r, http.StatusUnprocessableEntity, 0, "")
		return
	}
	day, _ := time.Parse(time.DateOnly, m[2])
	all := slices.DeleteFunc(a.l.Uses(""), func(u fake.Use) bool {
		return a.hash(u.Key) != m[1] || u.At.Before(day) || strings.HasPrefix(u.What, "git.")
	})
	slices.Reverse(all)
	size, from := 30, 0
	if n, err := strconv.Atoi(r.FormValue("per_page")); err == nil {
		size = min(n, 100)
	}
	if n, err := strconv.Atoi(r.FormValue("after")); err == nil {
		from = n
	}
	page, next, more := fake.Page(all, from, size)
	if more {
		q := r.URL.Query()
		q.Set("after", strconv.Itoa(next))
		q.Set("before", "")
		w.Header().Set("Link", `<https://api.github.com/organizations/1/audit-log?`+q.Encode()+`>; rel="next", <https://api.github.com/organizations/1/audit-log?before=>; rel="first"`)
	}
	out := []object{}
	for _, u := range page {
		out = append(out, object{
			"@timestamp": u.At.UnixMilli(), "created_at": u.At.UnixMilli(), "_document_id": u.ID, "action": u.What, "actor": "octocat",
			"actor_ip": u.From, "user_agent": u.Agent, "org": Account, "hashed_token": a.hash(u.Key),
			"programmatic_access_type": "Fine-grained personal access token",
		})
	}
	fake.JSON(w, http.StatusOK, out)
}

// hash is how the audit log names a key.
func (a *api) hash(id string) string {
	sum := sha256.Sum256([]byte(a.l.Value(id)))
	return base64.StdEncoding.EncodeToString(sum[:])
}
