package jirafake

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/keyturn/keyturn/providers/fake"
)

type entity struct {
	Key   string          `json:"key"`
	Value json.RawMessage `json:"value"`
}

// properties are the entity properties something is created with.
func properties(list []entity) map[string]json.RawMessage {
	out := map[string]json.RawMessage{}
	for _, p := range list {
		out[p.Key] = p.Value
	}
	return out
}

type named struct{ ID, Key, Name string }

func (j *Jira) create(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Fields struct {
			Project, IssueType named
			Summary            string
			Description        json.RawMessage
			Labels             []string
			Due                *string `json:"duedate"`
			Priority           *named
		}
		Properties []entity
	}
	if !read(w, r, &in) {
		return
	}
	f, wrong := in.Fields, map[string]string{}
	if _, ok := j.numbers[f.Project.Key]; !ok || f.Project.Key == "" || slices.Contains(j.o.Lacks, "CREATE_ISSUES") {
		wrong["project"] = "valid project is required"
	}
	if f.IssueType.Name != "Task" {
		wrong["issuetype"] = "Specify a valid issue type"
	}
	if f.Summary == "" || len([]rune(f.Summary)) > 255 || strings.ContainsAny(f.Summary, "\r\n") {
		wrong["summary"] = "The summary is invalid because it is empty, too long or contains newline characters."
	}
	if len(f.Description) > 0 && !document(f.Description) {
		wrong["description"] = "Operation value must be an Atlassian Document (see the Atlassian Document Format)"
	}
	if slices.ContainsFunc(f.Labels, func(l string) bool { return l == "" || len(l) > 255 || strings.Contains(l, " ") }) {
		wrong["labels"] = "The label contains spaces which is invalid."
	}
	i := Issue{Type: f.IssueType.Name, Summary: f.Summary, Description: f.Description, Labels: f.Labels, Status: "To Do", Priority: "Medium"}
	if f.Due != nil {
		i.Due = *f.Due
		j.checkDue(i.Due, wrong)
	}
	if f.Priority != nil {
		i.Priority = f.Priority.Name
		if !slices.ContainsFunc(j.o.Fields, func(s Field) bool { return s.ID == "priority" && slices.Contains(s.Values, i.Priority) }) {
			wrong["priority"] = "Specify the Priority (name) in string format"
		}
	}
	for _, s := range j.o.Fields {
		if s.Required && !s.Default && !slices.Contains([]string{"project", "issuetype", "summary", "reporter"}, s.ID) {
			wrong[s.ID] = s.ID + " is required."
		}
	}
	if len(wrong) > 0 {
		problem(w, http.StatusBadRequest, "", wrong)
		return
	}
	i.ID, i.Key, i.Created, i.Properties = j.nextID(), j.nextKey(f.Project.Key), j.o.Now(), properties(in.Properties)
	j.issues = append(j.issues, &record{Issue: i, indexed: !j.frozen})
	fake.JSON(w, http.StatusCreated, object{"id": i.ID, "key": i.Key, "self": j.self(r, i.ID)})
}

// checkDue notes what is wrong with a due date, or with setting one.
func (j *Jira) checkDue(due string, wrong map[string]string) {
	if _, err := time.Parse(time.DateOnly, due); err != nil && due != "" {
		wrong["duedate"] = "Error parsing date string: " + due
	}
	if !slices.ContainsFunc(j.o.Fields, func(s Field) bool { return s.ID == "duedate" }) || slices.Contains(j.o.Lacks, "SCHEDULE_ISSUES") {
		wrong["duedate"] = "Field 'duedate' cannot be set. It is not on the appropriate screen, or unknown."
	}
}

// document reports whether something has the outline of an Atlassian document.
func document(raw json.RawMessage) bool {
	var doc struct {
		Type    string
		Version int
		Content []object
	}
	return json.Unmarshal(raw, &doc) == nil && doc.Type == "doc" && doc.Version == 1 && doc.Content != nil
}

func (j *Jira) self(r *http.Request, id string) string {
	return "http://" + r.Host + "/rest/api/3/issue/" + id
}

// bean is an issue as Jira shows it, with the fields and properties asked for.
func (j *Jira) bean(r *http.Request, i *record, fields, props []string) object {
	all := object{
		"summary": i.Summary, "description": i.Description, "labels": i.Labels, "duedate": nil,
		"created": i.Created.Format("2006-01-02T15:04:05.000-0700"), "status": status(i.Status), "priority": object{"name": i.Priority},
	}
	if i.Due != "" {
		all["duedate"] = i.Due
	}
	some := object{}
	for name, value := range all {
		if slices.Contains(fields, name) || slices.Contains(fields, "*all") {
			some[name] = value
		}
	}
	out := object{"id": i.ID, "key": i.Key, "self": j.self(r, i.ID), "expand": "", "fields": some}
	if len(props) > 0 {
		shown := object{}
		for _, p := range props {
			if v, ok := i.Properties[p]; ok {
				shown[p] = v
			}
		}
		out["properties"] = shown
	}
	return out
}

func status(name string) object {
	return object{"name": name, "statusCategory": object{"key": categories()[name]}}
}

func (j *Jira) get(w http.ResponseWriter, r *http.Request) {
	i := j.find(r.PathValue("id"))
	if i == nil {
		j.noIssue(w)
		return
	}
	fields := []string{"*all"}
	if f := r.FormValue("fields"); f != "" {
		fields = strings.Split(f, ",")
	}
	fake.JSON(w, http.StatusOK, j.bean(r, i, fields, strings.FieldsFunc(r.FormValue("properties"), func(c rune) bool { return c == ',' })))
}

func (j *Jira) bulk(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Names      []string `json:"issueIdsOrKeys"`
		Fields     []string
		Properties []string
	}
	if !read(w, r, &in) {
		return
	}
	if len(in.Names) == 0 || len(in.Names) > 100 {
		problem(w, http.StatusBadRequest, "Specify between 1 and 100 issues.", nil)
		return
	}
	found := []object{}
	for _, i := range j.issues { // in ascending order of their ids
		if slices.ContainsFunc(in.Names, func(name string) bool { return j.find(name) == i }) {
			found = append(found, j.bean(r, i, in.Fields, in.Properties))
		}
	}
	fake.JSON(w, http.StatusOK, object{"expand": "", "issueErrors": []object{}, "issues": found})
}

func (j *Jira) edit(w http.ResponseWriter, r *http.Request) {
	i := j.find(r.PathValue("id"))
	if i == nil {
		j.noIssue(w)
		return
	}
	var in struct{ Fields map[string]*string }
	if !read(w, r, &in) {
		return
	}
	wrong := map[string]string{}
	due := ""
	for name, value := range in.Fields {
		if name != "duedate" {
			wrong[name] = "Field '" + name + "' cannot be set."
		} else if value != nil {
			due = *value
		}
	}
	if j.checkDue(due, wrong); len(wrong) > 0 {
		problem(w, http.StatusBadRequest, "", wrong)
		return
	}
	i.Due = due
	w.WriteHeader(http.StatusNoContent)
}
