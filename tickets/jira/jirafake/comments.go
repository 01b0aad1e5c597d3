package jirafake

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/keyturn/keyturn/providers/fake"
)

func (j *Jira) addComment(w http.ResponseWriter, r *http.Request) {
	i := j.find(r.PathValue("id"))
	if i == nil || slices.Contains(j.o.Lacks, "ADD_COMMENTS") {
		j.noIssue(w)
		return
	}
	var in struct {
		Body       json.RawMessage
		Properties []entity
	}
	if !read(w, r, &in) {
		return
	}
	if !document(in.Body) {
		problem(w, http.StatusBadRequest, "", map[string]string{"comment": "Comment body is not valid!"})
		return
	}
	j.comments++
	c := Comment{ID: 10100 + j.comments, Body: in.Body, Properties: properties(in.Properties)}
	i.Comments = append(i.Comments, c)
	fake.JSON(w, http.StatusCreated, shown(c, false))
}

// Say puts a comment of somebody else's on an issue.
func (j *Jira) Say(id, text string) {
	body, _ := json.Marshal(object{"type": "doc", "version": 1, "content": []object{{"type": "paragraph", "content": []object{{"type": "text", "text": text}}}}})
	j.change(id, func(r *record) {
		j.comments++
		r.Comments = append(r.Comments, Comment{ID: 10100 + j.comments, Body: body})
	})
}

// Unsay deletes an issue's first comment.
func (j *Jira) Unsay(id string) {
	j.change(id, func(r *record) { r.Comments = slices.Delete(slices.Clone(r.Comments), 0, 1) })
}

// shown is a comment as Jira shows it.
func shown(c Comment, withProperties bool) object {
	out := object{"id": strconv.FormatInt(c.ID, 10), "body": c.Body}
	if withProperties {
		list := []entity{}
		for key, value := range c.Properties {
			list = append(list, entity{key, value})
		}
		out["properties"] = list
	}
	return out
}

func (j *Jira) listComments(w http.ResponseWriter, r *http.Request) {
	i := j.find(r.PathValue("id"))
	if i == nil {
		j.noIssue(w)
		return
	}
	from, _ := strconv.Atoi(r.FormValue("startAt"))
	asked, _ := strconv.Atoi(r.FormValue("maxResults"))
	some, size, _, _ := page(j, i.Comments, from, asked, 100)
	list := []object{}
	for _, c := range some {
		list = append(list, shown(c, false))
	}
	fake.JSON(w, http.StatusOK, object{"comments": list, "startAt": from, "maxResults": size, "total": len(i.Comments)})
}

func (j *Jira) commentsByID(w http.ResponseWriter, r *http.Request) {
	var in struct{ IDs []int64 }
	if !read(w, r, &in) {
		return
	}
	if len(in.IDs) == 0 || len(in.IDs) > 1000 {
		problem(w, http.StatusBadRequest, "Specify between 1 and 1000 comments.", nil)
		return
	}
	list := []object{}
	for _, i := range j.issues {
		for _, c := range i.Comments {
			if slices.Contains(in.IDs, c.ID) {
				list = append(list, shown(c, strings.Contains(r.FormValue("expand"), "properties")))
			}
		}
	}
	some, size, _, more := page(j, list, 0, 0, 1000)
	fake.JSON(w, http.StatusOK, object{"values": some, "startAt": 0, "maxResults": size, "total": len(list), "isLast": !more})
}
