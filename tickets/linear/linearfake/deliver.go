package linearfake

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"time"

	"github.com/google/uuid"
)

// An Event is something a webhook tells of.
type Event struct {
	Type    string         // Issue or Comment
	Action  string         // create, update, remove, restore
	Issue   string         // the id of the issue it is about
	Changed map[string]any // what an update changed, with what it was before
}

// Payload is the body of a delivery sent at a time.
func (w *Workspace) Payload(e Event, at time.Time) []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	i := w.find(e.Issue)
	data := map[string]any{"id": uuid.NewString(), "issueId": i.ID, "body": "…"}
	if e.Type == "Issue" {
		data = map[string]any{
			"id": i.ID, "identifier": i.Identifier, "title": i.Title, "url": i.URL(), "teamId": i.Team.ID, "stateId": i.State.ID,
			"team":  map[string]any{"id": i.Team.ID, "key": i.Team.Key, "name": i.Team.Name},
			"state": map[string]any{"id": i.State.ID, "name": i.State.Name, "type": i.State.Type},
		}
	}
	body := map[string]any{
		"action": e.Action, "type": e.Type, "createdAt": at.UTC().Format(time.RFC3339Nano), "data": data, "url": i.URL(),
		"organizationId": uuid.NewString(), "webhookId": uuid.NewString(), "webhookTimestamp": at.UnixMilli(),
	}
	if e.Changed != nil {
		body["updatedFrom"] = e.Changed
	}
	b, _ := json.Marshal(body)
	return b
}

// Sign is the header of a delivery with a name of its own, a UUID.
func Sign(name, event, secret string, body []byte) http.Header {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	h := http.Header{}
	for key, value := range map[string]string{
		"Content-Type": "application/json; charset=utf-8", "User-Agent": "Linear-Webhook",
		"Linear-Delivery": name, "Linear-Event": event, "Linear-Signature": hex.EncodeToString(mac.Sum(nil)),
	} {
		h.Set(key, value)
	}
	return h
}
