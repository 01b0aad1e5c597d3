package github

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/tickets"
)

// delivery is the part of a delivery that is read ("Webhook events and
// payloads", issues).
type delivery struct {
	Action     string
	Issue      struct{ Number int64 }
	Repository struct {
		FullName string `json:"full_name"`
	}
}

var deliveryPattern = regexp.MustCompile(`^[0-9A-Za-z-]{1,64}$`)

// Hear reads a delivery of a repository's or an organisation's webhook. GitHub
// signs the body alone, and no time: an old delivery that is sent again is
// heard again, and is a hint like the first.
func (t *tracker) Hear(header http.Header, body []byte) (tickets.News, error) {
	const op = "github: hear"
	if t.env.WebhookSecret.IsZero() {
		return tickets.News{}, keyturn.Errorf(keyturn.Unsupported, op, "no webhook secret is set")
	}
	if !t.signed(header.Get("X-Hub-Signature-256"), body) {
		return tickets.News{}, keyturn.Errorf(keyturn.Denied, op, "the signature is missing or wrong")
	}
	name, event := header.Get("X-GitHub-Delivery"), header.Get("X-GitHub-Event")
	if !deliveryPattern.MatchString(name) || event == "" {
		return tickets.News{}, keyturn.Errorf(keyturn.Invalid, op, "the delivery lacks X-GitHub-Delivery or X-GitHub-Event")
	}
	var d delivery
	if json.Unmarshal(body, &d) != nil {
		return tickets.News{}, keyturn.Errorf(keyturn.Invalid, op, "the delivery is not the documented JSON; set the webhook's content type to application/json")
	}
	news := tickets.News{Delivery: name}
	if event != "issues" || !strings.EqualFold(d.Repository.FullName, t.Repository) {
		return news, nil
	}
	switch d.Action {
	case "opened", "closed", "reopened", "deleted", "transferred":
		if d.Issue.Number <= 0 {
			return tickets.News{}, keyturn.Errorf(keyturn.Invalid, op, "the delivery names no issue")
		}
		news.Ticket = strconv.FormatInt(d.Issue.Number, 10)
	}
	return news, nil
}

// signed checks X-Hub-Signature-256: "sha256=" and the HMAC of the body in hex
// ("Validating webhook deliveries").
func (t *tracker) signed(signature string, body []byte) bool {
	digits, ok := strings.CutPrefix(signature, "sha256=")
	got, err := hex.DecodeString(digits)
	if !ok || err != nil {
		return false
	}
	mac := hmac.New(sha256.New, []byte(t.env.WebhookSecret.Expose()))
	mac.Write(body)
	return hmac.Equal(got, mac.Sum(nil))
}
