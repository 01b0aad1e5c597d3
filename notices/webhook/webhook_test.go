package webhook_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/notices"
	"github.com/keyturn/keyturn/notices/webhook"
)

// The example that the reference libraries of Standard Webhooks are tested with.
const (
	exampleSecret    = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	exampleID        = "msg_p5jXN8AQM9LWM0D4loKWxJek"
	exampleTime      = 1614265330
	exampleBody      = `{"test": 2432232314}`
	exampleSignature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
)

func secretOf(fill byte) string {
	return "whsec_" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat(string(fill), 32)))
}

// receiver verifies as a receiver should, and keeps what it got.
type receiver struct {
	*httptest.Server
	secret string
	status int
	asked  int
	ids    []string
	bodies []map[string]any
}

func newReceiver(t *testing.T, secret string) *receiver {
	t.Helper()
	r := &receiver{secret: secret, status: http.StatusNoContent}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.asked++
	body, _ := io.ReadAll(req.Body)
	if !verified(r.secret, req.Header, body, time.Now()) {
		http.Error(w, "CANARY: who are you", http.StatusUnauthorized)
		return
	}
	if r.status == http.StatusTemporaryRedirect {
		w.Header().Set("Location", "/elsewhere")
	} else {
		var v map[string]any
		_ = json.Unmarshal(body, &v)
		r.ids, r.bodies = append(r.ids, req.Header.Get("webhook-id")), append(r.bodies, v)
	}
	w.WriteHeader(r.status)
	_, _ = w.Write([]byte("CANARY"))
}

// verified is the other end of Standard Webhooks, written from its text and not
// from ours.
func verified(secret string, h http.Header, body []byte, now time.Time) bool {
	seconds, err := strconv.ParseInt(h.Get("webhook-timestamp"), 10, 64)
	if age := now.Sub(time.Unix(seconds, 0)); err != nil || age > 5*time.Minute || age < -5*time.Minute {
		return false
	}
	key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(h.Get("webhook-id") + "." + h.Get("webhook-timestamp") + "." + string(body)))
	for _, s := range strings.Fields(h.Get("webhook-signature")) {
		version, text, _ := strings.Cut(s, ",")
		if got, err := base64.StdEncoding.DecodeString(text); err == nil && version == "v1" && hmac.Equal(got, mac.Sum(nil)) {
			return true
		}
	}
	return false
}

// stored are the secrets by their paths.
type stored map[string]string

func open(settings string, secrets stored, now time.Time) (notices.Channel, error) {
	return webhook.Factory.New(notices.Env{
		HTTP: &http.Client{Timeout: 10 * time.Second}, Now: func() time.Time { return now },
		Decode: func(v any) error {
			d := json.NewDecoder(strings.NewReader(settings))
			d.DisallowUnknownFields()
			return d.Decode(v)
		},
		Secret: func(_ context.Context, ref keyturn.SecretRef) (keyturn.Secret, error) {
			if s, ok := secrets[ref.Path]; ok {
				return keyturn.NewSecret(s), nil
			}
			return keyturn.Secret{}, keyturn.Errorf(keyturn.NotFound, "store", "nothing is there")
		},
	})
}

func channel(t *testing.T, url, more string, secrets stored) notices.Channel {
	t.Helper()
	c, err := open(`{"url": "`+url+`", "secret": {"path": "now"}`+more+`}`, secrets, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func message() notices.Message {
	at := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
	return notices.Message{
		ID: "0123abcd", Subject: "due <soon>", Text: "Grüße & mehr", Urgent: true, At: at,
		Notices: []notices.Notice{{ID: "run/stuck/owner", What: "stuck", Key: "payments-s3", Team: "payments", At: at, Detail: "x", Urgent: true}},
	}
}

func TestPost(t *testing.T) {
	t.Parallel()
	r := newReceiver(t, secretOf('a'))
	c := channel(t, r.URL, "", stored{"now": secretOf('a') + "\n"})
	for range 2 {
		if err := c.Send(t.Context(), message()); err != nil {
			t.Fatal(err)
		}
	}
	want := map[string]any{
		"id": "0123abcd", "subject": "due <soon>", "text": "Grüße & mehr", "urgent": true,
		"notices": []any{map[string]any{
			"id": "run/stuck/owner", "what": "stuck", "key": "payments-s3", "team": "payments",
			"at": "2026-11-24T10:00:00Z", "detail": "x", "urgent": true,
		}},
	}
	if diff := cmp.Diff([]map[string]any{want, want}, r.bodies); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"0123abcd", "0123abcd"}, r.ids); diff != "" {
		t.Error(diff)
	}
}

