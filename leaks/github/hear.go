package github

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
)

// heard are the actions after which an alert is looked at, by the event they are of.
// That one was resolved or given to somebody changes nothing about the value.
var heard = map[string][]string{
	"secret_scanning_alert":          {"created", "publicly_leaked", "reopened", "validated"},
	"secret_scanning_alert_location": {"created"},
}

// deliveryPattern is what X-GitHub-Delivery looks like, a UUID, and a little more.
var deliveryPattern = regexp.MustCompile(`^[A-Za-z0-9-]{1,64}$`)

// A delivery is the part of a webhook's body that is read. The value is not in it.
type delivery struct {
	Action string `json:"action"`
	Alert  struct {
		Number int64 `json:"number"`
	} `json:"alert"`
	Repository struct {
		Name string `json:"full_name"`
	} `json:"repository"`
}

// Hear asks for a signature of the body with the webhook secret. Only the body is
// signed, and nothing in it says when it was sent: whoever kept a delivery can send it
// again, and has the alert looked at again, no more.
func (s *source) Hear(_ context.Context, d leaks.Delivery) (leaks.News, error) {
	const op = "github: hear"
	switch {
	case s.env.WebhookSecret.IsZero():
		return leaks.News{}, keyturn.Errorf(keyturn.Unsupported, op, "no webhook secret is configured")
	case !s.signed(d):
		return leaks.News{}, keyturn.Errorf(keyturn.Denied, op, "X-Hub-Signature-256 is missing, or was not made of this body with the webhook secret")
	case d.Path != "":
		return leaks.News{Status: http.StatusNotFound}, nil
	case d.Method != http.MethodPost:
		return leaks.News{Status: http.StatusMethodNotAllowed}, nil
	}
	actions, ok := heard[d.Header.Get("X-GitHub-Event")]
	if !ok {
		return leaks.News{}, nil // "ping", or what the webhook need not be subscribed to
	}
	var got delivery
	if json.Unmarshal(d.Body, &got) != nil {
		return leaks.News{}, keyturn.Errorf(keyturn.Invalid, op, "the delivery is signed, but is no JSON; set the webhook's content type to application/json")
	}
	if got.Action != "" && !slices.Contains(actions, got.Action) {
		return leaks.News{}, nil
	}
	event, n := d.Header.Get("X-GitHub-Delivery"), name{got.Repository.Name, got.Alert.Number}
	switch {
	case got.Action == "" || n.number <= 0 || !isRepo(n.repo) || !deliveryPattern.MatchString(event):
		return leaks.News{}, keyturn.Errorf(keyturn.Invalid, op, "the delivery is signed, but is not one that GitHub documents")
	case !s.covers(n.repo):
		return leaks.News{}, keyturn.Errorf(keyturn.Invalid, op, "the delivery is about a repository that the settings do not name; correct org or repos, or remove the webhook")
	}
	return leaks.News{Event: event, Alert: n.String()}, nil
}

// signed checks the signature, in a time that does not depend on where it differs.
func (s *source) signed(d leaks.Delivery) bool {
	text, ok := strings.CutPrefix(d.Header.Get("X-Hub-Signature-256"), "sha256=")
	signature, err := hex.DecodeString(text)
	mac := hmac.New(sha256.New, []byte(s.env.WebhookSecret.Expose()))
	mac.Write(d.Body)
	return ok && err == nil && hmac.Equal(signature, mac.Sum(nil))
}
