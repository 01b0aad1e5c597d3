package linear_test

import (
	"net/http"
	"testing"

	"github.com/keyturn/keyturn/tickets"
	"github.com/keyturn/keyturn/tickets/linear"
	"github.com/keyturn/keyturn/tickets/linear/linearfake"
	"github.com/keyturn/keyturn/tickets/ticketstest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	ticketstest.Run(t, ticketstest.Harness{
		Factory: linear.Factory, Config: config, WrongProject: `{"team": "NONE", "token": {"path": "keyturn/linear"}}`,
		Fake: conforming, Refuse: linearfake.Refuse, Prefix: "lin_api_", ProjectSetting: "team",
		Requests: map[string]int{"Open": 2, "Set": 2, "Check": 1},
		Priority: true, Signature: "Linear-Signature", Fresh: true,
	})
}

// TestConformanceWithAllSettings asks again where every setting is used.
func TestConformanceWithAllSettings(t *testing.T) {
	t.Parallel()
	const rest = `"auth": "oauth", "labels": ["rotation", "credentials"], "assignee": "Ann@acme.example", "project": "key hygiene",
		"priority": "low", "open_state": "todo", "done_state": "verified"`
	ticketstest.Run(t, ticketstest.Harness{
		Factory: linear.Factory, Config: with(rest), WrongProject: `{"team": "NONE", "auth": "oauth", "token": {"path": "keyturn/linear"}}`,
		Fake: func(w ticketstest.World) ticketstest.Fake {
			w.PageSize = 0 // a state that is named must be on the page
			return of(linearfake.New(linearfake.Options{Accepts: w.Accepts, Now: w.Now, OAuth: true}))
		},
		Refuse: linearfake.Refuse, Prefix: "lin_oauth_", ProjectSetting: "team",
		Requests: map[string]int{"Open": 2, "Set": 2, "Check": 1},
		Priority: true, Signature: "Linear-Signature", Fresh: true,
	})
}

func conforming(w ticketstest.World) ticketstest.Fake {
	return of(linearfake.New(linearfake.Options{Accepts: w.Accepts, Now: w.Now, PageSize: w.PageSize}))
}

// of is a workspace in the hands of the suite.
func of(w *linearfake.Workspace) ticketstest.Fake {
	return ticketstest.Fake{
		Handler: w,
		Tickets: func() []ticketstest.Held { return held(w) },
		SetState: func(id string, s tickets.State) {
			w.Move(id, map[tickets.State]string{tickets.Open: "In Progress", tickets.Closed: "Canceled"}[s])
		},
		Delete:  w.Trash,
		Deliver: func(d ticketstest.Delivery) (http.Header, []byte) { return deliver(w, d) },
	}
}

func held(w *linearfake.Workspace) []ticketstest.Held {
	var out []ticketstest.Held
	for _, i := range w.Issues() {
		h := ticketstest.Held{ID: i.ID, Title: i.Title, Body: i.Description, State: tickets.Open, Due: i.Due, Urgent: i.Priority == 1}
		if i.Closed() {
			h.State = tickets.Closed
		}
		for _, c := range i.Comments {
			h.Comments = append(h.Comments, c.Body)
		}
		out = append(out, h)
	}
	return out
}

// deliver makes the deliveries of Linear's webhook. It sends none when the
// webhook is set up.
func deliver(w *linearfake.Workspace, d ticketstest.Delivery) (http.Header, []byte) {
	e := linearfake.Event{Type: "Issue", Action: "update", Issue: d.Ticket, Changed: map[string]any{"stateId": "x", "completedAt": nil}}
	switch d.Event {
	case ticketstest.Ping:
		return nil, nil
	case ticketstest.Removed:
		e.Action, e.Changed = "remove", nil
	case ticketstest.Commented:
		e.Type, e.Action, e.Changed = "Comment", "create", nil
	case ticketstest.Elsewhere:
		w.MoveTeam(d.Ticket, "DEV")
		defer w.MoveTeam(d.Ticket, "OPS")
	}
	body := d.Body
	if body == nil {
		body = w.Payload(e, d.At)
	}
	return linearfake.Sign(d.Name, e.Type, d.Secret, body), body
}