// TestSignature holds our signature against a receiver that is held against the
// published example.
func TestSignature(t *testing.T) {
	t.Parallel()
	at := time.Unix(exampleTime, 0)
	example := http.Header{}
	for name, value := range map[string]string{"webhook-id": exampleID, "webhook-timestamp": fmt.Sprint(exampleTime), "webhook-signature": exampleSignature} {
		example.Set(name, value)
	}
	if !verified(exampleSecret, example, []byte(exampleBody), at) {
		t.Fatal("the receiver of this test does not take the published example")
	}
	var header http.Header
	var body []byte
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		header = req.Header.Clone()
		body, _ = io.ReadAll(req.Body)
	}))
	defer srv.Close()
	c, err := open(`{"url": "`+srv.URL+`", "secret": {"path": "now"}}`, stored{"now": exampleSecret}, at)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Send(t.Context(), notices.Message{ID: "msg"}); err != nil {
		t.Fatal(err)
	}
	if string(body) != `{"id":"msg","subject":"","text":"","urgent":false,"notices":[]}` || header.Get("Content-Type") != "application/json" {
		t.Errorf("posted %s as %s", body, header.Get("Content-Type"))
	}
	if header.Get("webhook-timestamp") != fmt.Sprint(exampleTime) || !verified(exampleSecret, header, body, at) {
		t.Errorf("the signature does not hold: %v", header)
	}
	if verified(exampleSecret, header, append(body, ' '), at) || verified(secretOf('x'), header, body, at) {
		t.Error("a signature of something else holds")
	}
}

func TestFormerSecret(t *testing.T) {
	t.Parallel()
	secrets := stored{"now": secretOf('n'), "before": secretOf('b')}
	for _, secret := range secrets {
		r := newReceiver(t, secret)
		if err := channel(t, r.URL, `, "former_secret": {"path": "before"}`, secrets).Send(t.Context(), message()); err != nil {
			t.Errorf("a receiver with one of the secrets refuses: %v", err)
		}
	}
}

func fails(t *testing.T, err error, want keyturn.Kind) {
	t.Helper()
	var e *keyturn.Error
	if !errors.As(err, &e) || e.Kind != want {
		t.Fatalf("got %v of kind %q, want %q", err, keyturn.KindOf(err), want)
	}
	for _, secret := range []string{"CANARY", "127.0.0.1", secretOf('a')[6:12]} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("the error gives %s away: %v", secret, err)
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]keyturn.Kind{
		400: keyturn.Invalid, 410: keyturn.NotFound, 429: keyturn.RateLimited, 502: keyturn.Unavailable, 307: keyturn.Unavailable,
	} {
		r := newReceiver(t, secretOf('a'))
		r.status = status
		fails(t, channel(t, r.URL+"/CANARY", "", stored{"now": secretOf('a')}).Send(t.Context(), message()), want)
		if r.asked != 1 {
			t.Errorf("%d: %d requests, want one: no redirect is followed and nothing is tried again", status, r.asked)
		}
	}
	r := newReceiver(t, secretOf('b'))
	fails(t, channel(t, r.URL, "", stored{"now": secretOf('a')}).Send(t.Context(), message()), keyturn.Denied)
	fails(t, channel(t, r.URL, "", stored{}).Send(t.Context(), message()), keyturn.NotFound)
	for _, bad := range []string{"", "whsec_", "whsec_CANARY!", "CANARY", "whsec_" + base64.StdEncoding.EncodeToString([]byte("too short, CANARY")), strings.TrimPrefix(secretOf('a'), "whsec_")} {
		fails(t, channel(t, r.URL, "", stored{"now": bad}).Send(t.Context(), message()), keyturn.Invalid)
	}
	r.Close()
	fails(t, channel(t, r.URL, "", stored{"now": secretOf('a')}).Send(t.Context(), message()), keyturn.Unavailable)
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for settings, want := range map[string]string{
		`{"url": "https://x.example.com/hook", "secret": {"path": "now"}}`:                         "",
		`{"secret": {"path": "now"}}`:                                                              "url must be",
		`{"url": "http://x.example.com", "secret": {"path": "now"}}`:                               "url must be",
		`{"url": "https://u:CANARY@x.example.com", "secret": {"path": "now"}}`:                     "url must be",
		`{"url": "https://x.example.com"}`:                                                         "secret must say",
		`{"url": "https://x.example.com", "secret": {"path": "now"}, "former_secret": {}}`:         "secret must say",
		`{"url": "https://x.example.com", "secret": {"path": "now"}, "headers": {"X-Token": "y"}}`: "headers",
	} {
		_, err := open(settings, nil, time.Now())
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) || err != nil && strings.Contains(err.Error(), "CANARY") {
			t.Errorf("%s: got %v, want %q", settings, err, want)
		}
	}
}
