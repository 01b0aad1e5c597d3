package jira_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/tickets"
	"github.com/keyturn/keyturn/tickets/jira"
	"github.com/keyturn/keyturn/tickets/jira/jirafake"
	"github.com/keyturn/keyturn/tickets/ticketstest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	ticketstest.Run(t, ticketstest.Harness{
		Factory:      jira.Factory,
		Config:       with(`"urgent_priority": "High"`),
		WrongProject: strings.Replace(config, `"OPS"`, `"NONE"`, 1),
		Fake:         site,
		Refuse:       jirafake.Refuse,
		// Open looks twice by search and once by key, creates, and looks for twins.
		Requests:  map[string]int{"Open": 5},
		Priority:  true,
		Signature: "X-Hub-Signature",
	})
}

// site is a fake as the suite wants it.
func site(w ticketstest.World) ticketstest.Fake {
	j := jirafake.New(jirafake.Options{Now: w.Now, Accepts: w.Accepts, PageSize: w.PageSize})
	return ticketstest.Fake{
		Handler: j,
		Tickets: func() []ticketstest.Held { return held(j) },
		SetState: func(id string, s tickets.State) {
			j.Put(id, map[tickets.State]string{tickets.Open: "In Progress", tickets.Closed: "Won't do"}[s])
		},
		Delete: j.Delete,
		Deliver: func(d ticketstest.Delivery) (http.Header, []byte) {
			out := jirafake.Delivery{Event: "jira:issue_updated", Issue: d.Ticket, At: d.At, Name: d.Name, Secret: d.Secret, Body: d.Body}
			switch d.Event {
			case ticketstest.Ping:
				return nil, nil // Jira sends none
			case ticketstest.Removed:
				out.Event = "jira:issue_deleted"
			case ticketstest.Elsewhere:
				out.Issue, out.Changed = j.Add("DEV"), []string{"status", "resolution"}
			case ticketstest.Closed, ticketstest.Reopened:
				out.Changed = []string{"resolution", "status"}
			}
			return j.Deliver(out)
		},
	}
}

func held(j *jirafake.Jira) []ticketstest.Held {
	var out []ticketstest.Held
	for _, i := range j.Issues() {
		h := ticketstest.Held{
			ID: i.ID, Title: i.Summary, Body: plain(i.Description), State: tickets.Open, Due: i.Due,
			Urgent: slices.Contains([]string{"Highest", "High"}, i.Priority),
		}
		if i.Closed() {
			h.State = tickets.Closed
		}
		for _, c := range i.Comments {
			h.Comments = append(h.Comments, plain(c.Body))
		}
		out = append(out, h)
	}
	return out
}

// TestSettings checks what is refused before anything is asked.
func TestSettings(t *testing.T) {
	t.Parallel()
	const token = `"token": {"path": "a"}, "project": "OPS"`
	bearer := func(more string) string {
		return `{"site": "https://acme.atlassian.net", "auth": "bearer", ` + token + more + `}`
	}
	for settings, names := range map[string]string{
		config: "",
		with(`"issue_type": "Story", "labels": ["security"], "done_transition": "Done", "cloud_id": "1324a887-45db-1bf4-1e99-ef0ff456d421"`): "",
		strings.Replace(config, `.net"`, `.net/"`, 1):                  "",
		bearer(`, "cloud_id": "1324a887-45db-1bf4-1e99-ef0ff456d421"`): "",
		bearer(``):                                                        "cloud_id",
		bearer(`, "email": "a@b.c"`):                                      "email",
		with(`"auth": "oauth"`):                                           "auth",
		with(`"cloud_id": "../admin"`):                                    "cloud_id",
		with(`"issue_type": " "`):                                         "issue_type",
		with(`"labels": ["two words"]`):                                   "labels",
		with(`"labels": ["keyturn-1"]`):                                   "labels",
		with(`"priority": "High"`):                                        "priority",
		strings.Replace(config, "https", "http", 1):                       "site",
		strings.Replace(config, "acme.", "user@acme.", 1):                 "site",
		strings.Replace(config, `.net"`, `.net/jira"`, 1):                 "site",
		strings.Replace(config, `"OPS"`, `"OPS\" OR project = \"DEV"`, 1): "project",
		strings.Replace(config, `"OPS"`, `"ops"`, 1):                      "project",
		strings.Replace(config, "keyturn@acme.example", "", 1):            "email",
		strings.Replace(config, "keyturn/jira", "", 1):                    "token",
	} {
		_, err := jira.Factory.New(tickets.Env{Decode: decode(settings)})
		if names == "" && err != nil || names != "" && (err == nil || !strings.Contains(err.Error(), names)) {
			t.Errorf("%s: %v, want an error that names %q", settings, err, names)
		}
	}
}

