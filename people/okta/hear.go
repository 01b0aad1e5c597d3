package okta

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people"
)

const (
	// maxAge is how old a delivery may be. Okta promises no longest delay and
	// calls more than an hour unusual ("Ongoing event delivery"), so nothing
	// honest is lost after two days that the next comparison would not find. A
	// bound is there because deliveries are not signed and no other part of one
	// grows old: one that somebody kept is of no use later, and the ids of
	// events need not be remembered for ever.
	maxAge = 48 * time.Hour
	// maxAhead is how far Okta's clock may be ahead.
	maxAhead = time.Hour
	// maxChallenge is the longest challenge that is given back.
	maxChallenge = 1024
)

// A delivery is the body of an event hook's request. Its events are those of the
// System Log.
type delivery struct {
	EventType string    `json:"eventType"`
	EventTime time.Time `json:"eventTime"`
	Data      struct {
		Events []event `json:"events"`
	} `json:"data"`
}

type event struct {
	UUID      string `json:"uuid"`
	EventType string `json:"eventType"`
	Target    []struct {
		ID          string `json:"id"`
		Type        string `json:"type"`
		AlternateID string `json:"alternateId"`
	} `json:"target"`
}

// changes are the events after which somebody may be gone or here again. All may
// be had by event hooks. user.account.lock is not among them: whoever locked
// themselves out is still here.
var changes = []string{
	"user.lifecycle.activate", "user.lifecycle.deactivate", "user.lifecycle.delete.initiated",
	"user.lifecycle.reactivate", "user.lifecycle.suspend", "user.lifecycle.unsuspend",
}

// Hear asks the Authorization header for the webhook secret, of the verification
// too: "Okta provides it in every request" (Event hooks concepts, "HTTP
// headers"). An event that names no person leaves open who it was: then Missed is
// set.
func (d *directory) Hear(in people.Delivery) (people.News, error) {
	const op = "okta: hear"
	switch {
	case d.env.WebhookSecret.IsZero():
		return people.News{}, keyturn.Errorf(keyturn.Unsupported, op, "no webhook secret is configured")
	case !keyturn.NewSecret(in.Header.Get("Authorization")).Equal(d.env.WebhookSecret):
		return people.News{}, keyturn.Errorf(keyturn.Denied, op, "the Authorization header is not the webhook secret")
	case in.Method == http.MethodGet:
		return verification(op, in.Header.Get("X-Okta-Verification-Challenge"))
	}
	var got delivery
	if json.Unmarshal(in.Body, &got) != nil || got.EventType != "com.okta.event_hook" || got.EventTime.IsZero() || got.Data.Events == nil {
		return people.News{}, misunderstood(op)
	}
	if age := d.env.Now().Sub(got.EventTime); age > maxAge || age < -maxAhead {
		return people.News{}, keyturn.Errorf(keyturn.Denied, op, "the delivery is older than two days, or from the future; check the worker's clock")
	}
	var news people.News
	for _, e := range got.Data.Events {
		if !slices.Contains(changes, e.EventType) {
			continue
		}
		if e.UUID == "" {
			return people.News{}, misunderstood(op)
		}
		e.tell(&news)
	}
	return news, nil
}

// tell adds the persons an event is about, each once.
func (e event) tell(news *people.News) {
	named := false
	for _, t := range e.Target {
		if t.Type != "User" || !plain(t.ID) {
			continue
		}
		named = true
		if slices.ContainsFunc(news.Changed, func(c people.Change) bool { return c.ID == t.ID }) {
			continue
		}
		c := people.Change{Event: e.UUID, ID: t.ID}
		if a := people.Address(t.AlternateID); address(a) {
			c.Email = a
		}
		news.Changed = append(news.Changed, c)
	}
	news.Missed = news.Missed || !named
}

// verification answers the one GET that Okta makes after a hook was registered.
func verification(op, challenge string) (people.News, error) {
	if challenge == "" || len(challenge) > maxChallenge {
		return people.News{}, keyturn.Errorf(keyturn.Invalid, op, "the request has no X-Okta-Verification-Challenge, or one that is too long")
	}
	return people.News{Answer: `{"verification":` + quote(challenge) + `}`, ContentType: "application/json"}, nil
}

func misunderstood(op string) error {
	return keyturn.Errorf(keyturn.Invalid, op, "the delivery has the webhook secret, but is not one that Okta documents")
}
