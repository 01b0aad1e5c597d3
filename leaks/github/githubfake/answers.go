package githubfake

import (
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/keyturn/keyturn/providers/fake"
)

type object map[string]any

const (
	api  = "https://api.github.com"
	site = "https://github.com"
)

// show is an alert as GitHub shows it. An organisation's list says of which repository
// each is.
func (h *held) show(in *repo, r *http.Request, whose bool) object {
	out := object{"state": h.state, "secret": h.Secret, "is_base64_encoded": h.Encoded, "first_location_detected": nil, "has_more_locations": len(h.Places) > 1}
	maps.Copy(out, h.outline(in))
	if len(h.Places) > 0 {
		out["first_location_detected"] = h.Places[0].show(in)
	}
	if r.FormValue("hide_secret") == "true" {
		delete(out, "secret")
	}
	if whose {
		out["repository"] = in.simple()
	}
	return out
}

// outline is the part of an alert that a webhook shows as well.
func (h *held) outline(in *repo) object {
	number := strconv.Itoa(h.number)
	at := api + "/repos/" + in.Name + "/secret-scanning/alerts/" + number
	out := object{
		"number": h.number, "created_at": stamp(h.Created), "updated_at": nil, "url": at,
		"html_url": site + "/" + in.Name + "/security/secret-scanning/" + number, "locations_url": at + "/locations",
		"resolution": nil, "resolved_at": nil, "resolved_by": nil, "resolution_comment": nil,
		"secret_type": h.Type, "secret_type_display_name": strings.ReplaceAll(h.Type, "_", " "), "validity": h.Validity,
		"push_protection_bypassed": false, "push_protection_bypassed_by": nil, "push_protection_bypassed_at": nil,
		"publicly_leaked": h.Leaked, "multi_repo": false, "assigned_to": nil,
	}
	if !h.updated.IsZero() {
		out["updated_at"] = stamp(h.updated)
	}
	if h.state == "resolved" {
		out["resolution"], out["resolved_at"], out["resolved_by"] = h.resolution, stamp(h.updated), user("ann", "User")
		if h.comment != "" {
			out["resolution_comment"] = h.comment
		}
	}
	return out
}

// show is a place as GitHub shows it.
func (p Place) show(in *repo) object {
	if p.Type != "commit" && p.Type != "wiki_commit" {
		out := object{p.Type + "_url": api + "/repos/" + in.Name + "/issues/1"}
		if p.Address != "" {
			out["html_url"] = p.Address
		}
		return out
	}
	out := object{
		"path": p.Path, "start_line": p.Line, "end_line": p.Line, "start_column": 1, "end_column": 40,
		"blob_sha": strings.Repeat("b", 40), "commit_sha": p.Commit,
	}
	if p.Type == "wiki_commit" {
		out["page_url"], out["commit_url"] = site+"/"+in.Name+"/wiki/Home/"+p.Commit, site+"/"+in.Name+"/wiki/_compare/"+p.Commit
	} else {
		out["blob_url"], out["commit_url"] = api+"/repos/"+in.Name+"/git/blobs/"+strings.Repeat("b", 40), api+"/repos/"+in.Name+"/git/commits/"+p.Commit
	}
	return out
}

// addresses are the fields of a repository that hold one.
var addresses = strings.Fields(`archive_url assignees_url blobs_url branches_url collaborators_url comments_url
	commits_url compare_url contents_url contributors_url deployments_url downloads_url events_url forks_url
	git_commits_url git_refs_url git_tags_url hooks_url issue_comment_url issue_events_url issues_url keys_url
	labels_url languages_url merges_url milestones_url notifications_url pulls_url releases_url stargazers_url
	statuses_url subscribers_url subscription_url tags_url teams_url trees_url url`)

// simple is a repository as other answers show it.
func (r *repo) simple() object {
	owner, name, _ := strings.Cut(r.Name, "/")
	out := object{
		"id": 1, "node_id": "R_1", "name": name, "full_name": r.Name, "owner": user(owner, "Organization"), "private": !r.Public,
		"html_url": site + "/" + r.Name, "description": nil, "fork": false,
	}
	for _, field := range addresses {
		out[field] = api + "/repos/" + r.Name + "/" + strings.TrimSuffix(field, "_url")
	}
	return out
}

// user is a user or an organisation as other answers show it.
func user(login, kind string) object {
	out := object{"login": login, "id": 1, "node_id": "U_1", "gravatar_id": "", "type": kind, "site_admin": false, "html_url": site + "/" + login}
	for _, field := range strings.Fields(`avatar_url events_url followers_url following_url gists_url organizations_url
		received_events_url repos_url starred_url subscriptions_url url`) {
		out[field] = api + "/users/" + login + "/" + strings.TrimSuffix(field, "_url")
	}
	return out
}

func missing(w http.ResponseWriter, r *http.Request) { Refuse(w, r, http.StatusNotFound, 0, "") }

// Refuse is a [fake.Refusal] in GitHub's words. A 403 says nothing of waiting: with a
// time to wait it would be throttling.
func Refuse(w http.ResponseWriter, _ *http.Request, status int, wait time.Duration, text string) {
	if wait > 0 && status != http.StatusForbidden {
		w.Header().Set("Retry-After", fake.Seconds(wait))
	}
	fake.JSON(w, status, object{
		"message": http.StatusText(status) + text, "status": strconv.Itoa(status), "documentation_url": "https://docs.github.com/rest",
	})
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
