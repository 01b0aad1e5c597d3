package githubfake

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/keyturn/keyturn/providers/fake"
)

type comment struct {
	id         int
	user, body string
	made       time.Time
}

func (f *Fake) showComment(i *issue, c comment) object {
	n := strconv.Itoa(i.number)
	api := "https://api.github.com/repos/" + Repository + "/issues/"
	return object{
		"url": api + "comments/" + strconv.Itoa(c.id), "html_url": "https://github.com/" + Repository + "/issues/" + n + "#issuecomment-" + strconv.Itoa(c.id),
		"issue_url": api + n, "id": c.id, "node_id": "IC_" + strconv.Itoa(c.id), "user": simpleUser(c.user), "created_at": stamp(c.made),
		"updated_at": stamp(c.made), "author_association": "MEMBER", "body": c.body, "performed_via_github_app": nil,
	}
}

// listComments lists comments, "ordered by ascending ID", by page number.
func (f *Fake) listComments(w http.ResponseWriter, r *http.Request, i *issue) {
	number, size := 1, f.size(r)
	if n, err := strconv.Atoi(r.FormValue("page")); err == nil {
		number = n
	}
	out := []object{}
	part, _, more := fake.Page(i.comments, (number-1)*size, size)
	for _, c := range part {
		out = append(out, f.showComment(i, c))
	}
	if more {
		link(w, r, map[string]string{"page": strconv.Itoa(number + 1)})
	}
	fake.JSON(w, http.StatusOK, out)
}

func (f *Fake) addComment(w http.ResponseWriter, r *http.Request, i *issue) {
	var in struct{ Body string }
	_ = json.NewDecoder(r.Body).Decode(&in)
	if in.Body == "" || len([]rune(in.Body)) > 65536 {
		invalid(w, "body", "missing_field")
		return
	}
	fake.JSON(w, http.StatusCreated, f.showComment(i, f.say(i, f.me(), in.Body)))
}

func (f *Fake) say(i *issue, user, body string) comment {
	f.comments++
	c := comment{id: f.comments, user: user, body: body, made: f.opts.Now()}
	i.comments = append(i.comments, c)
	return c
}
