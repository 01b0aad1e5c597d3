package okta_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people"
	"github.com/keyturn/keyturn/people/okta/oktafake"
)

// hear delivers a body with an Authorization header.
func (w *world) hear(authorization string, body []byte) (people.News, error) {
	return w.Directory.(people.Hearer).Hear(people.Delivery{
		Method: http.MethodPost, Header: http.Header{"Authorization": {authorization}}, Body: body,
	})
}

// TestHearTellsEventsApart checks which events are news of a person.
func TestHearTellsEventsApart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, oktafake.Options{})
	id := w.add("Ann@acme.example")
	for event, heard := range map[string]bool{
		"user.lifecycle.deactivate": true, "user.lifecycle.suspend": true, "user.lifecycle.delete.initiated": true,
		"user.lifecycle.activate": true, "user.lifecycle.reactivate": true, "user.lifecycle.unsuspend": true,
		"user.account.lock": false, "user.session.start": false, "user.lifecycle.create": false, "user.lifecycle": false, "": false,
	} {
		var want people.News
		if heard {
			want.Changed = []people.Change{{Event: "u-1", ID: id, Email: "ann@acme.example"}}
		}
		body := w.org.Payload(w.now, oktafake.Event{UUID: "u-1", Type: event, Targets: []oktafake.Target{w.org.About(id)}})
		if got, err := w.hear(webhookSecret, body); err != nil || !cmp.Equal(got, want) {
			t.Errorf("%s: %v, %s", event, err, cmp.Diff(want, got))
		}
	}
}

// TestHearSeveral reads a delivery of several events and targets.
func TestHearSeveral(t *testing.T) {
	t.Parallel()
	w := newWorld(t, oktafake.Options{})
	const gone = "user.lifecycle.deactivate"
	ann, app := oktafake.Target{ID: "00uann", Type: "User", AlternateID: "ann@acme.example"}, oktafake.Target{ID: "0oaapp", Type: "AppInstance", AlternateID: "app@acme.example"}
	bob := oktafake.Target{ID: "00ubob", Type: "User", AlternateID: "unknown"}
	body := w.org.Payload(w.now,
		oktafake.Event{UUID: "u-1", Type: gone, Targets: []oktafake.Target{app, ann, bob}},
		oktafake.Event{UUID: "u-2", Type: "user.session.start", Targets: []oktafake.Target{app}},
		oktafake.Event{UUID: "u-3", Type: "user.lifecycle.suspend", Targets: []oktafake.Target{ann}},
	)
	want := people.News{Changed: []people.Change{{Event: "u-1", ID: "00uann", Email: "ann@acme.example"}, {Event: "u-1", ID: "00ubob"}}}
	if got, err := w.hear(webhookSecret, body); err != nil || !cmp.Equal(got, want) {
		t.Errorf("Hear: %v, %s", err, cmp.Diff(want, got))
	}
	for what, targets := range map[string][]oktafake.Target{"nobody": nil, "an app": {app}, "no id": {{Type: "User"}}, "a strange id": {{ID: "../me", Type: "User"}}} {
		body := w.org.Payload(w.now, oktafake.Event{UUID: "u-1", Type: gone, Targets: targets})
		if got, err := w.hear(webhookSecret, body); err != nil || !cmp.Equal(got, people.News{Missed: true}) {
			t.Errorf("of %s: %+v, %v, want Missed", what, got, err)
		}
	}
}

// TestHearRefuses checks what a delivery must prove and be.
func TestHearRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, oktafake.Options{})
	event := oktafake.Event{UUID: "u-1", Type: "user.lifecycle.suspend", Targets: []oktafake.Target{{ID: "00uann", Type: "User"}}}
	at := func(d time.Duration) []byte { return w.org.Payload(w.now.Add(d), event) }
	good := string(at(0))
	for what, c := range map[string]struct {
		authorization string
		body          string
		kind          keyturn.Kind
	}{
		"good":                {webhookSecret, good, ""},
		"no header":           {"", good, keyturn.Denied},
		"another secret":      {"the webhook's secreT", good, keyturn.Denied},
		"a longer one":        {webhookSecret + " ", good, keyturn.Denied},
		"almost two days old": {webhookSecret, string(at(-48 * time.Hour)), ""},
		"older":               {webhookSecret, string(at(-48*time.Hour - time.Second)), keyturn.Denied},
		"a little ahead":      {webhookSecret, string(at(time.Hour)), ""},
		"from the future":     {webhookSecret, string(at(time.Hour + time.Second)), keyturn.Denied},
		"no JSON":             {webhookSecret, "x", keyturn.Invalid},
		"another's":           {webhookSecret, strings.Replace(good, "com.okta.event_hook", "com.okta.inline", 1), keyturn.Invalid},
		"no time":             {webhookSecret, strings.Replace(good, "eventTime\"", "time\"", 1), keyturn.Invalid},
		"no events":           {webhookSecret, strings.Replace(good, `"events"`, `"event"`, 1), keyturn.Invalid},
		"no uuid":             {webhookSecret, strings.Replace(good, `"uuid"`, `"id"`, 1), keyturn.Invalid},
	} {
		news, err := w.hear(c.authorization, []byte(c.body))
		wantKind(t, what, err, c.kind)
		if (len(news.Changed) == 1) != (c.kind == "") {
			t.Errorf("%s: %+v", what, news)
		}
	}
	w.env.WebhookSecret = keyturn.Secret{}
	w.Directory = w.reset(t, config)
	_, err := w.hear("", at(0))
	wantKind(t, "without a webhook secret", err, keyturn.Unsupported)
	if asked := w.requests(); asked != nil {
		t.Errorf("Hear asked %q", asked)
	}
}

// TestHandshake answers the verification, and only Okta's.
func TestHandshake(t *testing.T) {
	t.Parallel()
	w := newWorld(t, oktafake.Options{})
	ask := func(authorization, challenge string) (people.News, error) {
		h := http.Header{}
		h.Set("Authorization", authorization)
		h.Set("X-Okta-Verification-Challenge", challenge)
		return w.Directory.(people.Hearer).Hear(people.Delivery{Method: http.MethodGet, Header: h})
	}
	for _, challenge := range []string{"abc-123", `a"},{\`, "<>&"} {
		got, err := ask(webhookSecret, challenge)
		var answer map[string]string
		if err != nil || json.Unmarshal([]byte(got.Answer), &answer) != nil || !cmp.Equal(answer, map[string]string{"verification": challenge}) {
			t.Errorf("the answer to %q is %q, %v", challenge, got.Answer, err)
		}
		if got.ContentType != "application/json" || got.Changed != nil || got.Missed {
			t.Errorf("the answer to %q is %+v", challenge, got)
		}
	}
	_, err := ask("", "abc")
	wantKind(t, "a verification without the secret", err, keyturn.Denied)
	for _, challenge := range []string{"", strings.Repeat("a", 1025)} {
		_, err := ask(webhookSecret, challenge)
		wantKind(t, "a verification without a challenge", err, keyturn.Invalid)
	}
}
