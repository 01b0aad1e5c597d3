package jirafake

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"time"
)

// A Delivery is one of an admin webhook with a secret.
type Delivery struct {
	Event   string    // jira:issue_updated
	Issue   string    // its id
	Changed []string  // the fields that changed
	At      time.Time // when it happened
	Name    string    // what every attempt at it is called
	Secret  string
	Body    []byte // sent in place of the one that goes with the event, unless it is nil
}

// Deliver makes a delivery. It sends nothing.
func (j *Jira) Deliver(d Delivery) (http.Header, []byte) {
	raw := d.Body
	if raw == nil {
		raw = j.body(d)
	}
	mac := hmac.New(sha256.New, []byte(d.Secret))
	mac.Write(raw)
	return http.Header{
		"Content-Type":                   {"application/json; charset=UTF-8"},
		"X-Atlassian-Webhook-Flow":       {"Primary"},
		"X-Atlassian-Webhook-Identifier": {d.Name},
		"X-Hub-Signature":                {"sha256=" + hex.EncodeToString(mac.Sum(nil))},
	}, raw
}

func (j *Jira) body(d Delivery) []byte {
	j.mu.Lock()
	defer j.mu.Unlock()
	body := object{"timestamp": d.At.UnixMilli(), "webhookEvent": d.Event}
	if r := j.find(d.Issue); r != nil {
		body["issue"] = object{
			"id": r.ID, "key": r.Key, "self": "https://acme.atlassian.net/rest/api/2/issue/" + r.ID,
			"fields": object{"summary": r.Summary, "labels": r.Labels, "status": status(r.Status)},
		}
	}
	items := []object{}
	for _, field := range d.Changed {
		items = append(items, object{"field": field, "fieldtype": "jira", "fieldId": field, "fromString": "before", "toString": "after"})
	}
	if len(items) > 0 {
		body["changelog"] = object{"id": "10124", "items": items}
	}
	raw, _ := json.Marshal(body)
	return raw
}
