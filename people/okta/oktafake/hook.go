package oktafake

import (
	"crypto/rand"
	"encoding/json"
	"time"
)

// An Event is one of the System Log.
type Event struct {
	UUID    string // made up where empty
	Type    string // such as user.lifecycle.deactivate
	Targets []Target
}

// A Target is what an event is about.
type Target struct {
	ID, Type, AlternateID string
}

// About is the target that a user is.
func (g *Org) About(id string) Target {
	g.mu.Lock()
	defer g.mu.Unlock()
	t := Target{ID: id, Type: "User", AlternateID: "unknown"}
	if h := g.user(id); h != nil {
		t.AlternateID = h.Profile["login"]
	}
	return t
}

// Payload is the body of an event hook's delivery at a time.
func (g *Org) Payload(at time.Time, events ...Event) []byte {
	shown := []object{}
	for _, e := range events {
		if e.UUID == "" {
			e.UUID = rand.Text()
		}
		targets := []object{}
		for _, t := range e.Targets {
			targets = append(targets, object{"id": t.ID, "type": t.Type, "alternateId": t.AlternateID, "displayName": "Somebody", "detailEntry": nil})
		}
		shown = append(shown, object{
			"uuid": e.UUID, "published": stamp(at.Add(-time.Second)), "eventType": e.Type, "version": "0", "severity": "INFO",
			"actor":   object{"id": "00uadmin", "type": "User", "alternateId": "admin@acme.example", "displayName": "Admin"},
			"outcome": object{"result": "SUCCESS", "reason": nil}, "target": targets,
		})
	}
	body, _ := json.Marshal(object{ // nothing in it cannot be encoded
		"eventType": "com.okta.event_hook", "eventTypeVersion": "1.0", "cloudEventsVersion": "0.1", "contentType": "application/json",
		"source": "https://acme.okta.com/api/v1/eventHooks/who1", "eventId": rand.Text(), "eventTime": stamp(at),
		"data": object{"events": shown},
	})
	return body
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
