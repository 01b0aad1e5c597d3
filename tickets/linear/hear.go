package linear

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math"
	"net/http"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/tickets"
)

// maxAge is how old a delivery may be, and how far from the future
// (developers/webhooks, "Securing webhooks").
const maxAge = time.Minute

// A delivery is the body of a webhook's request (schema,
// EntityWebhookPayload).
type delivery struct {
	Action      string
	Type        string
	Data        json.RawMessage
	UpdatedFrom map[string]json.RawMessage
	Sent        float64 `json:"webhookTimestamp"` // milliseconds since 1970
}

// Hear verifies the signature over the body and the time in it. The header
// Linear-Timestamp is not signed and not looked at. Of issues it knows those of
// the team: by its key, or by its UUID if the settings name that.
func (t *tracker) Hear(header http.Header, body []byte) (tickets.News, error) {
	const op = "linear: hear"
	if t.env.WebhookSecret.IsZero() {
		return tickets.News{}, keyturn.Errorf(keyturn.Unsupported, op, "no webhook secret is configured")
	}
	mac := hmac.New(sha256.New, []byte(t.env.WebhookSecret.Expose()))
	mac.Write(body)
	if sent, err := hex.DecodeString(header.Get("Linear-Signature")); err != nil || !hmac.Equal(sent, mac.Sum(nil)) {
		return tickets.News{}, keyturn.Errorf(keyturn.Denied, op, "the signature is missing or wrong")
	}
	var d delivery
	if json.Unmarshal(body, &d) != nil {
		return tickets.News{}, misunderstood(op)
	}
	if age := float64(t.env.Now().UnixMilli()) - d.Sent; math.Abs(age) > float64(maxAge.Milliseconds()) {
		return tickets.News{}, keyturn.Errorf(keyturn.Denied, op, "the delivery is not of this minute; check the worker's clock")
	}
	news := tickets.News{Delivery: strings.ToLower(header.Get("Linear-Delivery"))}
	if !isUUID(news.Delivery) || d.Type == "" || d.Action == "" {
		return tickets.News{}, misunderstood(op)
	}
	if d.Type != "Issue" {
		return news, nil
	}
	var i delivered
	if json.Unmarshal(d.Data, &i) != nil || !isUUID(i.ID) || !i.hasTeam() {
		return tickets.News{}, misunderstood(op)
	}
	if i.in(t.Team) && d.moved() {
		news.Ticket = strings.ToLower(i.ID)
	}
	return news, nil
}

// moved reports whether the state may be another: of a new, deleted or restored
// issue, and of one whose state or place in the archive or trash was changed.
// UpdatedFrom has the changed properties only, with null for those that were
// not set.
func (d delivery) moved() bool {
	if d.Action != "update" {
		return d.Action == "create" || d.Action == "remove" || d.Action == "restore"
	}
	for _, name := range []string{"stateId", "trashed", "archivedAt"} {
		if _, ok := d.UpdatedFrom[name]; ok {
			return true
		}
	}
	return false
}

// delivered is the issue in a delivery (schema, IssueWebhookPayload).
type delivered struct {
	ID, Identifier string
	TeamID         string
	Team           *struct{ ID, Key string } // optional in the schema
}

func (i delivered) hasTeam() bool { return i.Team != nil || i.TeamID != "" }

// in reports whether the issue is in a team, given by key or UUID. Where the
// team itself is left out, the identifier begins with its key.
func (i delivered) in(team string) bool {
	if isUUID(team) {
		return strings.EqualFold(i.TeamID, team) || i.Team != nil && strings.EqualFold(i.Team.ID, team)
	}
	if i.Team != nil && i.Team.Key != "" {
		return strings.EqualFold(i.Team.Key, team)
	}
	key, _, _ := strings.Cut(i.Identifier, "-")
	return strings.EqualFold(key, team)
}

func misunderstood(op string) error {
	return keyturn.Errorf(keyturn.Invalid, op, "the delivery is signed, but not one that Linear documents")
}
