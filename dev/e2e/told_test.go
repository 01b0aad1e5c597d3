package e2e

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keyturn/keyturn/registry"
)

// An inbox is where a scenario's notices go: each message with what it is about.
type inbox struct {
	mu       sync.Mutex
	messages []posted
}

// posted is the part of a posted message that is looked at.
type posted struct {
	Subject string `json:"subject"`
	Text    string `json:"text"`
	Notices []struct {
		What string `json:"what"`
		Key  string `json:"key"`
	} `json:"notices"`
}

func (b *inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var m posted
	body, err := io.ReadAll(r.Body)
	if err != nil || json.Unmarshal(body, &m) != nil || !strings.HasPrefix(r.Header.Get("webhook-signature"), "v1,") {
		http.Error(w, "not a signed message", http.StatusBadRequest)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.messages = append(b.messages, m)
}

// config is the part of the worker's configuration that tells people. The
// signing secret is kept in the store like all others.
func (b *inbox) config(sc *scenario) string {
	if b == nil {
		return ""
	}
	sc.t.Helper()
	path := "admin/" + sc.queue + "/notices"
	secret := "whsec_" + base64.StdEncoding.EncodeToString([]byte("thirty-two bytes for the tests!!"))
	if _, err := sc.vaultAPI.KVv2("secret").Put(sc.t.Context(), path, map[string]any{"key": secret}); err != nil {
		sc.t.Fatal(err)
	}
	return fmt.Sprintf(`
notices:
  channels:
    post: {kind: webhook, settings: {url: %q, secret: {path: %q}}}
  routes: {teams: {default: [{channel: post}]}, security: [{channel: post}]}
  digest: 0s
`, serve(sc.t, b), "secret/"+path)
}

// about counts the notices of one kind about a key.
func (b *inbox) about(key, what string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for _, m := range b.messages {
		for _, one := range m.Notices {
			if one.Key == key && one.What == what {
				n++
			}
		}
	}
	return n
}

// peopleAreTold: before a step by hand, after the operation, and when it was
// undone, each once, and no value is in what they read.
func peopleAreTold(t *testing.T, s *stack) {
	// What the scenarios before left is nobody's: their workers tell nobody.
	if _, err := s.registry.DropNotices(t.Context(), time.Now()); err != nil {
		t.Fatal(err)
	}
	box := &inbox{}
	sc := newHandScenario(t, s, "github", func(sc *scenario) { sc.hand.told = box })
	sc.issued()
	calledOffPart(t, sc)
	for what, want := range map[string]int{registry.Asked: 3, registry.Completed: 1, registry.RolledBack: 1} {
		sc.until("people are told that it is "+what, func() bool { return box.about(string(sc.id), what) >= want })
		if got := box.about(string(sc.id), what); got != want {
			t.Errorf("%s was told %d times, want %d", what, got, want)
		}
	}
	if k := sc.key(); k.Intent != nil {
		t.Errorf("%+v", k.Intent)
	}
	box.mu.Lock()
	defer box.mu.Unlock()
	for _, m := range box.messages {
		if found := findMark(m.Subject+m.Text, marks(canary)); found != "" {
			t.Errorf("a value reached a message: %s", found)
		}
		for _, n := range m.Notices { // other scenarios' too: a digest may leave those out
			if n.Key == string(sc.id) && !strings.Contains(m.Text, n.Key) {
				t.Errorf("the message does not say that it is about %s: %s", n.Key, m.Text)
			}
		}
	}
}
