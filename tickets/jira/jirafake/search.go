package jirafake

import (
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/keyturn/keyturn/providers/fake"
)

// search understands conditions on labels and project, and one order.
func (j *Jira) search(w http.ResponseWriter, r *http.Request) {
	var in struct {
		JQL             string
		MaxResults      int
		NextPageToken   string
		Fields          []string
		Properties      []string
		ReconcileIssues []int64
	}
	if !read(w, r, &in) {
		return
	}
	where, order, _ := strings.Cut(in.JQL, " ORDER BY ")
	found := []*record{}
	for _, i := range j.issues {
		id, _ := strconv.ParseInt(i.ID, 10, 64)
		if i.indexed || slices.Contains(in.ReconcileIssues, id) {
			found = append(found, i)
		}
	}
	for _, clause := range strings.Split(where, " AND ") {
		m := regexp.MustCompile(`^(labels|project) = "([^"\\]+)"$`).FindStringSubmatch(clause)
		if m == nil {
			problem(w, http.StatusBadRequest, "Error in the JQL Query, or it is unbounded.", nil)
			return
		}
		if _, known := j.numbers[m[2]]; m[1] == "project" && !known {
			problem(w, http.StatusBadRequest, "The value '"+m[2]+"' does not exist for the field 'project'.", nil)
			return
		}
		found = slices.DeleteFunc(found, func(i *record) bool {
			return m[1] == "labels" && !slices.Contains(i.Labels, m[2]) || m[1] == "project" && !strings.HasPrefix(i.Key, m[2]+"-")
		})
	}
	switch order {
	case "", "created ASC":
	case "key DESC":
		slices.SortStableFunc(found, func(a, b *record) int { return within(b.Key) - within(a.Key) })
	default:
		problem(w, http.StatusBadRequest, "Error in the JQL Query.", nil)
		return
	}
	from, _ := strconv.Atoi(in.NextPageToken)
	some, _, next, more := page(j, found, from, in.MaxResults, 5000)
	issues := []object{}
	for _, i := range some {
		if bean := j.bean(r, i, in.Fields, in.Properties); len(in.Fields) == 0 {
			issues = append(issues, object{"id": i.ID}) // the default
		} else {
			issues = append(issues, bean)
		}
	}
	out := object{"issues": issues, "isLast": !more}
	if more {
		out["nextPageToken"] = strconv.Itoa(next)
	}
	fake.JSON(w, http.StatusOK, out)
}

// within is the number of a key within its project.
func within(key string) int {
	_, n, _ := strings.Cut(key, "-")
	i, _ := strconv.Atoi(n)
	return i
}
