package githubfake

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/keyturn/keyturn/providers/fake"
)

// issue is one that the repository has, or had.
type issue struct {
	number      int
	title, body string
	user        string
	state       string // open or closed
	reason      any    // nil, completed, not_planned, duplicate or reopened
	labels      []string
	assignees   []string
	kind        string
	pull        bool // a pull request, which is listed too
	gone        bool // deleted
	elsewhere   bool // transferred
	made, ended time.Time
	comments    []comment
}

// show is an issue as GitHub words it.
func (f *Fake) show(i *issue) object {
	n := strconv.Itoa(i.number)
	url := "https://api.github.com/repos/" + Repository + "/issues/" + n
	html := "https://github.com/" + Repository + "/issues/" + n
	out := object{
		"url": url, "repository_url": "https://api.github.com/repos/" + Repository, "labels_url": url + "/labels{/name}",
		"comments_url": url + "/comments", "events_url": url + "/events", "html_url": html, "id": 1000 + i.number,
		"node_id": "I_" + n, "number": i.number, "title": i.title, "user": simpleUser(i.user), "labels": showLabels(i.labels),
		"state": i.state, "state_reason": i.reason, "locked": false, "assignee": nil, "assignees": []object{}, "milestone": nil,
		"comments": len(i.comments), "created_at": stamp(i.made), "updated_at": stamp(i.made), "closed_at": nil,
		"author_association": "MEMBER", "active_lock_reason": nil, "body": i.body, "timeline_url": url + "/timeline",
		"performed_via_github_app": nil, "closed_by": nil,
	}
	if i.body == "" {
		out["body"] = nil
	}
	if i.state == "closed" {
		out["closed_at"] = stamp(i.ended)
	}
	if i.pull {
		out["pull_request"] = object{"url": nil, "html_url": nil, "diff_url": nil, "patch_url": nil}
	}
	var assigned []object
	for _, a := range i.assignees {
		assigned = append(assigned, simpleUser(a))
		out["assignee"], out["assignees"] = assigned[0], assigned
	}
	return out
}

func showLabels(names []string) []object {
	out := []object{}
	for n, name := range names {
		out = append(out, object{
			"id": n + 1, "node_id": "LA_" + name, "url": "https://api.github.com/repos/" + Repository + "/labels/" + name,
			"name": name, "description": nil, "color": "ededed", "default": false,
		})
	}
	return out
}

// list lists issues and pull requests. Beyond the first page it wants a cursor,
// as GitHub does of a large repository.
func (f *Fake) list(w http.ResponseWriter, r *http.Request) {
	if f.opts.NoIssues {
		Refuse(w, r, http.StatusGone, 0, "Issues are disabled for this repo")
		return
	}
	var found []*issue
	for _, i := range f.issues {
		listed := !i.gone && !i.elsewhere && (r.FormValue("state") == "all" || i.state == "open")
		for _, l := range strings.Split(r.FormValue("labels"), ",") {
			listed = listed && (l == "" || slices.ContainsFunc(i.labels, func(has string) bool { return strings.EqualFold(has, l) }))
		}
		if listed {
			found = append(found, i)
		}
	}
	if r.FormValue("direction") != "asc" {
		slices.Reverse(found)
	}
	from := 0
	if cursor := r.FormValue("after"); cursor != "" {
		from, _ = strconv.Atoi(strings.TrimPrefix(cursor, "cursor:"))
	} else if page := r.FormValue("page"); page != "" && page != "1" {
		fake.JSON(w, http.StatusUnprocessableEntity, object{
			"message": "Pagination with the page parameter is not supported for large datasets, please use cursor based pagination (after/before)",
			"status":  "422", "documentation_url": "https://docs.github.com/rest/issues/issues#list-repository-issues",
		})
		return
	}
	out := []object{}
	part, next, more := fake.Page(found, from, f.size(r))
	for _, i := range part {
		out = append(out, f.show(i))
	}
	if more {
		link(w, r, map[string]string{"after": "cursor:" + strconv.Itoa(next), "page": ""})
	}
	fake.JSON(w, http.StatusOK, out)
}

