package google

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people"
)

const (
	// longest is the longest a channel lasts (Directory API, "Channel").
	longest = 48 * time.Hour
	// late is how long after its channel's end a delivery is taken, and how far the
	// clocks may be apart: Google delivers again what was not taken.
	late = time.Hour
)

// expirationLayout is how X-Goog-Channel-Expiration is written.
const expirationLayout = "Mon, 2 Jan 2006 15:04:05 MST"

var (
	channelPattern = regexp.MustCompile(`^[A-Za-z0-9_+/=-]{1,64}$`)
	numberPattern  = regexp.MustCompile(`^[0-9]{1,20}$`)
)

// states are what a delivery may say became of a user (Directory API, "Push
// notifications"). Suspending somebody is an update.
var states = []string{"add", "delete", "makeAdmin", "undelete", "update"}

// Hear compares the channel's token with the webhook secret. Nothing is signed: the
// token is all that proves a delivery, and the channel's end all that ages it.
func (d *directory) Hear(in people.Delivery) (people.News, error) {
	const op = "google: hear"
	if d.env.WebhookSecret.IsZero() {
		return people.News{}, keyturn.Errorf(keyturn.Unsupported, op, "no webhook secret is configured")
	}
	if !d.env.WebhookSecret.Equal(keyturn.NewSecret(in.Header.Get("X-Goog-Channel-Token"))) {
		return people.News{}, keyturn.Errorf(keyturn.Denied, op, "the channel's token is missing or wrong")
	}
	if err := d.checkExpiration(op, in.Header.Get("X-Goog-Channel-Expiration")); err != nil {
		return people.News{}, err
	}
	channel, number := in.Header.Get("X-Goog-Channel-Id"), in.Header.Get("X-Goog-Message-Number")
	state := in.Header.Get("X-Goog-Resource-State")
	switch {
	case in.Method != http.MethodPost || !channelPattern.MatchString(channel) || !numberPattern.MatchString(number):
		return people.News{}, misunderstood(op)
	case state == "sync": // the channel was opened
		return people.News{}, nil
	case !slices.Contains(states, state):
		return people.News{}, misunderstood(op)
	}
	var u struct {
		ID           json.Number // a string, though the guide calls it a long
		PrimaryEmail string
	}
	if json.Unmarshal(in.Body, &u) != nil || !isID(u.ID.String()) {
		return people.News{}, misunderstood(op)
	}
	return people.News{Changed: []people.Change{{
		Event: channel + "/" + number, ID: u.ID.String(), Email: people.Address(u.PrimaryEmail),
	}}}, nil
}

// checkExpiration refuses deliveries of channels that ended a while ago, or that last
// longer than any does. A delivery that does not say is taken.
func (d *directory) checkExpiration(op, text string) error {
	if text == "" {
		return nil
	}
	ends, err := time.Parse(expirationLayout, text)
	if err != nil {
		return misunderstood(op)
	}
	if left := ends.Sub(d.env.Now()); left < -late || left > longest+late {
		return keyturn.Errorf(keyturn.Denied, op, "the delivery is of no channel that is open; check the worker's clock")
	}
	return nil
}

func misunderstood(op string) error {
	return keyturn.Errorf(keyturn.Invalid, op, "the delivery has the right token, but is not one that Google documents")
}
