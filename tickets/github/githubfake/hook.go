package githubfake

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
)

// A Delivery is one of the repository's webhook.
type Delivery struct {
	Event  string // X-GitHub-Event: issues, issue_comment, ping
	Action string // closed, created; empty for ping
	ID     string // the issue's number
	// Repository is whose webhook it is; empty is ours.
	Repository string
	Name       string // X-GitHub-Delivery
	Secret     string
	// Body is sent in place of the payload, unless it is nil.
	Body []byte
}

// Deliver makes a delivery, signed with Secret whatever that is. Of the
// repository and the hook it says less than GitHub does.
func (f *Fake) Deliver(d Delivery) (http.Header, []byte) {
	body := d.Body
	if body == nil {
		body, _ = json.Marshal(f.payload(d))
	}
	mac := hmac.New(sha256.New, []byte(d.Secret))
	mac.Write(body)
	header := http.Header{}
	for name, v := range map[string]string{
		"Content-Type": "application/json", "User-Agent": "GitHub-Hookshot/8bcbb6d", "X-GitHub-Event": d.Event,
		"X-GitHub-Delivery": d.Name, "X-GitHub-Hook-ID": "7", "X-GitHub-Hook-Installation-Target-Type": "repository",
		"X-GitHub-Hook-Installation-Target-ID": "1", "X-Hub-Signature-256": "sha256=" + hex.EncodeToString(mac.Sum(nil)),
	} {
		header.Set(name, v)
	}
	return header, body
}

// payload is what the event brings.
func (f *Fake) payload(d Delivery) object {
	f.mu.Lock()
	defer f.mu.Unlock()
	name := d.Repository
	if name == "" {
		name = Repository
	}
	out := object{"repository": object{"id": 1, "name": "ops", "full_name": name, "private": true}, "sender": simpleUser("octocat")}
	if d.Event == "ping" {
		out["zen"], out["hook_id"], out["hook"] = "Keep it logically awesome.", 7, object{"type": "Repository", "id": 7, "active": true, "events": []string{"issues"}}
		return out
	}
	i := &issue{number: 1, user: "octocat", state: "closed"}
	if n, err := strconv.Atoi(d.ID); err == nil && n > 0 && n <= len(f.issues) {
		i = f.issues[n-1]
	}
	out["action"], out["issue"] = d.Action, f.show(i)
	if d.Event == "issue_comment" {
		out["comment"] = f.showComment(i, comment{id: 1, user: "octocat", body: "On it.", made: f.opts.Now()})
	}
	return out
}
