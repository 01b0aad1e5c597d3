package entra

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people"
)

// maxToken is the longest validation token that is answered. Graph's are about
// 150 characters long.
const maxToken = 1024

// notification is the part of a changeNotification that is read.
type notification struct {
	ID           string `json:"id"`
	Subscription string `json:"subscriptionId"`
	State        string `json:"clientState"`
	Change       string `json:"changeType"`
	Lifecycle    string `json:"lifecycleEvent"`
	Data         struct {
		ID   string `json:"id"`
		Etag string `json:"@odata.etag"`
	} `json:"resourceData"`
}

// Hear answers the question with which Graph makes sure of a webhook, which
// anybody may ask, and reads change and lifecycle notifications. These prove
// where they are from by the clientState of the subscription, which is the
// webhook secret; nothing is signed. Nor is it told when something happened, so
// that nothing is too old.
func (d *directory) Hear(delivery people.Delivery) (people.News, error) {
	const op = "entra: hear"
	if d.env.WebhookSecret.IsZero() {
		return people.News{}, keyturn.Errorf(keyturn.Unsupported, op, "no webhook secret is configured")
	}
	if delivery.Query.Has("validationToken") {
		token := delivery.Query.Get("validationToken")
		if token == "" || len(token) > maxToken || strings.ContainsFunc(token, func(r rune) bool { return !unicode.IsPrint(r) }) {
			return people.News{}, keyturn.Errorf(keyturn.Invalid, op, "the validation token is none of Graph's")
		}
		return people.News{Answer: token, ContentType: "text/plain"}, nil
	}
	var body struct {
		Value []notification `json:"value"`
	}
	if json.Unmarshal(delivery.Body, &body) != nil || len(body.Value) == 0 {
		return people.News{}, keyturn.Errorf(keyturn.Denied, op, "the delivery does not prove where it is from")
	}
	for _, n := range body.Value {
		if !d.env.WebhookSecret.Equal(keyturn.NewSecret(n.State)) {
			return people.News{}, keyturn.Errorf(keyturn.Denied, op, "the delivery does not carry the webhook secret; if it was changed, the next renewal of the subscription mends it")
		}
	}
	var news people.News
	for _, n := range body.Value {
		switch {
		case n.Lifecycle != "": // what it says is that deliveries may be lost
			news.Missed = true
		case !guid.MatchString(n.Data.ID):
			return people.News{}, keyturn.Errorf(keyturn.Invalid, op, "a notification does not say which user it is about")
		case !slices.ContainsFunc(news.Changed, func(c people.Change) bool { return c.ID == n.Data.ID }):
			news.Changed = append(news.Changed, people.Change{Event: n.event(d.env.Now()), ID: n.Data.ID})
		}
	}
	return news, nil
}

// event names a notification. Graph names some, and of some it tells which state
// of the user they are about; either makes a name that stays when it is sent
// again. Two changes of a user look the same without, so that each time such a
// notification comes it has a name of its own: looking at somebody twice does no
// harm, and not looking after the second change would.
func (n notification) event(now time.Time) string {
	parts := []string{n.Subscription, n.ID, n.Change, n.Data.ID, n.Data.Etag}
	if n.ID == "" && n.Data.Etag == "" {
		parts = append(parts, now.UTC().Format(time.RFC3339Nano))
	}
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:16])
}
