package jirafake

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/keyturn/keyturn/providers/fake"
)

func (j *Jira) myself(w http.ResponseWriter, _ *http.Request) {
	fake.JSON(w, http.StatusOK, object{"accountId": "5b10a2844c20165700ede21g", "accountType": "atlassian", "active": true, "displayName": "Keyturn", "emailAddress": j.o.Email})
}

func (j *Jira) permissions(w http.ResponseWriter, r *http.Request) {
	if _, ok := j.numbers[r.FormValue("projectKey")]; !ok {
		problem(w, http.StatusNotFound, "No project could be found with key '"+r.FormValue("projectKey")+"'.", nil)
		return
	}
	out := object{}
	for _, key := range strings.Split(r.FormValue("permissions"), ",") {
		out[key] = object{"id": "1", "key": key, "name": key, "type": "PROJECT", "havePermission": !slices.Contains(j.o.Lacks, key)}
	}
	fake.JSON(w, http.StatusOK, object{"permissions": out})
}

func (j *Jira) types(w http.ResponseWriter, r *http.Request) {
	all := []object{}
	if r.PathValue("project") == j.o.Project {
		all = append(all,
			object{"id": "10001", "name": "Epic", "subtask": false, "hierarchyLevel": 1},
			object{"id": "10002", "name": "Task", "subtask": false, "hierarchyLevel": 0},
			object{"id": "10003", "name": "Sub-task", "subtask": true, "hierarchyLevel": -1})
	}
	j.metaPage(w, r, "issueTypes", all)
}

func (j *Jira) fields(w http.ResponseWriter, r *http.Request) {
	all := []object{}
	for _, f := range j.o.Fields {
		allowed := []object{}
		for _, name := range f.Values {
			allowed = append(allowed, object{"name": name})
		}
		all = append(all, object{"fieldId": f.ID, "key": f.ID, "name": f.ID, "required": f.Required, "hasDefaultValue": f.Default, "allowedValues": allowed})
	}
	j.metaPage(w, r, "fields", all)
}

// metaPage answers with a page of create metadata.
func (j *Jira) metaPage(w http.ResponseWriter, r *http.Request, name string, all []object) {
	from, _ := strconv.Atoi(r.FormValue("startAt"))
	asked, _ := strconv.Atoi(r.FormValue("maxResults"))
	some, size, _, _ := page(j, all, from, asked, 50)
	fake.JSON(w, http.StatusOK, object{name: some, "startAt": from, "maxResults": size, "total": len(all)})
}
