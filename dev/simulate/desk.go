package simulate

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/tickets/github/githubfake"
	"github.com/keyturn/keyturn/tickets/jira/jirafake"
	"github.com/keyturn/keyturn/tickets/linear/linearfake"
)

// A Desk is a pretend ticketing system and the hands of a person who works
// with it, and what a worker must be told to use it.
type Desk struct {
	Tracker  string // as in tickets.trackers[].tracker
	Settings map[string]any
	Token    Admin // must be in the secret store before a worker asks for it
	Handler  http.Handler
	Tickets  func() []DeskTicket // oldest first
	// Close closes a ticket by hand, and Delete deletes it.
	Close, Delete func(id string)
	// Deliver makes a signed delivery that says a ticket's state has changed.
	Deliver func(id, secret string) (http.Header, []byte)
}

// A DeskTicket is a ticket as a person sees it. Text is all that stands on it.
type DeskTicket struct {
	ID     string
	Title  string
	Text   string
	Closed bool
}

// Desks lists the ticketing systems there are.
func Desks() []string { return []string{"github", "jira", "linear"} }

// NewDesk makes one without serving it; folder is where the secret store keeps
// its credential. It returns nil if there is no such system.
func NewDesk(tracker, folder string) *Desk {
	ref := keyturn.SecretRef{Path: folder + "/" + tracker}
	d := &Desk{
		Tracker: tracker, Token: Admin{Ref: ref, ID: tracker, Secret: keyturn.NewSecret(rand.Text())},
		Settings: map[string]any{"token": map[string]any{"path": ref.Path}},
	}
	accepts := func(token string) bool { return strings.TrimPrefix(token, "Bearer ") == d.Token.Secret.Expose() }
	switch tracker {
	case "github":
		d.onGitHub(githubfake.New(githubfake.Options{Now: time.Now, Accepts: accepts}))
	case "jira":
		d.onJira(jirafake.New(jirafake.Options{Now: time.Now, Accepts: accepts}))
	case "linear":
		d.onLinear(linearfake.New(linearfake.Options{Now: time.Now, Accepts: accepts}))
	default:
		return nil
	}
	return d
}

func (d *Desk) onGitHub(f *githubfake.Fake) {
	d.Settings["repository"] = githubfake.Repository
	d.Handler, d.Delete = f, f.Delete
	d.Close = func(id string) { f.Move(id, "closed", "completed") }
	d.Deliver = func(id, secret string) (http.Header, []byte) {
		return f.Deliver(githubfake.Delivery{Event: "issues", Action: "closed", ID: id, Name: uuid.NewString(), Secret: secret})
	}
	d.Tickets = func() (out []DeskTicket) {
		for _, i := range f.Issues() {
			out = append(out, DeskTicket{i.ID, i.Title, i.Body + strings.Join(i.Comments, "\n"), i.State == "closed"})
		}
		return out
	}
}

func (d *Desk) onJira(j *jirafake.Jira) {
	d.Settings["site"], d.Settings["email"], d.Settings["project"] = "https://acme.atlassian.net", "keyturn@acme.example", "OPS"
	d.Handler, d.Delete = j, j.Delete
	d.Close = func(id string) { j.Put(id, "Done") }
	d.Deliver = func(id, secret string) (http.Header, []byte) {
		return j.Deliver(jirafake.Delivery{Event: "jira:issue_updated", Issue: id, Changed: []string{"status"}, At: time.Now(), Name: uuid.NewString(), Secret: secret})
	}
	d.Tickets = func() (out []DeskTicket) {
		for _, i := range j.Issues() {
			text, _ := json.Marshal(i) // ADF: all that stands on it is in there
			out = append(out, DeskTicket{i.ID, i.Summary, string(text), i.Closed()})
		}
		return out
	}
}

func (d *Desk) onLinear(w *linearfake.Workspace) {
	d.Settings["team"] = "OPS"
	d.Handler, d.Delete = w, w.Trash
	d.Close = func(id string) { w.Move(id, "Done") }
	d.Deliver = func(id, secret string) (http.Header, []byte) {
		body := w.Payload(linearfake.Event{Type: "Issue", Action: "update", Issue: id, Changed: map[string]any{"stateId": "x"}}, time.Now())
		return linearfake.Sign(uuid.NewString(), "Issue", secret, body), body
	}
	d.Tickets = func() (out []DeskTicket) {
		for _, i := range w.Issues() {
			out = append(out, DeskTicket{i.ID, i.Title, i.Description + fmt.Sprint(i.Comments), i.Closed()})
		}
		return out
	}
}

// Changes names what a request changes at the tracker; empty means nothing.
func (d *Desk) Changes(r *http.Request, body []byte) string {
	switch {
	case d.Tracker == "linear" && !strings.Contains(string(body), "mutation"),
		r.Method == http.MethodGet,
		strings.HasSuffix(r.URL.Path, "/search/jql"), strings.HasSuffix(r.URL.Path, "/bulkfetch"), strings.HasSuffix(r.URL.Path, "/comment/list"):
		return ""
	case d.Tracker == "linear":
		for _, name := range []string{"issueCreate", "commentCreate", "issueUpdate"} {
			if strings.Contains(string(body), name) {
				return "linear " + name
			}
		}
		return "linear mutation"
	}
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	last := parts[len(parts)-1]
	if strings.Trim(last, "0123456789") == "" {
		last = "issue"
	}
	return d.Tracker + " " + r.Method + " " + last
}
