package jira

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/tickets"
)

// How old a delivery may be. Its timestamp is that of the event, and stays when
// it is sent again. Jira sends it within 15 minutes, and then up to five times
// more, 5 to 15 minutes apart ("Webhooks", flows and retry policy): a
// delivery is honestly 90 minutes old. Twice that leaves room for a slow queue.
// From the future it can only be as far as two clocks differ.
const (
	maxAge  = 3 * time.Hour
	maxSkew = 15 * time.Minute
)

// maxName bounds a delivery's name, which nothing signs.
const maxName = 200

// delivery is the part of a webhook's body that is read.
type delivery struct {
	Timestamp int64  `json:"timestamp"` // milliseconds
	Event     string `json:"webhookEvent"`
	Issue     *struct {
		ID  string `json:"id"`
		Key string `json:"key"`
	} `json:"issue"`
	Changes struct {
		Items []struct {
			Field string `json:"field"`
		} `json:"items"`
	} `json:"changelog"`
}

// Hear reads a delivery of an admin webhook with a secret: Jira signs the body
// with it, as hex HMAC-SHA256 in X-Hub-Signature ("Webhooks", secure admin
// webhooks). The webhooks that OAuth and Connect apps register are not signed
// that way, and refused. Which delivery it is stands in a header that nothing
// signs.
func (t *tracker) Hear(header http.Header, body []byte) (tickets.News, error) {
	const op = "jira: hear"
	if t.env.WebhookSecret.IsZero() {
		return tickets.News{}, keyturn.Errorf(keyturn.Unsupported, op, "no webhook secret is configured")
	}
	if err := t.authentic(op, header.Get("X-Hub-Signature"), body); err != nil {
		return tickets.News{}, err
	}
	var d delivery
	if json.Unmarshal(body, &d) != nil || d.Timestamp <= 0 || d.Event == "" {
		return tickets.News{}, keyturn.Errorf(keyturn.Invalid, op, "the delivery is not one of Jira's events; does the webhook exclude the body?")
	}
	switch age := t.env.Now().Sub(time.UnixMilli(d.Timestamp)); {
	case age > maxAge:
		return tickets.News{}, keyturn.Errorf(keyturn.Denied, op, "the delivery is older than %s", maxAge)
	case age < -maxSkew:
		return tickets.News{}, keyturn.Errorf(keyturn.Denied, op, "the delivery is from the future; are the clocks right?")
	}
	news := tickets.News{Delivery: header.Get("X-Atlassian-Webhook-Identifier")}
	if news.Delivery == "" || len(news.Delivery) > maxName {
		return tickets.News{}, keyturn.Errorf(keyturn.Invalid, op, "the delivery has no proper X-Atlassian-Webhook-Identifier; does a proxy remove it?")
	}
	if !d.tells() {
		return news, nil
	}
	prefix, _, ok := number(d.Issue.Key)
	if _, err := issuePath(op, d.Issue.ID); err != nil || !ok {
		return tickets.News{}, keyturn.Errorf(keyturn.Invalid, op, "the delivery does not say which issue it is about")
	}
	if prefix == t.Project {
		news.Ticket = d.Issue.ID
	}
	return news, nil
}

// tells reports whether a delivery says that an issue's state may have changed.
func (d delivery) tells() bool {
	switch d.Event {
	case "jira:issue_created", "jira:issue_deleted":
		return d.Issue != nil
	case "jira:issue_updated":
		for _, c := range d.Changes.Items {
			if c.Field == "status" {
				return d.Issue != nil
			}
		}
	}
	return false
}

func (t *tracker) authentic(op, signature string, body []byte) error {
	hexed, ok := strings.CutPrefix(signature, "sha256=")
	if !ok {
		return keyturn.Errorf(keyturn.Denied, op, "the delivery is not signed; only a webhook a Jira administrator makes with a secret is, not one that an OAuth or Connect app registers")
	}
	got, err := hex.DecodeString(hexed)
	mac := hmac.New(sha256.New, []byte(t.env.WebhookSecret.Expose()))
	mac.Write(body)
	if err != nil || !hmac.Equal(got, mac.Sum(nil)) {
		return keyturn.Errorf(keyturn.Denied, op, "the signature is wrong; is the webhook's secret the configured one?")
	}
	return nil
}
