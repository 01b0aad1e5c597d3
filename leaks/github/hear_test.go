package github_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/leaks/github/githubfake"
)

const (
	alertEvent    = "secret_scanning_alert"
	locationEvent = "secret_scanning_alert_location"
)

// deliver makes a delivery about the first alert.
func (w *world) deliver(event, action string) leaks.Delivery {
	header, body := w.forge.Deliver(webhookSecret, event, action, payments, 1)
	return leaks.Delivery{Method: http.MethodPost, Header: header, Body: body}
}

// TestHearTellsActionsApart checks after which an alert is looked at.
func TestHearTellsActionsApart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, githubfake.Options{})
	w.leak()
	for _, c := range []struct {
		event, action string
		heard         bool
	}{
		{alertEvent, "created", true},
		{alertEvent, "reopened", true},
		{alertEvent, "publicly_leaked", true},
		{alertEvent, "validated", true},
		{alertEvent, "resolved", false},
		{alertEvent, "assigned", false},
		{alertEvent, "unassigned", false},
		{alertEvent, "metadata_created", false},
		{locationEvent, "created", true},
		{locationEvent, "deleted", false},
		{"ping", "", false},
		{"issues", "created", false},
	} {
		d := w.deliver(c.event, c.action)
		var want leaks.News
		if c.heard {
			want = leaks.News{Event: d.Header.Get("X-GitHub-Delivery"), Alert: first}
		}
		if got, err := w.Hear(t.Context(), d); err != nil || !cmp.Equal(got, want) {
			t.Errorf("%s %s: %v, %s", c.event, c.action, err, cmp.Diff(want, got))
		}
	}
	if asked := w.requests(); asked != nil {
		t.Errorf("Hear asked %q", asked)
	}
}

// TestHearRefuses checks what a delivery must prove and be.
func TestHearRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, githubfake.Options{})
	w.leak()
	good := string(w.deliver(alertEvent, "created").Body)
	signed := func(body string) (string, string) { return body, githubfake.Sign(webhookSecret, []byte(body)) }
	forged := func(body, signature string) func() (string, string) {
		return func() (string, string) { return body, signature }
	}
	_, signature := signed(good)
	for what, c := range map[string]struct {
		make func() (body, signature string)
		kind keyturn.Kind
	}{
		"good":            {forged(good, signature), ""},
		"capital letters": {forged(good, "sha256="+strings.ToUpper(strings.TrimPrefix(signature, "sha256="))), ""},
		"no signature":    {forged(good, ""), keyturn.Denied},
		"no kind":         {forged(good, strings.TrimPrefix(signature, "sha256=")), keyturn.Denied},
		"another kind":    {forged(good, strings.Replace(signature, "sha256", "sha1", 1)), keyturn.Denied},
		"half of it":      {forged(good, signature[:40]), keyturn.Denied},
		"empty":           {forged(good, "sha256="), keyturn.Denied},
		"no hex":          {forged(good, "sha256=zz"), keyturn.Denied},
		"another secret":  {forged(good, githubfake.Sign("another", []byte(good))), keyturn.Denied},
		"no secret":       {forged(good, githubfake.Sign("", []byte(good))), keyturn.Denied},
		"another body":    {forged(good+" ", signature), keyturn.Denied},
		"no JSON":         {func() (string, string) { return signed("payload=" + canary) }, keyturn.Invalid},
		"nothing":         {func() (string, string) { return signed("") }, keyturn.Invalid},
		"null":            {func() (string, string) { return signed("null") }, keyturn.Invalid},
		"no action":       {func() (string, string) { return signed(strings.Replace(good, `"action"`, `"act"`, 1)) }, keyturn.Invalid},
		"no number":       {func() (string, string) { return signed(strings.Replace(good, `"number":1`, `"number":0`, 1)) }, keyturn.Invalid},
		"an odd number": {func() (string, string) {
			return signed(strings.Replace(good, `"number":1`, `"number":"`+canary+`"`, 1))
		}, keyturn.Invalid},
		"no repository": {func() (string, string) { return signed(strings.Replace(good, `"full_name"`, `"name2"`, 1)) }, keyturn.Invalid},
		"an odd one": {func() (string, string) {
			return signed(strings.Replace(good, `"full_name":"acme/payments"`, `"full_name":"acme/../x"`, 1))
		}, keyturn.Invalid},
		"somebody else's": {func() (string, string) {
			return signed(strings.Replace(good, `"full_name":"acme/`, `"full_name":"other/`, 1))
		}, keyturn.Invalid},
		"a deep one":       {func() (string, string) { return signed(strings.Repeat("[", 1<<16)) }, keyturn.Invalid},
		"an endless value": {func() (string, string) { return signed(`{"action": "` + strings.Repeat("x", 1<<20)) }, keyturn.Invalid},
	} {
		body, signature := c.make()
		h := w.deliver(alertEvent, "created").Header
		h.Set("X-Hub-Signature-256", signature)
		news, err := w.Hear(t.Context(), leaks.Delivery{Method: http.MethodPost, Header: h, Body: []byte(body)})
		wantKind(t, what, err, c.kind)
		if (news.Alert == first) != (c.kind == "") {
			t.Errorf("%s: %+v", what, news)
		}
	}
	for _, id := range []string{"", "a b", strings.Repeat("a", 65)} {
		d := w.deliver(alertEvent, "created")
		d.Header.Set("X-GitHub-Delivery", id)
		_, err := w.Hear(t.Context(), d)
		wantKind(t, "a delivery called "+id, err, keyturn.Invalid)
	}
	w.env.WebhookSecret = keyturn.Secret{}
	w.Source = w.reset(t, config)
	d := w.deliver(alertEvent, "created")
	d.Header.Set("X-Hub-Signature-256", githubfake.Sign("", d.Body))
	_, err := w.Hear(t.Context(), d)
	wantKind(t, "without a webhook secret", err, keyturn.Unsupported)
}

// TestHearElsewhere answers what is not for it, once it is proved.
func TestHearElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, githubfake.Options{})
	w.leak()
	for status, change := range map[int]func(*leaks.Delivery){
		http.StatusNotFound:         func(d *leaks.Delivery) { d.Path = "/revoke_tokens" },
		http.StatusMethodNotAllowed: func(d *leaks.Delivery) { d.Method = http.MethodGet },
	} {
		d := w.deliver(alertEvent, "created")
		change(&d)
		if news, err := w.Hear(t.Context(), d); err != nil || !cmp.Equal(news, leaks.News{Status: status}) {
			t.Errorf("%+v, %v, want %d", news, err, status)
		}
		d.Header.Del("X-Hub-Signature-256")
		_, err := w.Hear(t.Context(), d)
		wantKind(t, "unsigned", err, keyturn.Denied)
	}
}

// TestHearOfRepos knows the repositories of its settings, in any case, and no others.
func TestHearOfRepos(t *testing.T) {
	t.Parallel()
	w := newWorld(t, `{"repos": ["ACME/Payments"], "token": {"path": "t"}}`, githubfake.Options{})
	w.leak()
	if news, err := w.Hear(t.Context(), w.deliver(alertEvent, "created")); err != nil || news.Alert != first {
		t.Errorf("heard %+v, %v", news, err)
	}
	w.Source = w.reset(t, `{"repos": ["acme/site"], "token": {"path": "t"}}`)
	_, err := w.Hear(t.Context(), w.deliver(alertEvent, "created"))
	wantKind(t, "a repository that is not named", err, keyturn.Invalid, "org or repos")
}
