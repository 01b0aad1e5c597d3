package gitguardian

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
)

// The actions after which something follows. That somebody was given an incident, closed
// it or talked about it changes nothing about the value.
const (
	triggered       = "incident_triggered"
	reopened        = "incident_reopened"
	regression      = "incident_regression"
	validityChanged = "incident_validity_changed"
	newOccurrence   = "new_occurrence"
)

// A delivery is the body of a custom webhook's request.
type delivery struct {
	Source     string     `json:"source"`
	Timestamp  string     `json:"timestamp"`
	Action     string     `json:"action"`
	Incident   core       `json:"incident"`
	Occurrence occurrence `json:"occurrence"` // of a new one only
	// Origin is what the message that tests a webhook has instead of all this.
	Origin string `json:"origin"`
}

// Hear tells what is known of the value at once, and names the incident, because only
// the API says where it was found. Without a hash there is nothing to tell but its name.
func (s *source) Hear(_ context.Context, d leaks.Delivery) (leaks.News, error) {
	const op = "gitguardian: hear"
	if s.env.WebhookSecret.IsZero() {
		return leaks.News{}, keyturn.Errorf(keyturn.Unsupported, op, "no webhook secret is configured")
	}
	if err := s.prove(op, d); err != nil {
		return leaks.News{}, err
	}
	switch {
	case d.Path != "":
		return leaks.News{Status: http.StatusNotFound}, nil
	case d.Method != http.MethodPost:
		return leaks.News{Status: http.StatusMethodNotAllowed}, nil
	}
	var got delivery
	if json.Unmarshal(d.Body, &got) != nil || got.Source != "GitGuardian" && got.Origin != "GitGuardian" {
		return leaks.News{}, misunderstood(op)
	}
	switch got.Action {
	case triggered, reopened, regression, validityChanged, newOccurrence:
		return s.news(op, got)
	}
	return leaks.News{}, nil
}

func (s *source) news(op string, got delivery) (leaks.News, error) {
	at, err := time.Parse(time.RFC3339, got.Timestamp)
	if err != nil || !got.Incident.ok() || got.Action == newOccurrence && got.Occurrence.ID <= 0 {
		return leaks.News{}, misunderstood(op)
	}
	n := name{got.Incident.kind(), got.Incident.ID}
	event := n.String() + " " + got.Action + " " + at.UTC().Format(time.RFC3339Nano)
	f := s.finding(n.kind, got.Incident)
	switch got.Action {
	case triggered:
		f.At = at
	case regression:
		f.Event, f.At = event, at
	case newOccurrence:
		f.At = at
		got.Occurrence.place(n, &f)
		if f.HMSL != "" { // nothing is left to be asked
			return leaks.News{Event: event, Findings: []leaks.Finding{f}}, nil
		}
	}
	news := leaks.News{Event: event, Alert: n.String()}
	if f.HMSL != "" {
		news.Findings = []leaks.Finding{f}
	}
	return news, nil
}

func misunderstood(op string) error {
	return keyturn.Errorf(keyturn.Invalid, op, "the delivery is signed, but is not one that GitGuardian documents")
}
