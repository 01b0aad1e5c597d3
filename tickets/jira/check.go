package jira

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/keyturn/keyturn"
)

// needs are the project permissions the tracker works with, by their names in
// the API and in Jira's settings.
func needs() []struct{ key, name string } {
	return []struct{ key, name string }{
		{"BROWSE_PROJECTS", "Browse projects"},
		{"CREATE_ISSUES", "Create issues"},
		{"EDIT_ISSUES", "Edit issues"},
		{"SCHEDULE_ISSUES", "Schedule issues"},
		{"TRANSITION_ISSUES", "Transition issues"},
		{"ADD_COMMENTS", "Add comments"},
	}
}

// Check asks who we are, what we may do in the project, whether it has the
// issue type, and whether the type's create screen takes what a ticket sets and
// asks for nothing else. Transitions belong to an issue: whether one leads to
// done, and the transitions the settings name, only Set finds out.
func (t *tracker) Check(ctx context.Context) error {
	const op = "jira: check"
	if err := t.signedIn(ctx, op); err != nil {
		return err
	}
	if err := t.checkPermissions(ctx, op); err != nil {
		return err
	}
	id, err := t.issueType(ctx, op)
	if err != nil {
		return err
	}
	return t.checkScreen(ctx, op, id)
}

// checkPermissions is "Get my permissions", which answers 404 for a project
// that is not there or must not be seen.
func (t *tracker) checkPermissions(ctx context.Context, op string) error {
	var asked, lacks []string
	for _, n := range needs() {
		asked = append(asked, n.key)
	}
	q := url.Values{"projectKey": {t.Project}, "permissions": {strings.Join(asked, ",")}}
	var out struct {
		Permissions map[string]struct {
			Have *bool `json:"havePermission"`
		}
	}
	err := t.call(ctx, op, http.MethodGet, "/mypermissions?"+q.Encode(), nil, &out)
	if keyturn.KindOf(err) == keyturn.NotFound {
		return keyturn.Errorf(keyturn.NotFound, op, "there is no project %s, or the account may not see it; check the setting project, or give the account the permission Browse projects", t.Project)
	}
	if err != nil {
		return err
	}
	for _, n := range needs() {
		switch have := out.Permissions[n.key].Have; {
		case have == nil:
			return undocumented(op)
		case !*have:
			lacks = append(lacks, n.name)
		}
	}
	if len(lacks) > 0 {
		return keyturn.Errorf(keyturn.Denied, op, "in project %s the account lacks the permissions %s; grant them in the project's settings", t.Project, strings.Join(lacks, ", "))
	}
	return nil
}

// issueType is the id of the issue type the settings name ("Get create
// metadata issue types for a project").
func (t *tracker) issueType(ctx context.Context, op string) (string, error) {
	type kind struct {
		ID, Name string
		Subtask  bool
	}
	all, err := pages(ctx, t, op, "/issue/createmeta/"+t.Project+"/issuetypes", func(p page[kind]) []kind { return p.IssueTypes })
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(all, func(k kind) bool { return k.Name == t.IssueType })
	switch {
	case i < 0:
		return "", keyturn.Errorf(keyturn.Invalid, op, "project %s has no issue type %q; name one of its types, exactly as Jira does, in issue_type", t.Project, t.IssueType)
	case all[i].Subtask:
		return "", keyturn.Errorf(keyturn.Invalid, op, "the issue type %q is for subtasks; name another in issue_type", t.IssueType)
	case !regexp.MustCompile(`^[0-9]+$`).MatchString(all[i].ID):
		return "", undocumented(op)
	}
	return all[i].ID, nil
}

// checkScreen reads the create screen of the issue type ("Get create field
// metadata for a project and issue type id").
func (t *tracker) checkScreen(ctx context.Context, op, id string) error {
	type field struct {
		ID       string `json:"fieldId"`
		Required bool
		Default  bool                    `json:"hasDefaultValue"`
		Allowed  []struct{ Name string } `json:"allowedValues"`
	}
	all, err := pages(ctx, t, op, "/issue/createmeta/"+t.Project+"/issuetypes/"+id, func(p page[field]) []field { return p.Fields })
	if err != nil {
		return err
	}
	sets := []string{"project", "issuetype", "summary", "description", "labels", "duedate"}
	if t.UrgentPriority != "" {
		sets = append(sets, "priority")
	}
	lacks := slices.Clone(sets)
	for _, f := range all {
		lacks = slices.DeleteFunc(lacks, func(s string) bool { return s == f.ID })
		if f.Required && !f.Default && !slices.Contains(sets, f.ID) && f.ID != "reporter" { // Jira fills in the reporter
			return keyturn.Errorf(keyturn.Invalid, op, "the issue type %q asks for the field %s, which no ticket sets; make it optional or give it a default, or name another type in issue_type", t.IssueType, shown(f.ID))
		}
		if f.ID == "priority" && t.UrgentPriority != "" && !slices.ContainsFunc(f.Allowed, func(v struct{ Name string }) bool { return v.Name == t.UrgentPriority }) {
			return keyturn.Errorf(keyturn.Invalid, op, "project %s has no priority %q; name one of its priorities, exactly as Jira does, in urgent_priority", t.Project, t.UrgentPriority)
		}
	}
	lacks = slices.DeleteFunc(lacks, func(s string) bool { return s == "project" || s == "issuetype" }) // not always listed
	if len(lacks) > 0 {
		return keyturn.Errorf(keyturn.Invalid, op, "the issue type %q does not take %s when a ticket is created; add it to the type's create screen, or name another type in issue_type", t.IssueType, strings.Join(lacks, ", "))
	}
	return nil
}

// shown is a field's id, unless it is not one.
func shown(id string) string {
	if regexp.MustCompile(`^[A-Za-z0-9_]{1,40}$`).MatchString(id) {
		return id
	}
	return "of an unknown name"
}

// page is a page of create metadata.
type page[T any] struct {
	IssueTypes []T `json:"issueTypes"`
	Fields     []T `json:"fields"`
	Total      int
}

// pages reads all pages of create metadata.
func pages[T any](ctx context.Context, t *tracker, op, path string, of func(page[T]) []T) ([]T, error) {
	var all []T
	for {
		var p page[T]
		err := t.call(ctx, op, http.MethodGet, path+"?maxResults=50&startAt="+strconv.Itoa(len(all)), nil, &p)
		if kind := keyturn.KindOf(err); kind == keyturn.NotFound || kind == keyturn.Invalid {
			return nil, keyturn.Errorf(keyturn.Invalid, op, "Jira does not say which issue types project %s takes; check the setting project and the permission Create issues", t.Project)
		}
		if err != nil {
			return nil, err
		}
		some := of(p)
		if all = append(all, some...); len(some) == 0 || len(all) >= p.Total {
			return all, nil
		}
	}
}
