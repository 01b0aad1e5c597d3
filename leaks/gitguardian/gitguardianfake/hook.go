package gitguardianfake

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// Deliver makes a delivery at a time, signed with a token: its header and its body. A
// new_occurrence is the last one of the incident.
func (w *Workspace) Deliver(token, action string, public bool, id int, at time.Time) (http.Header, []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	h := w.find(public, id)
	incident := h.outline()
	incident["occurrence_count"], incident["feedbacks"] = len(h.Occurrences), []string{}
	body := object{
		"source": "GitGuardian", "timestamp": stamp(at), "action": action, "message": "Something happened.", "target_user": "GitGuardian",
		"target_team": "My team", "custom_webhook_name": "Keyturn", "incident": incident,
	}
	if last := len(h.Occurrences) - 1; action == "new_occurrence" {
		body["occurrence"] = h.Occurrences[last].show(h, h.places[last])
	}
	raw, _ := json.Marshal(body) // nothing in it cannot be encoded
	return Sign(token, strconv.FormatInt(at.Unix(), 10), raw), raw
}

// Sign is the header of a delivery with a body.
func Sign(token, timestamp string, body []byte) http.Header {
	mac := hmac.New(sha256.New, []byte(timestamp+token))
	mac.Write(body)
	h := http.Header{}
	h.Set("Timestamp", timestamp)
	h.Set("Gitguardian-Signature", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	return h
}