// size is how much a page holds.
func (f *Fake) size(r *http.Request) int {
	size := 30
	if n, err := strconv.Atoi(r.FormValue("per_page")); err == nil {
		size = min(n, 100)
	}
	if f.opts.PageSize > 0 {
		size = min(size, f.opts.PageSize)
	}
	return size
}

// link points to the first and, changed as said, the next page.
func link(w http.ResponseWriter, r *http.Request, change map[string]string) {
	next := r.URL.Query()
	for name, v := range change {
		if next.Set(name, v); v == "" {
			next.Del(name)
		}
	}
	at := "<https://api.github.com/repositories/1" + strings.TrimPrefix(r.URL.Path, "/repos/"+Repository) + "?"
	w.Header().Set("Link", at+r.URL.RawQuery+`>; rel="first", `+at+next.Encode()+`>; rel="next"`)
}

func (f *Fake) create(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Title, Body, Type string
		Labels, Assignees []string
	}
	_ = json.NewDecoder(r.Body).Decode(&in)
	switch {
	case f.opts.NoIssues:
		Refuse(w, r, http.StatusGone, 0, "Issues has been disabled in this repository.")
		return
	case f.opts.Archived:
		Refuse(w, r, http.StatusForbidden, 0, "Repository was archived so is read-only.")
		return
	case in.Title == "" || len(in.Title) > 1024:
		invalid(w, "title", "missing_field")
		return
	case len([]rune(in.Body)) > 65536:
		invalid(w, "body", "custom")
		return
	case slices.ContainsFunc(in.Assignees, func(a string) bool { return !canBeAssigned(a) }):
		invalid(w, "assignees", "invalid")
		return
	}
	i := f.add(issue{title: in.Title, body: in.Body, user: f.me()})
	if !f.opts.ReadOnly {
		i.labels, i.assignees, i.kind = in.Labels, in.Assignees, in.Type
	}
	fake.JSON(w, http.StatusCreated, f.show(i))
}

// add puts an issue into the repository.
func (f *Fake) add(i issue) *issue {
	i.number, i.state, i.made = len(f.issues)+1, "open", f.opts.Now()
	f.issues = append(f.issues, &i)
	return &i
}

// withIssue looks up the issue a path names.
func (f *Fake) withIssue(next func(http.ResponseWriter, *http.Request, *issue)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		n, err := strconv.Atoi(r.PathValue("number"))
		switch {
		case err != nil || n < 1 || n > len(f.issues):
			Refuse(w, r, http.StatusNotFound, 0, "")
		case f.opts.NoIssues:
			Refuse(w, r, http.StatusGone, 0, "Issues are disabled for this repo")
		case f.issues[n-1].gone:
			Refuse(w, r, http.StatusGone, 0, "This issue was deleted")
		case f.issues[n-1].elsewhere:
			f.redirect(w, "https://api.github.com/repositories/2/issues/1")
		default:
			next(w, r, f.issues[n-1])
		}
	}
}

func (f *Fake) read(w http.ResponseWriter, _ *http.Request, i *issue) {
	fake.JSON(w, http.StatusOK, f.show(i))
}

func (f *Fake) change(w http.ResponseWriter, r *http.Request, i *issue) {
	var in struct {
		Body, State *string
		Reason      *string `json:"state_reason"`
	}
	if json.NewDecoder(r.Body).Decode(&in) != nil {
		Refuse(w, r, http.StatusBadRequest, 0, "Problems parsing JSON")
		return
	}
	if in.Body != nil {
		i.body = *in.Body
	}
	if in.State != nil && *in.State != i.state { // the reason is "ignored unless state is changed"
		reason := ""
		if in.Reason != nil {
			reason = *in.Reason
		}
		f.move(i, *in.State, reason)
	}
	fake.JSON(w, http.StatusOK, f.show(i))
}

// move opens or closes an issue.
func (f *Fake) move(i *issue, state, reason string) {
	i.state, i.ended = state, f.opts.Now()
	switch {
	case reason != "":
		i.reason = reason
	case state == "closed":
		i.reason = "completed"
	default:
		i.reason = "reopened"
	}
}
