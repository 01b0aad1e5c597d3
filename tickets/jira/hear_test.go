package jira_test

import (
	"strings"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/tickets"
	"github.com/keyturn/keyturn/tickets/jira/jirafake"
)

// TestHearEvents checks which events tell of a ticket's state, and for how
// long. The timestamp is the event's: Jira sends a delivery again for an hour
// and more.
func TestHearEvents(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, jirafake.Options{})
	ours, theirs := w.open(t, ticket()).ID, w.site.Add("DEV")
	for _, c := range []struct {
		name    string
		event   string
		issue   string
		changed []string
		age     time.Duration
		want    keyturn.Kind
		ticket  string
	}{
		{"closed or reopened", "jira:issue_updated", ours, []string{"resolution", "status"}, 0, "", ours},
		{"renamed", "jira:issue_updated", ours, []string{"summary"}, 0, "", ""},
		{"commented on", "jira:issue_updated", ours, nil, 0, "", ""},
		{"created", "jira:issue_created", ours, nil, 0, "", ours},
		{"deleted", "jira:issue_deleted", ours, nil, 0, "", ours},
		{"another project's", "jira:issue_deleted", theirs, nil, 0, "", ""},
		{"no issue", "jira:issue_deleted", "", nil, 0, "", ""},
		{"a version", "jira:version_released", "", nil, 0, "", ""},
		{"sent for the sixth time", "jira:issue_deleted", ours, nil, 90 * time.Minute, "", ours},
		{"kept", "jira:issue_deleted", ours, nil, 3*time.Hour + time.Second, keyturn.Denied, ""},
		{"from a clock that is fast", "jira:issue_deleted", ours, nil, -15 * time.Minute, "", ours},
		{"from the future", "jira:issue_deleted", ours, nil, -16 * time.Minute, keyturn.Denied, ""},
	} {
		header, body := w.site.Deliver(jirafake.Delivery{Event: c.event, Issue: c.issue, Changed: c.changed, At: w.now().Add(-c.age), Name: "delivery-1", Secret: webhookSecret})
		news, err := w.Hear(header, body)
		want := tickets.News{Delivery: "delivery-1", Ticket: c.ticket}
		if c.want != "" {
			want = tickets.News{}
		}
		if keyturn.KindOf(err) != c.want || news != want {
			t.Errorf("%s: %+v, %v, want %+v and %q", c.name, news, err, want, c.want)
		}
	}
}

// TestHearDoubts checks deliveries that are signed but not quite right.
func TestHearDoubts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, jirafake.Options{})
	id := w.open(t, ticket()).ID
	d := jirafake.Delivery{Event: "jira:issue_deleted", Issue: id, At: w.now(), Name: "delivery-1", Secret: webhookSecret}
	header, body := w.site.Deliver(d)
	for _, name := range []string{"", strings.Repeat("n", 201)} {
		header.Set("X-Atlassian-Webhook-Identifier", name)
		if _, err := w.Hear(header, body); keyturn.KindOf(err) != keyturn.Invalid {
			t.Errorf("a delivery with a name of %d characters: %v, want invalid", len(name), err)
		}
	}
	// What an OAuth or Connect app registers comes with a token instead.
	header.Del("X-Hub-Signature")
	header.Set("Authorization", "JWT eyJhbGciOiJIUzI1NiJ9.e30.c2ln")
	header.Set("X-Hub-Signature-256", "sha256=00")
	if _, err := w.Hear(header, body); keyturn.KindOf(err) != keyturn.Denied {
		t.Errorf("a delivery of an app's webhook: %v, want denied", err)
	}
	for _, body := range []string{
		`{"timestamp": 1795510800000, "webhookEvent": "jira:issue_deleted", "issue": {"id": "../1", "key": "OPS-1"}}`,
		`{"timestamp": 1795510800000, "webhookEvent": "jira:issue_deleted", "issue": {"id": "1", "key": "OPS"}}`,
		`{"webhookEvent": "jira:issue_deleted", "issue": {"id": "1", "key": "OPS-1"}}`,
		`{"timestamp": 1795510800000, "issue": {"id": "1", "key": "OPS-1"}}`,
	} {
		d.Body = []byte(body)
		if news, err := w.Hear(w.site.Deliver(d)); keyturn.KindOf(err) != keyturn.Invalid || news != (tickets.News{}) {
			t.Errorf("%s: %+v, %v, want invalid", body, news, err)
		}
	}
}
