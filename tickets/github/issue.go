package github

import (
	"context"
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/tickets"
)

// issue is the part of an issue that is read ("Get an issue").
type issue struct {
	Number      int64
	HTMLURL     string `json:"html_url"`
	State       string // open or closed
	Body        string
	User        *user
	Labels      []labelled
	PullRequest *struct{} `json:"pull_request"` // such are listed too
}

type user struct{ Login string }

func (i issue) ref() tickets.Ref {
	return tickets.Ref{ID: strconv.FormatInt(i.Number, 10), URL: i.HTMLURL}
}

// labelled is a label, of which GitHub may send the name alone.
type labelled struct{ Name string }

func (l *labelled) UnmarshalJSON(b []byte) error {
	if json.Unmarshal(b, &l.Name) == nil {
		return nil
	}
	type plain labelled
	return json.Unmarshal(b, (*plain)(l))
}

var numberPattern = regexp.MustCompile(`^[1-9][0-9]{0,17}$`)

// issuePath is where an issue is. An id is a number; anything else names
// nothing here, and could name another resource.
func (t *tracker) issuePath(op, id string) (string, error) {
	if !numberPattern.MatchString(id) {
		return "", keyturn.Errorf(keyturn.NotFound, op, "there is no such ticket: an id is the number of an issue")
	}
	return t.in("/issues/" + id), nil
}

// read returns an issue that exists.
func (t *tracker) read(ctx context.Context, op, id string) (issue, error) {
	var i issue
	path, err := t.issuePath(op, id)
	if err != nil {
		return i, err
	}
	got, err := t.call(ctx, op, http.MethodGet, path, nil, &i)
	switch {
	case err != nil:
		return i, t.missing(ctx, op, got, err)
	case i.ref().ID != id || i.State != "open" && i.State != "closed":
		return i, undocumented(op)
	case i.PullRequest != nil:
		return i, keyturn.Errorf(keyturn.NotFound, op, "there is no such ticket: the number is that of a pull request")
	}
	return i, nil
}

// change changes an issue.
func (t *tracker) change(ctx context.Context, op, id string, in map[string]any) error {
	path, err := t.issuePath(op, id)
	if err != nil {
		return err
	}
	got, err := t.call(ctx, op, http.MethodPatch, path, in, nil)
	return t.missing(ctx, op, got, err)
}

// State reads whether the issue is open. For what reason it was closed does not
// matter.
func (t *tracker) State(ctx context.Context, id string) (tickets.State, error) {
	i, err := t.read(ctx, "github: state", id)
	if err != nil {
		return "", err
	}
	return i.state(), nil
}

func (i issue) state() tickets.State {
	if i.State == "closed" {
		return tickets.Closed
	}
	return tickets.Open
}

// Set closes the issue as completed, or opens it again.
func (t *tracker) Set(ctx context.Context, id string, s tickets.State) error {
	const op = "github: set"
	in := map[string]any{"state": "open"}
	switch s {
	case tickets.Open:
	case tickets.Closed:
		in = map[string]any{"state": "closed", "state_reason": "completed"}
	default:
		return keyturn.Errorf(keyturn.Invalid, op, "a ticket is open or closed")
	}
	i, err := t.read(ctx, op, id)
	if err != nil || i.state() == s {
		return err
	}
	return t.change(ctx, op, id, in)
}

// Postpone changes the one line of the body that says when the issue is due. A
// person who edits the body between our reading and writing it loses the edit:
// GitHub takes no condition.
func (t *tracker) Postpone(ctx context.Context, id string, due time.Time) error {
	const op = "github: postpone"
	i, err := t.read(ctx, op, id)
	if err != nil {
		return err
	}
	body := redue(i.Body, due)
	if body == i.Body {
		return nil
	}
	return t.change(ctx, op, id, map[string]any{"body": body})
}

// is reports whether the issue bears a label; GitHub's are the same in upper
// and lower case.
func (i issue) is(name string) bool {
	for _, l := range i.Labels {
		if strings.EqualFold(l.Name, name) {
			return true
		}
	}
	return false
}
