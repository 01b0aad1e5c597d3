package linearfake

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Team has a key, a workflow and labels. Every workspace has OPS and DEV.
type Team struct{ ID, Key, Name string }

// A State is one of a team's workflow.
type State struct {
	ID, Name, Type string
	Position       float64
	team           *Team
}

// A Label is a team's, or the workspace's if Team is nil.
type Label struct {
	ID, Name string
	Group    bool
	Team     *Team
}

// A User can be assigned issues while active.
type User struct {
	ID, Email string
	Active    bool
}

// A Project belongs to teams.
type Project struct {
	ID, Name string
	Teams    []*Team
}

// An Issue is an issue as it is now.
type Issue struct {
	ID, Identifier, Title, Description string
	Priority                           int
	Due                                string // a date; empty for none
	State                              *State
	Team                               *Team
	Labels                             []*Label
	Assignee                           *User
	Project                            *Project
	Archived                           time.Time // zero for not
	Trashed                            bool
	Comments                           []Comment
	hidden                             bool
}

// A Comment is one on an issue.
type Comment struct{ ID, Body string }

// Closed reports whether the issue's state is one that ends it.
func (i Issue) Closed() bool {
	return slices.Contains([]string{"completed", "canceled", "duplicate"}, i.State.Type)
}

// URL is where a person sees the issue.
func (i Issue) URL() string {
	return "https://linear.app/acme/issue/" + i.Identifier
}

// next is the identifier of a team's next issue. Numbers are not used again.
func (w *Workspace) next(t *Team) string {
	w.numbers[t.ID]++
	return fmt.Sprintf("%s-%d", t.Key, w.numbers[t.ID])
}

// find finds an issue by its id or identifier, a deleted one too, and one that
// is out of sight.
func (w *Workspace) find(id string) *Issue {
	for _, i := range w.issues {
		if strings.EqualFold(i.ID, id) || strings.EqualFold(i.Identifier, id) {
			return i
		}
	}
	return nil
}

// see is find of what the token may see.
func (w *Workspace) see(id string) *Issue {
	if i := w.find(id); i != nil && !i.hidden {
		return i
	}
	return nil
}

// comment finds a comment by its id.
func (w *Workspace) comment(id string) *Comment {
	for _, i := range w.issues {
		if n := slices.IndexFunc(i.Comments, func(c Comment) bool { return c.ID == id }); n >= 0 {
			return &i.Comments[n]
		}
	}
	return nil
}

// by finds one of many.
func by[T any](all []*T, is func(*T) bool) *T {
	if i := slices.IndexFunc(all, is); i >= 0 {
		return all[i]
	}
	return nil
}
