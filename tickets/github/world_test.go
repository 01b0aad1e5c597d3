package github_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/tickets"
	"github.com/keyturn/keyturn/tickets/github"
	"github.com/keyturn/keyturn/tickets/github/githubfake"
	"github.com/keyturn/keyturn/tickets/ticketstest"
)

const config = `{"repository": "acme/ops", "token": {"path": "keyturn/github-issues"}}`

func TestTracker(t *testing.T) {
	t.Parallel()
	ticketstest.Run(t, ticketstest.Harness{
		Factory:        github.Factory,
		Config:         config,
		WrongProject:   `{"repository": "acme/nope", "token": {"path": "keyturn/github-issues"}}`,
		Fake:           harnessed,
		Refuse:         githubfake.Refuse,
		Prefix:         "github_pat_",
		ProjectSetting: "repository",
		Signature:      "X-Hub-Signature-256",
	})
}

// harnessed is the fake as the suite wants it.
func harnessed(w ticketstest.World) ticketstest.Fake {
	f := githubfake.New(githubfake.Options{Now: w.Now, Accepts: w.Accepts, PageSize: w.PageSize})
	return ticketstest.Fake{
		Handler:  f,
		Tickets:  func() []ticketstest.Held { return held(f) },
		SetState: func(id string, s tickets.State) { f.Move(id, string(s), "") },
		Delete:   f.Delete,
		Deliver: func(d ticketstest.Delivery) (http.Header, []byte) {
			out := githubfake.Delivery{Event: "issues", ID: d.Ticket, Name: d.Name, Secret: d.Secret, Body: d.Body}
			switch d.Event {
			case ticketstest.Removed:
				out.Action = "deleted"
			case ticketstest.Commented:
				out.Event, out.Action = "issue_comment", "created"
			case ticketstest.Elsewhere:
				out.Action, out.ID, out.Repository = "closed", "1", "acme/website"
			case ticketstest.Ping:
				out.Event = "ping"
			default:
				out.Action = string(d.Event)
			}
			return f.Deliver(out)
		},
	}
}

var dueLine = regexp.MustCompile(`(?m)^\*\*Due: (\d{4}-\d\d-\d\d)\*\* `)

// held returns the issues as tickets. The due date is what people read.
func held(f *githubfake.Fake) (out []ticketstest.Held) {
	for _, i := range f.Issues() {
		h := ticketstest.Held{ID: i.ID, Title: i.Title, Body: i.Body, Comments: i.Comments, State: tickets.State(i.State)}
		if m := dueLine.FindStringSubmatch(i.Body); m != nil {
			h.Due = m[1]
		}
		out = append(out, h)
	}
	return out
}

// world is a tracker before its fake.
type world struct {
	tickets.Tracker
	*githubfake.Fake
	faults *fake.Faults
	ctx    context.Context
}

func newWorld(t *testing.T, o githubfake.Options, config string) *world {
	t.Helper()
	const token = "github_pat_11AAAAAAA"
	now := time.Date(2031, 5, 1, 12, 0, 0, 0, time.UTC)
	o.Now, o.Accepts = func() time.Time { return now }, func(s string) bool { return s == token }
	w := &world{Fake: githubfake.New(o), faults: fake.NewFaults(githubfake.Refuse), ctx: t.Context()}
	srv := httptest.NewServer(w.faults.Wrap(w.Fake))
	t.Cleanup(srv.Close)
	client := srv.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	var err error
	w.Tracker, err = github.Factory.New(tickets.Env{
		HTTP: client, BaseURL: srv.URL + "/", Now: o.Now,
		Decode:        func(v any) error { return json.Unmarshal([]byte(config), v) },
		Secret:        func(context.Context, keyturn.SecretRef) (keyturn.Secret, error) { return keyturn.NewSecret(token), nil },
		WebhookSecret: keyturn.NewSecret("hook"),
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// open opens a ticket that must be possible.
func (w *world) open(t *testing.T, key string) string {
	t.Helper()
	ref, err := w.Open(w.ctx, tickets.Ticket{Key: key, Title: "Rotate", Body: "Please.", Due: time.Date(2031, 5, 17, 0, 0, 0, 0, time.UTC)})
	if err != nil {
		t.Fatalf("Open(%s): %v", key, err)
	}
	return ref.ID
}

// issue returns an issue as the fake has it.
func (w *world) issue(t *testing.T, id string) githubfake.Issue {
	t.Helper()
	for _, i := range w.Issues() {
		if i.ID == id {
			return i
		}
	}
	t.Fatalf("there is no issue %s", id)
	return githubfake.Issue{}
}

func wantKind(t *testing.T, what string, err error, want keyturn.Kind) {
	t.Helper()
	if got := keyturn.KindOf(err); got != want {
		t.Errorf("%s: %v is %q, want %q", what, err, got, want)
	}
}
