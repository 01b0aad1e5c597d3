// Package githubfake speaks the part of GitHub's REST API that tickets/github
// uses, for one repository: its issues, their comments, and what a check reads.
package githubfake

import (
	"maps"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/keyturn/keyturn/providers/fake"
)

// Repository is the one there is, and Account whose the token is.
const (
	Repository = "acme/ops"
	Account    = "acme-keyturn"
)

// Options are how the fake differs from GitHub at its most common. Zero values
// are that.
type Options struct {
	Now     func() time.Time
	Accepts func(token string) bool
	// PageSize is the most that a page holds, whatever is asked for.
	PageSize int
	// ReadOnly says that the account may read and open issues, and that what
	// it labels is dropped.
	ReadOnly bool
	// NoPermission says that the token was not given the permission Issues.
	NoPermission bool
	// Bot says that the token is an App's, which may not ask whose it is.
	Bot bool
	// NoIssues says that issues are switched off, Archived that nothing can be
	// changed, Moved that the repository has another name by now.
	NoIssues, Archived, Moved bool
}

// A Fake is GitHub with one repository. It is safe for concurrent use.
type Fake struct {
	opts Options
	mux  *http.ServeMux

	mu       sync.Mutex
	issues   []*issue // by number
	comments int      // how many there ever were
}

// New returns a GitHub without issues.
func New(o Options) *Fake {
	f := &Fake{opts: o, mux: http.NewServeMux()}
	const repo = "/repos/" + Repository
	f.mux.HandleFunc("GET /user", f.user)
	f.mux.HandleFunc("GET "+repo, f.repository)
	f.mux.HandleFunc("GET "+repo+"/issues", f.list)
	f.mux.HandleFunc("POST "+repo+"/issues", f.create)
	f.mux.HandleFunc("GET "+repo+"/issues/{number}", f.withIssue(f.read))
	f.mux.HandleFunc("PATCH "+repo+"/issues/{number}", f.withIssue(f.change))
	f.mux.HandleFunc("GET "+repo+"/issues/{number}/comments", f.withIssue(f.listComments))
	f.mux.HandleFunc("POST "+repo+"/issues/{number}/comments", f.withIssue(f.addComment))
	f.mux.HandleFunc("GET "+repo+"/assignees/{login}", f.assignee)
	f.mux.HandleFunc("GET "+repo+"/issue-types", f.types)
	f.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { Refuse(w, r, http.StatusNotFound, 0, "") })
	return f
}

// ServeHTTP lets in who shows a good token and asks as GitHub wants it.
func (f *Fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	switch {
	case !f.opts.Accepts(token):
		Refuse(w, r, http.StatusUnauthorized, 0, "")
		return
	case r.Header.Get("User-Agent") == "" || r.Header.Get("X-GitHub-Api-Version") != "2022-11-28":
		Refuse(w, r, http.StatusBadRequest, 0, "")
		return
	case f.opts.Moved && strings.HasPrefix(r.URL.Path, "/repos/"):
		f.redirect(w, "https://api.github.com/repositories/1")
		return
	case f.opts.NoPermission && r.Method != http.MethodGet:
		Refuse(w, r, http.StatusForbidden, 0, "")
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.mux.ServeHTTP(w, r)
}

func (f *Fake) redirect(w http.ResponseWriter, to string) {
	w.Header().Set("Location", to)
	fake.JSON(w, http.StatusMovedPermanently, object{"message": "Moved Permanently", "url": to, "documentation_url": "https://docs.github.com/rest"})
}

type object map[string]any

// Refuse is a [fake.Refusal] in GitHub's words. A 403 says nothing of waiting:
// with a time to wait it would be throttling.
func Refuse(w http.ResponseWriter, _ *http.Request, status int, wait time.Duration, text string) {
	if wait > 0 && status != http.StatusForbidden {
		w.Header().Set("Retry-After", fake.Seconds(wait))
	}
	fake.JSON(w, status, object{
		"message": http.StatusText(status) + text, "status": strconv.Itoa(status),
		"documentation_url": "https://docs.github.com/rest",
	})
}

// invalid is GitHub's 422.
func invalid(w http.ResponseWriter, field, code string) {
	fake.JSON(w, http.StatusUnprocessableEntity, object{
		"message": "Validation Failed", "documentation_url": "https://docs.github.com/rest", "status": "422",
		"errors": []object{{"resource": "Issue", "field": field, "code": code}},
	})
}

func (f *Fake) user(w http.ResponseWriter, r *http.Request) {
	if f.opts.Bot {
		Refuse(w, r, http.StatusForbidden, 0, ": Resource not accessible by integration")
		return
	}
	u := simpleUser(Account)
	more := object{
		"name": nil, "company": nil, "blog": "", "location": nil, "email": nil, "hireable": nil, "bio": nil, "public_repos": 0,
		"public_gists": 0, "followers": 0, "following": 0, "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
	}
	maps.Copy(u, more)
	fake.JSON(w, http.StatusOK, u)
}

func (f *Fake) repository(w http.ResponseWriter, _ *http.Request) {
	push := !f.opts.ReadOnly && !f.opts.Bot
	fake.JSON(w, http.StatusOK, object{
		"id": 1, "name": "ops", "full_name": Repository, "private": true, "owner": simpleUser("acme"),
		"html_url": "https://github.com/" + Repository, "has_issues": !f.opts.NoIssues, "archived": f.opts.Archived,
		"permissions": object{"admin": false, "maintain": false, "push": push, "triage": push, "pull": true},
	})
}

func (f *Fake) assignee(w http.ResponseWriter, r *http.Request) {
	if !canBeAssigned(r.PathValue("login")) {
		Refuse(w, r, http.StatusNotFound, 0, "")
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// canBeAssigned says whose logins the repository knows.
func canBeAssigned(login string) bool { return login == "octocat" || login == Account }

func (f *Fake) types(w http.ResponseWriter, _ *http.Request) {
	at := "2026-01-01T00:00:00Z"
	fake.JSON(w, http.StatusOK, []object{
		{"id": 410, "node_id": "IT_kwDNAd3NAZo", "name": "Task", "description": "A specific piece of work", "created_at": at, "updated_at": at},
	})
}

// simpleUser is a user as it appears in other answers.
func simpleUser(login string) object {
	base, kind := "https://api.github.com/users/"+login, "User"
	if strings.HasSuffix(login, "[bot]") {
		kind = "Bot"
	}
	return object{
		"login": login, "id": 1, "node_id": "MDQ6VXNlcjE=", "avatar_url": "https://avatars.githubusercontent.com/u/1",
		"gravatar_id": "", "url": base, "html_url": "https://github.com/" + login, "followers_url": base + "/followers",
		"following_url": base + "/following{/other_user}", "gists_url": base + "/gists{/gist_id}",
		"starred_url": base + "/starred{/owner}{/repo}", "subscriptions_url": base + "/subscriptions",
		"organizations_url": base + "/orgs", "repos_url": base + "/repos", "events_url": base + "/events{/privacy}",
		"received_events_url": base + "/received_events", "type": kind, "site_admin": false,
	}
}

// me is whom issues that come with the token are opened by.
func (f *Fake) me() string {
	if f.opts.Bot {
		return Account + "[bot]"
	}
	return Account
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
