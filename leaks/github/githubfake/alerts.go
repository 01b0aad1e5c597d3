package githubfake

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/keyturn/keyturn/providers/fake"
)

// repoOf is the repository a request is about, if it is scanned.
func (g *Forge) repoOf(r *http.Request) *repo {
	found := g.find(r.PathValue("owner") + "/" + r.PathValue("repo"))
	if found == nil || found.Unscanned {
		return nil
	}
	return found
}

// alertOf is the alert a request is about.
func (g *Forge) alertOf(r *http.Request) (*repo, *held) {
	number, _ := strconv.Atoi(r.PathValue("number"))
	in := g.repoOf(r)
	return in, in.alert(number)
}

func (g *Forge) listOfOrg(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	var all []object
	known := false
	for _, in := range g.repos {
		if owner, _, _ := strings.Cut(in.Name, "/"); !strings.EqualFold(owner, r.PathValue("org")) {
			continue
		}
		known = true
		for _, h := range in.wanted(r) {
			all = append(all, h.show(in, r, true))
		}
	}
	if !known {
		missing(w, r)
		return
	}
	g.page(w, r, all)
}

func (g *Forge) listOfRepo(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	in := g.repoOf(r)
	if in == nil {
		missing(w, r)
		return
	}
	var all []object
	for _, h := range in.wanted(r) {
		all = append(all, h.show(in, r, false))
	}
	g.page(w, r, all)
}

// wanted are the alerts of a state, the newest first.
func (r *repo) wanted(req *http.Request) []*held {
	if r.Unscanned {
		return nil
	}
	state := req.FormValue("state")
	out := slices.DeleteFunc(slices.Clone(r.alerts), func(h *held) bool { return state != "" && h.state != state })
	slices.Reverse(out)
	return out
}

// page answers with what a list holds after the cursor, and links to the next page by
// cursor if the request had one.
func (g *Forge) page(w http.ResponseWriter, r *http.Request, all []object) {
	query := r.URL.Query()
	size, from := g.options.PageSize, 0
	if n, err := strconv.Atoi(query.Get("per_page")); err == nil {
		size = min(n, size)
	}
	if n, err := strconv.Atoi(strings.TrimPrefix(query.Get("after"), "cursor=")); err == nil {
		from = n
	}
	if n, err := strconv.Atoi(query.Get("page")); err == nil {
		from = (n - 1) * size
	}
	some, next, more := fake.Page(all, from, size)
	if more {
		following := url.Values{"per_page": {strconv.Itoa(size)}, "state": query["state"]}
		if query.Has("after") {
			following.Set("after", "cursor="+strconv.Itoa(next))
		} else {
			following.Set("page", strconv.Itoa(next/size+1))
		}
		w.Header().Add("Link", "<https://api.github.com"+r.URL.Path+"?"+following.Encode()+`>; rel="next"`)
	}
	fake.JSON(w, http.StatusOK, append([]object{}, some...))
}

func (g *Forge) getAlert(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	in, h := g.alertOf(r)
	if h == nil {
		missing(w, r)
		return
	}
	fake.JSON(w, http.StatusOK, h.show(in, r, false))
}

// patchAlert closes and opens alerts. A resolution must go with the state, and must be
// another than it was.
func (g *Forge) patchAlert(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	in, h := g.alertOf(r)
	var body struct {
		State      string
		Resolution string
		Comment    string `json:"resolution_comment"`
	}
	reasons := []string{"false_positive", "wont_fix", "revoked", "used_in_tests"}
	switch {
	case h == nil:
		missing(w, r)
	case g.options.ReadOnly:
		Refuse(w, r, http.StatusForbidden, 0, "")
	case json.NewDecoder(r.Body).Decode(&body) != nil || body.State != "open" && body.State != "resolved" ||
		(body.State == "resolved") != slices.Contains(reasons, body.Resolution):
		Refuse(w, r, http.StatusUnprocessableEntity, 0, "State does not match the resolution")
	case body.State == "resolved" && h.resolution == body.Resolution:
		Refuse(w, r, http.StatusBadRequest, 0, "the resolution was not changed")
	default:
		h.state, h.resolution, h.comment, h.updated = body.State, body.Resolution, body.Comment, g.options.Now()
		fake.JSON(w, http.StatusOK, h.show(in, r, false))
	}
}

func (g *Forge) listLocations(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	in, h := g.alertOf(r)
	if h == nil {
		missing(w, r)
		return
	}
	var all []object
	for _, p := range h.Places {
		all = append(all, object{"type": p.Type, "details": p.show(in)})
	}
	g.page(w, r, all)
}

func (g *Forge) getCommit(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if in := g.repoOf(r); in != nil {
		for _, h := range in.alerts {
			for _, p := range h.Places {
				if p.Type == "commit" && p.Commit == r.PathValue("sha") && !p.At.IsZero() {
					who := object{"name": "Ann", "email": "ann@acme.example", "date": stamp(p.At)}
					fake.JSON(w, http.StatusOK, object{"sha": p.Commit, "author": who, "committer": who, "message": "oops"})
					return
				}
			}
		}
	}
	missing(w, r)
}

func (g *Forge) getRepo(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	in := g.find(r.PathValue("owner") + "/" + r.PathValue("repo"))
	if in == nil {
		missing(w, r)
		return
	}
	fake.JSON(w, http.StatusOK, in.simple())
}
