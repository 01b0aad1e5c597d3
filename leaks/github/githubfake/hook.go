package githubfake

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
)

// Deliver makes a delivery that is signed with a secret: its header and its body. The
// event is "secret_scanning_alert", "secret_scanning_alert_location" or "ping", and the
// location is the last one of the alert.
func (g *Forge) Deliver(secret, event, action, name string, number int) (http.Header, []byte) {
	g.mu.Lock()
	defer g.mu.Unlock()
	in := g.find(name)
	h := in.alert(number)
	body := object{"action": action, "repository": in.whole(), "sender": user("ann", "User")}
	switch event {
	case "ping":
		body = object{"zen": "Design for failure.", "hook_id": 1, "repository": in.whole()}
	case "secret_scanning_alert_location":
		last := h.Places[len(h.Places)-1]
		body["location"] = object{"type": last.Type, "details": last.show(in)}
		fallthrough
	default:
		body["alert"] = h.outline(in)
	}
	raw, _ := json.Marshal(body) // nothing in it cannot be encoded
	header := http.Header{}
	header.Set("User-Agent", "GitHub-Hookshot/fake")
	header.Set("X-GitHub-Event", event)
	header.Set("X-GitHub-Delivery", rand.Text())
	header.Set("X-Hub-Signature-256", Sign(secret, raw))
	return header, raw
}

// Sign is the signature of a body.
func Sign(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// whole is a repository as a webhook shows it.
func (r *repo) whole() object {
	out := r.simple()
	for _, field := range strings.Fields(`has_downloads has_issues has_projects has_wiki has_pages archived disabled`) {
		out[field] = false
	}
	for _, field := range strings.Fields(`forks forks_count open_issues open_issues_count size stargazers_count watchers watchers_count`) {
		out[field] = 0
	}
	for _, field := range strings.Fields(`homepage language mirror_url license pushed_at created_at updated_at`) {
		out[field] = nil
	}
	for _, field := range strings.Fields(`clone_url git_url ssh_url svn_url`) {
		out[field] = site + "/" + r.Name
	}
	out["default_branch"] = "main"
	return out
}
