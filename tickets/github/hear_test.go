package github_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/tickets"
	"github.com/keyturn/keyturn/tickets/github/githubfake"
)

// TestActions checks which actions are about a ticket's state.
func TestActions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubfake.Options{}, config)
	id := w.open(t, "rotate/run-1")
	const name = "72d3162e-cc78-11e3-81ab-4c9367dc0958"
	for _, d := range []struct {
		event, action, repository, want string
	}{
		{"issues", "opened", "", id},
		{"issues", "closed", "", id},
		{"issues", "reopened", "", id},
		{"issues", "deleted", "", id},
		{"issues", "transferred", "", id},
		{"issues", "closed", "Acme/OPS", id},
		{"issues", "edited", "", ""},
		{"issues", "labeled", "", ""},
		{"issues", "assigned", "", ""},
		{"issues", "", "", ""},
		{"issues", "closed", "acme/website", ""},
		{"issues", "closed", "mallory/ops", ""},
		{"issue_comment", "created", "", ""},
		{"ping", "", "", ""},
		{"sub_issues", "closed", "", ""},
	} {
		got, err := w.Hear(w.Deliver(githubfake.Delivery{Event: d.event, Action: d.action, ID: id, Repository: d.repository, Name: name, Secret: "hook"}))
		if err != nil {
			t.Errorf("%s %s: %v", d.event, d.action, err)
		}
		if diff := cmp.Diff(tickets.News{Delivery: name, Ticket: d.want}, got); diff != "" {
			t.Errorf("%s %s in %q (-want +got):\n%s", d.event, d.action, d.repository, diff)
		}
	}
}

// TestHeaders checks that a delivery without what names it is Invalid, and that
// the older signature is no signature.
func TestHeaders(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubfake.Options{}, config)
	id := w.open(t, "rotate/run-1")
	d := githubfake.Delivery{Event: "issues", Action: "closed", ID: id, Name: "72d3162e-cc78-11e3", Secret: "hook"}
	for name, values := range map[string][]string{"X-GitHub-Delivery": {"", "a b", "<x>"}, "X-GitHub-Event": {""}} {
		for _, v := range values {
			header, body := w.Deliver(d)
			header.Set(name, v)
			_, err := w.Hear(header, body)
			wantKind(t, name+" "+v, err, keyturn.Invalid)
		}
	}
	header, body := w.Deliver(d)
	header.Set("X-Hub-Signature", header.Get("X-Hub-Signature-256"))
	header.Del("X-Hub-Signature-256")
	_, err := w.Hear(header, body)
	wantKind(t, "a delivery with X-Hub-Signature alone", err, keyturn.Denied)
	d.Body = []byte(`{"action": "closed", "issue": {}, "repository": {"full_name": "acme/ops"}}`)
	_, err = w.Hear(w.Deliver(d))
	wantKind(t, "a delivery about no issue", err, keyturn.Invalid)
}
