package slack_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/notices"
	"github.com/keyturn/keyturn/notices/slack"
)

// hook is the part of the webhook's address that makes it a credential.
const hook = "/services/T0/B0/CANARY"

// chat is a webhook that keeps what is said, as Slack answers: "ok", or a status
// and a word.
type chat struct {
	*httptest.Server
	mu     sync.Mutex
	said   []string
	status int
	header http.Header
}

func newChat(t *testing.T) *chat {
	t.Helper()
	c := &chat{status: http.StatusOK, header: http.Header{}}
	c.Server = httptest.NewServer(http.HandlerFunc(c.serve))
	t.Cleanup(c.Close)
	return c
}

func (c *chat) serve(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var body map[string]string
	switch {
	case r.URL.Path != hook:
		http.Error(w, "no_service", http.StatusNotFound)
	case r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" || json.NewDecoder(r.Body).Decode(&body) != nil || len(body) != 1:
		http.Error(w, "invalid_payload", http.StatusBadRequest)
	case c.status != http.StatusOK:
		for k, v := range c.header {
			w.Header()[k] = v
		}
		http.Error(w, "CANARY of the chat", c.status)
	default:
		c.said = append(c.said, body["text"])
		_, _ = w.Write([]byte("ok"))
	}
}

func open(settings, address string) (notices.Channel, error) {
	return slack.Factory.New(notices.Env{
		HTTP: &http.Client{Timeout: 10 * time.Second}, Now: time.Now,
		Decode: func(v any) error {
			d := json.NewDecoder(strings.NewReader(settings))
			d.DisallowUnknownFields()
			return d.Decode(v)
		},
		Secret: func(context.Context, keyturn.SecretRef) (keyturn.Secret, error) {
			return keyturn.NewSecret(address), nil
		},
	})
}

func channel(t *testing.T, more, address string) notices.Channel {
	t.Helper()
	c, err := open(`{"url": {"path": "chat"}`+more+`}`, address)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func fails(t *testing.T, err error, want keyturn.Kind) *keyturn.Error {
	t.Helper()
	var e *keyturn.Error
	if !errors.As(err, &e) || e.Kind != want {
		t.Fatalf("got %v of kind %q, want %q", err, keyturn.KindOf(err), want)
	}
	if strings.Contains(err.Error(), "CANARY") || strings.Contains(err.Error(), "127.0.0.1") {
		t.Errorf("the error gives the address away: %v", err)
	}
	return e
}

func TestSay(t *testing.T) {
	t.Parallel()
	chat := newChat(t)
	c := channel(t, "", chat.URL+hook+"\n")
	for _, m := range []notices.Message{
		{Subject: "due soon", Text: "payments-s3 is due\nkeyturn watch payments-s3"},
		{Text: "a < b && c > d <!here> <@U1> <https://x|y>"},
		{Text: "@channel hey @all, (@here) mail alice@example.com @@x\x07"},
	} {
		if err := c.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{
		"due soon\n\npayments-s3 is due\nkeyturn watch payments-s3",
		"a &lt; b &amp;&amp; c &gt; d &lt;!here&gt; &lt;@\u200bU1&gt; &lt;https://x|y&gt;",
		"@\u200bchannel hey @\u200ball, (@\u200bhere) mail alice@example.com @\u200b@\u200bx",
	}
	if diff := cmp.Diff(want, chat.said); diff != "" {
		t.Error(diff)
	}
}

func TestLong(t *testing.T) {
	t.Parallel()
	chat := newChat(t)
	c := channel(t, "", chat.URL+hook)
	lines := strings.Repeat("payments & <stripe> é\n", 5000)
	for name, text := range map[string]string{
		"many lines":      lines,
		"one line":        strings.Repeat("&", 50_000),
		"just too long":   strings.Repeat("é", 40_001),
		"fits to a point": strings.Repeat("é", 40_000),
	} {
		chat.said = nil
		if err := c.Send(t.Context(), notices.Message{Text: text}); err != nil {
			t.Fatal(err)
		}
		said := chat.said[0]
		if n := utf8.RuneCountInString(said); n > 40_000 || n < 38_000 {
			t.Errorf("%s: %d characters", name, n)
		}
		if cut := strings.HasSuffix(said, "longer than the chat takes)"); cut != (name != "fits to a point") {
			t.Errorf("%s: cut is %t", name, cut)
		}
		body, _, _ := strings.Cut(said, "\n(cut off here")
		switch name {
		case "many lines":
			if !strings.HasSuffix(body, "\npayments &amp; &lt;stripe&gt; é") {
				t.Errorf("cut within a line: %q", body[len(body)-40:])
			}
		case "one line":
			if strings.Trim(strings.ReplaceAll(body, "&amp;", ""), "&") != "" {
				t.Errorf("cut within a character: %q", body[len(body)-10:])
			}
		}
	}
	short := channel(t, `, "max_length": 1000`, chat.URL+hook)
	chat.said = nil
	if err := short.Send(t.Context(), notices.Message{Text: lines}); err != nil {
		t.Fatal(err)
	}
	if n := utf8.RuneCountInString(chat.said[0]); n > 1000 {
		t.Errorf("%d characters, want at most 1000", n)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]keyturn.Kind{
		400: keyturn.Invalid, 403: keyturn.Denied, 404: keyturn.NotFound, 410: keyturn.NotFound,
		429: keyturn.RateLimited, 500: keyturn.Unavailable, 503: keyturn.Unavailable,
	} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			chat := newChat(t)
			chat.status = status
			chat.header.Set("Retry-After", "30")
			e := fails(t, channel(t, "", chat.URL+hook).Send(t.Context(), notices.Message{Text: "x"}), want)
			if status == 429 && e.RetryAfter != 30*time.Second {
				t.Errorf("wait %s, want 30s", e.RetryAfter)
			}
		})
	}
}

func TestNoRedirect(t *testing.T) {
	t.Parallel()
	other := newChat(t)
	chat := newChat(t)
	chat.status = http.StatusTemporaryRedirect
	chat.header.Set("Location", other.URL+hook)
	fails(t, channel(t, "", chat.URL+hook).Send(t.Context(), notices.Message{Text: "x"}), keyturn.Unavailable)
	if len(other.said) != 0 {
		t.Error("the redirect was followed")
	}
}

func TestAddress(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"", "CANARY", "http://chat.example.com/CANARY", "https://user:CANARY@chat.example.com/", "https:///CANARY", "file:///CANARY", "https://a b/CANARY"} {
		fails(t, channel(t, "", address).Send(t.Context(), notices.Message{Text: "x"}), keyturn.Invalid)
	}
	chat := newChat(t)
	gone := channel(t, "", chat.URL+hook)
	chat.Close()
	fails(t, gone.Send(t.Context(), notices.Message{Text: "x"}), keyturn.Unavailable)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := gone.Send(ctx, notices.Message{Text: "x"}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the caller's own", err)
	}
	if gone.CheckAddress("") != nil || keyturn.KindOf(gone.CheckAddress("#general")) != keyturn.Invalid {
		t.Error("a webhook takes the empty address only")
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for settings, want := range map[string]string{
		`{"url": {"path": "chat"}}`: "",
		`{}`:                        "url must say",
		`{"url": "https://hooks.example.com/CANARY"}`:  "url",
		`{"url": {"path": "chat"}, "max_length": 10}`:  "at least 1000",
		`{"url": {"path": "chat"}, "channel": "#ops"}`: "channel",
	} {
		_, err := open(settings, "")
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) || err != nil && strings.Contains(err.Error(), "CANARY") {
			t.Errorf("%s: got %v, want %q", settings, err, want)
		}
	}
}
