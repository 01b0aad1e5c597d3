package jirafake

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/keyturn/keyturn/providers/fake"
)

// ways are the transitions out of an issue's status, by their ids.
func (j *Jira) ways(i *record) map[string]Transition {
	out := map[string]Transition{}
	for n, t := range j.o.Workflow {
		if (t.From == "" || t.From == i.Status) && !slices.Contains(j.o.Lacks, "TRANSITION_ISSUES") {
			out[strconv.Itoa(11+10*n)] = t
		}
	}
	return out
}

func (j *Jira) transitions(w http.ResponseWriter, r *http.Request) {
	i := j.find(r.PathValue("id"))
	if i == nil {
		j.noIssue(w)
		return
	}
	ways, list := j.ways(i), []object{}
	for n := range j.o.Workflow {
		id := strconv.Itoa(11 + 10*n)
		if t, ok := ways[id]; ok {
			list = append(list, object{"id": id, "name": t.Name, "to": status(t.To), "hasScreen": t.Needs != "", "isAvailable": true, "isGlobal": t.From == ""})
		}
	}
	fake.JSON(w, http.StatusOK, object{"expand": "transitions", "transitions": list})
}

func (j *Jira) transit(w http.ResponseWriter, r *http.Request) {
	i := j.find(r.PathValue("id"))
	if i == nil {
		j.noIssue(w)
		return
	}
	var in struct {
		Transition named
		Fields     object
	}
	if !read(w, r, &in) {
		return
	}
	t, ok := j.ways(i)[in.Transition.ID]
	if !ok || t.Needs != "" && in.Fields[t.Needs] == nil {
		problem(w, http.StatusBadRequest, "It seems that you have tried to perform an operation which you are not permitted to perform.", nil)
		return
	}
	i.Status = t.To
	w.WriteHeader(http.StatusNoContent)
}