// TestCredentials checks which credential goes where.
func TestCredentials(t *testing.T) {
	t.Parallel()
	const bearer = `{"site": "https://acme.atlassian.net", "cloud_id": "1324a887", "auth": "bearer", "token": {"path": "keyturn/jira"}, "project": "OPS"}`
	for settings, want := range map[string]string{config: "Basic a2V5dHVybkBhY21lLmV4YW1wbGU6dGhlLXRva2Vu", bearer: "Bearer the-token"} {
		w := newWorld(t, settings, jirafake.Options{})
		var got []string
		w.faults.Hook(func(r *http.Request) { got = append(got, r.Header.Get("Authorization")) }, nil)
		if err := w.Check(t.Context()); err != nil {
			t.Errorf("Check: %v", err)
		}
		if len(slices.Compact(got)) != 1 || got[0] != want {
			t.Errorf("the requests showed %q, want %q", got, want)
		}
		w.use("the-token\n")
		if err := w.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "line break") {
			t.Errorf("a token with a line break: %v", err)
		}
	}
}

// TestThrottled checks what is said to somebody who must wait, and how long
// that is where Retry-After is missing.
func TestThrottled(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, jirafake.Options{})
	for reason, want := range map[string]string{
		"jira-quota-tenant-based": "quota", "jira-burst-based": "a second", "jira-per-issue-on-write": "one ticket", "another": "throttled by Jira", "": "throttled by Jira",
	} {
		w.faults.Set(answer(429, http.Header{"RateLimit-Reason": {reason}, "X-RateLimit-Reset": {"2026-11-24T09:02Z"}}))
		_, err := w.State(t.Context(), "1")
		if e := asError(t, err); e.RetryAfter.String() != "2m0s" || !strings.Contains(e.Message, want) {
			t.Errorf("throttled for %q: wait %s, %q; want 2m0s and %q", reason, e.RetryAfter, e.Message, want)
		}
	}
}

// TestOtherRefusals checks the statuses that mean something of their own.
func TestOtherRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, jirafake.Options{})
	id := w.open(t, ticket()).ID
	w.faults.Set(fake.Rule{Method: http.MethodPost, Path: "/rest/api/3/issue/" + id + "/comment", Status: 413})
	if err := w.Comment(t.Context(), id, tickets.Comment{Key: "k", Text: "x"}); keyturn.KindOf(err) != keyturn.Exhausted {
		t.Errorf("Comment on a full ticket: %v, want exhausted", err)
	}
	w.faults.Set(fake.Rule{Method: http.MethodPut, Status: 409, Times: 1}, fake.Rule{Method: http.MethodPost, Status: 409, Times: 1})
	if err := w.Set(t.Context(), id, tickets.Closed); keyturn.KindOf(err) != keyturn.Unavailable {
		t.Errorf("Set with a conflicting update: %v, want unavailable", err)
	}
	if err := w.Postpone(t.Context(), id, w.now()); keyturn.KindOf(err) != keyturn.Unavailable {
		t.Errorf("Postpone with a conflicting update: %v, want unavailable", err)
	}
	if err := w.Set(t.Context(), id, tickets.Closed); err != nil || len(w.stillOpen()) != 0 {
		t.Errorf("Set once more: %v", err)
	}
}
