// Package jirafake speaks the part of Jira Cloud's REST API, version 3, that
// tickets/jira uses, and keeps what it is told. Put it behind a [fake.Faults]
// made with [Refuse].
package jirafake

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/keyturn/keyturn/providers/fake"
)

// Options are what a site is like. Every field has a default.
type Options struct {
	Email    string                  // of the one account
	Accepts  func(token string) bool // basic or bearer; default: it is the-token
	Project  string                  // default OPS; there is a project DEV besides
	Now      func() time.Time        // default time.Now
	PageSize int                     // the most on a page, however much is asked for; 0 is Jira's own
	Lacks    []string                // project permissions the account does not have
	Fields   []Field                 // the create screen of the type Task; default [Screen]
	Workflow []Transition            // default: every status leads to every other
}

// A Field is one of a create screen.
type Field struct {
	ID                string
	Required, Default bool
	Values            []string // the names of what is allowed
}

// A Transition leads from a status, or from every one if From is empty, to
// another. Needs is a field its screen insists on.
type Transition struct{ Name, From, To, Needs string }

// Screen is the create screen of an ordinary project.
func Screen() []Field {
	return []Field{
		{ID: "project", Required: true},
		{ID: "issuetype", Required: true},
		{ID: "reporter", Required: true},
		{ID: "summary", Required: true},
		{ID: "description"},
		{ID: "labels"},
		{ID: "duedate"},
		{ID: "assignee"},
		{ID: "priority", Required: true, Default: true, Values: []string{"Highest", "High", "Medium", "Low", "Lowest"}},
	}
}

// A Comment is one of an issue's.
type Comment struct {
	ID         int64
	Body       json.RawMessage
	Properties map[string]json.RawMessage
}

// An Issue is an issue as it is now.
type Issue struct {
	ID, Key, Type, Summary, Status, Due, Priority string
	Description                                   json.RawMessage
	Labels                                        []string
	Created                                       time.Time
	Properties                                    map[string]json.RawMessage
	Comments                                      []Comment
}

// Closed reports whether the issue's status is of the category done.
func (i Issue) Closed() bool { return categories()[i.Status] == "done" }

// categories are the statuses there are, and the category of each.
func categories() map[string]string {
	return map[string]string{"To Do": "new", "In Progress": "indeterminate", "Done": "done", "Won't do": "done"}
}

// record is an issue and what only the site knows of it.
type record struct {
	Issue
	past    []string // keys it had before
	indexed bool     // whether the search knows it
}

// A Jira is a site. It is safe for concurrent use.
type Jira struct {
	o   Options
	mux *http.ServeMux

	mu       sync.Mutex
	issues   []*record
	numbers  map[string]int // the last number given out in each project
	comments int64
	frozen   bool // whether the search has stopped learning
}

// New returns an empty site.
func New(o Options) *Jira {
	if o.Email == "" {
		o.Email = "keyturn@acme.example"
	}
	if o.Accepts == nil {
		o.Accepts = func(token string) bool { return token == "the-token" }
	}
	if o.Project == "" {
		o.Project = "OPS"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Fields == nil {
		o.Fields = Screen()
	}
	if o.Workflow == nil {
		for status := range categories() {
			o.Workflow = append(o.Workflow, Transition{Name: status, To: status})
		}
		slices.SortFunc(o.Workflow, func(a, b Transition) int { return strings.Compare(b.Name, a.Name) })
	}
	j := &Jira{o: o, mux: http.NewServeMux(), numbers: map[string]int{o.Project: 0, "DEV": 0}}
	j.routes()
	return j
}

// find returns the issue of an id, a key or a key it had before.
func (j *Jira) find(name string) *record {
	for _, r := range j.issues {
		if r.ID == name || strings.EqualFold(r.Key, name) || slices.Contains(r.past, name) {
			return r
		}
	}
	return nil
}

func (j *Jira) nextKey(project string) string {
	j.numbers[project]++
	return project + "-" + strconv.Itoa(j.numbers[project])
}

// page cuts a page of what was asked for, at most the vendor's own limit.
func page[T any](j *Jira, all []T, from, asked, most int) (some []T, size, next int, more bool) {
	size = min(cmp.Or(asked, most), most, cmp.Or(j.o.PageSize, most))
	some, next, more = fake.Page(all, from, size)
	return some, size, next, more
}

// nextID gives out ids that gain a digit early.
func (j *Jira) nextID() string {
	j.numbers[""]++
	return strconv.Itoa(9998 + j.numbers[""])
}
