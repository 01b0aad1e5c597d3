package gitguardian_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/leaks/gitguardian/gitguardianfake"
)

// deliver makes a delivery of now about an incident.
func (w *world) deliver(action string, public bool, id int) leaks.Delivery {
	header, body := w.space.Deliver(signatureToken, action, public, id, w.time())
	return leaks.Delivery{Method: http.MethodPost, Header: header, Body: body}
}

// resign makes the signature fit another body.
func resign(d leaks.Delivery, body string) leaks.Delivery {
	d.Header, d.Body = gitguardianfake.Sign(signatureToken, d.Header.Get("Timestamp"), []byte(body)), []byte(body)
	return d
}

// found is the first incident of newWorld's workspace, as it is told.
func found(event string) leaks.Finding {
	return leaks.Finding{
		Source: "gg", Event: event, Alert: "1", Rule: "stripe", Provider: "stripe", HMSL: hash,
		URL: "https://dashboard.gitguardian.com/workspace/1/incidents/1", Since: monday.Add(-time.Hour),
	}
}

const (
	before = "1 2026-11-23T08:00:00Z" // the Event of an incident that was triggered then
	now    = "2026-11-23T09:00:00Z"
)

// TestHear tells what follows from each action.
func TestHear(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, gitguardianfake.Options{})
	w.space.Find(gitguardianfake.Incident{Hash: hash, Date: monday.Add(-time.Hour), Occurrences: []gitguardianfake.Occurrence{
		{Repo: "acme/payments", File: "a.env", Line: 3, Commit: sha, Date: monday.Add(-2 * time.Hour), Public: true},
	}})
	triggered, again, place := found(before), found("1 incident_regression "+now), found("1 occurrence 1")
	triggered.At, again.At, place.At = monday, monday, monday
	place.Repo, place.File, place.Line, place.Commit, place.Public, place.Since = "acme/payments", "a.env", 3, sha, true, monday.Add(-2*time.Hour)
	for action, want := range map[string]leaks.News{
		"incident_triggered":        {Event: "1 incident_triggered " + now, Alert: "1", Findings: []leaks.Finding{triggered}},
		"incident_reopened":         {Event: "1 incident_reopened " + now, Alert: "1", Findings: []leaks.Finding{found(before)}},
		"incident_validity_changed": {Event: "1 incident_validity_changed " + now, Alert: "1", Findings: []leaks.Finding{found(before)}},
		"incident_regression":       {Event: "1 incident_regression " + now, Alert: "1", Findings: []leaks.Finding{again}},
		"new_occurrence":            {Event: "1 new_occurrence " + now, Findings: []leaks.Finding{place}},
		"incident_resolved":         {}, "incident_ignored": {}, "incident_assigned": {}, "incident_severity_changed": {}, "incident_shared_publicly": {},
		"incident_note_created": {}, "incident_feedback_received": {}, "something_new": {}, "": {},
	} {
		if got, err := w.Hear(t.Context(), w.deliver(action, false, 1)); err != nil || !cmp.Equal(got, want) {
			t.Errorf("%s: %v, %s", action, err, cmp.Diff(want, got))
		}
	}
	if asked := w.requests(); asked != nil {
		t.Errorf("Hear asked %q", asked)
	}
}

// TestHearTells checks what becomes of what GitGuardian says of a value.
func TestHearTells(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, gitguardianfake.Options{})
	for what, c := range map[string]struct {
		incident gitguardianfake.Incident
		want     func(leaks.Finding) bool
	}{
		"valid":           {gitguardianfake.Incident{Validity: "valid"}, func(f leaks.Finding) bool { return f.Validity == leaks.Active && !f.Public }},
		"invalid":         {gitguardianfake.Incident{Validity: "invalid"}, func(f leaks.Finding) bool { return f.Validity == leaks.Inactive }},
		"failed to check": {gitguardianfake.Incident{Validity: "failed_to_check"}, func(f leaks.Finding) bool { return f.Validity == leaks.Unknown }},
		"in capitals":     {gitguardianfake.Incident{Hash: strings.ToUpper(hash)}, func(f leaks.Finding) bool { return f.HMSL == hash }},
		"public": {gitguardianfake.Incident{Public: true}, func(f leaks.Finding) bool {
			return f.Public && strings.HasPrefix(f.Alert, "public/") && strings.HasPrefix(f.Event, f.Alert+" ")
		}},
	} {
		if c.incident.Hash == "" {
			c.incident.Hash = hash
		}
		id := w.space.Find(c.incident)
		news, err := w.Hear(t.Context(), w.deliver("incident_triggered", c.incident.Public, id))
		if err != nil || len(news.Findings) != 1 || !c.want(news.Findings[0]) || news.Alert != news.Findings[0].Alert {
			t.Errorf("%s: %+v, %v", what, news, err)
		}
	}
}

// TestHearWithoutHash has the incident looked at, because there is nothing to tell.
func TestHearWithoutHash(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, gitguardianfake.Options{})
	for _, odd := range []string{"", "xxx", hash[1:], hash + "0", strings.Repeat("g", 64)} {
		id := w.space.Find(gitguardianfake.Incident{Hash: odd, Occurrences: []gitguardianfake.Occurrence{{Repo: "acme/a", Date: monday}}})
		for _, action := range []string{"incident_triggered", "new_occurrence"} {
			news, err := w.Hear(t.Context(), w.deliver(action, false, id))
			if err != nil || news.Findings != nil || news.Event == "" || news.Alert != fmt.Sprint(id) {
				t.Errorf("%s with hash %q: %+v, %v", action, odd, news, err)
			}
		}
		if f, err := w.look(t.Context(), fmt.Sprint(id)); err != nil || f.HMSL != "" || f.Alert != fmt.Sprint(id) {
			t.Errorf("Look with hash %q: %+v, %v", odd, f, err)
		}
	}
}

// TestHearRefuses checks what a delivery must prove and be.
func TestHearRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, gitguardianfake.Options{})
	w.space.Find(gitguardianfake.Incident{Hash: hash, Occurrences: []gitguardianfake.Occurrence{{Repo: "acme/a", Date: monday}}})
	good := w.deliver("incident_triggered", false, 1)
	text := string(good.Body)
	with := func(name, value string) leaks.Delivery {
		d := good
		d.Header = good.Header.Clone()
		d.Header.Set(name, value)
		return d
	}
	signature := good.Header.Get("Gitguardian-Signature")
	signed := func(token, timestamp string) leaks.Delivery {
		d := good
		d.Header = gitguardianfake.Sign(token, timestamp, d.Body)
		return d
	}
	for what, c := range map[string]struct {
		delivery leaks.Delivery
		kind     keyturn.Kind
	}{
		"good":              {good, ""},
		"capital letters":   {with("Gitguardian-Signature", "sha256="+strings.ToUpper(strings.TrimPrefix(signature, "sha256="))), ""},
		"no signature":      {with("Gitguardian-Signature", ""), keyturn.Denied},
		"no kind":           {with("Gitguardian-Signature", strings.TrimPrefix(signature, "sha256=")), keyturn.Denied},
		"another kind":      {with("Gitguardian-Signature", strings.Replace(signature, "256", "1", 1)), keyturn.Denied},
		"half of it":        {with("Gitguardian-Signature", signature[:40]), keyturn.Denied},
		"no hex":            {with("Gitguardian-Signature", "sha256=zz"), keyturn.Denied},
		"no timestamp":      {with("Timestamp", ""), keyturn.Denied},
		"a later timestamp": {with("Timestamp", fmt.Sprint(monday.Unix()+1)), keyturn.Denied},
		"no time is signed": {signed(signatureToken, ""), keyturn.Denied},
		"another token":     {signed("another", fmt.Sprint(monday.Unix())), keyturn.Denied},
		"no token":          {signed("", fmt.Sprint(monday.Unix())), keyturn.Denied},
		"another body":      {leaks.Delivery{Method: http.MethodPost, Header: good.Header, Body: []byte(text + " ")}, keyturn.Denied},
		"no JSON":           {resign(good, "CANARY"), keyturn.Invalid},
		"null":              {resign(good, "null"), keyturn.Invalid},
		"another source":    {resign(good, strings.Replace(text, "GitGuardian", "CANARY", 2)), keyturn.Invalid},
		"no time in it":     {resign(good, strings.Replace(text, `"timestamp":"`, `"timestamp":"x`, 1)), keyturn.Invalid},
		"no incident":       {resign(good, `{"source": "GitGuardian", "timestamp": "2026-11-23T09:00:00Z", "action": "incident_triggered"}`), keyturn.Invalid},
		"an odd id":         {resign(good, strings.Replace(text, `"id":1`, `"id":"CANARY"`, 1)), keyturn.Invalid},
		"no date":           {resign(good, strings.Replace(text, `"date":`, `"day":`, 1)), keyturn.Invalid},
		"no detector":       {resign(good, strings.Replace(text, `"name":"stripe"`, `"nam":"stripe"`, 1)), keyturn.Invalid},
		"no occurrence":     {resign(good, strings.Replace(text, "incident_triggered", "new_occurrence", 1)), keyturn.Invalid},
		"a deep one":        {resign(good, strings.Repeat("[", 1<<16)), keyturn.Invalid},
		"an endless one":    {resign(good, `{"action": "`+strings.Repeat("x", 1<<20)), keyturn.Invalid},
		"of tomorrow":       {signed(signatureToken, "1795510800"), keyturn.Denied},
	} {
		news, err := w.Hear(t.Context(), c.delivery)
		wantKind(t, what, err, c.kind)
		if (len(news.Findings) == 1) != (c.kind == "") {
			t.Errorf("%s: %+v", what, news)
		}
	}
	w.env.WebhookSecret = keyturn.Secret{}
	w.Source = w.reset(t, config)
	_, err := w.Hear(t.Context(), signed("", fmt.Sprint(monday.Unix())))
	wantKind(t, "without a webhook secret", err, keyturn.Unsupported)
}

// TestTimestamp reads times as they may be written, and minds five minutes.
func TestTimestamp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, gitguardianfake.Options{})
	w.space.Find(gitguardianfake.Incident{Hash: hash})
	d := w.deliver("incident_triggered", false, 1)
	seconds := func(after time.Duration) string { return fmt.Sprint(monday.Add(after).Unix()) }
	for timestamp, kind := range map[string]keyturn.Kind{
		seconds(0): "", seconds(5 * time.Minute): "", seconds(-5 * time.Minute): "", seconds(0) + ".25": "", seconds(0) + "000": "",
		seconds(5*time.Minute + time.Second): keyturn.Denied, seconds(-5*time.Minute - time.Second): keyturn.Denied,
		"2026-11-23T09:04:00Z": "", "2026-11-23T10:00:00.123456+01:00": "", "2026-11-23 09:00:00.5": "", "2026-11-23T09:00:00": "", "2026-11-23 09:00:00+00:00": "",
		"2026-11-23T09:06:00Z": keyturn.Denied, "2026-11-23T09:00:00+01:00": keyturn.Denied,
		"0": keyturn.Denied, "-1": keyturn.Denied, "NaN": keyturn.Denied, "Inf": keyturn.Denied, "1e300": keyturn.Denied, "today": keyturn.Denied, " ": keyturn.Denied,
	} {
		d.Header = gitguardianfake.Sign(signatureToken, timestamp, d.Body)
		_, err := w.Hear(t.Context(), d)
		wantKind(t, "at "+timestamp, err, kind)
	}
}

// TestDocumentedSignature checks the example of GitGuardian's documentation.
func TestDocumentedSignature(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, gitguardianfake.Options{})
	w.now, w.env.WebhookSecret = time.Unix(0, 0), keyturn.NewSecret("foo")
	w.Source = w.reset(t, config)
	h := http.Header{}
	h.Set("Timestamp", "0")
	h.Set("Gitguardian-Signature", "sha256=172fe3d694b734aa53dc892fd3b8d62163fc240064de570ba006900bb54a0fc2")
	_, err := w.Hear(t.Context(), leaks.Delivery{Method: http.MethodPost, Header: h, Body: []byte("bar")})
	wantKind(t, "the example, which is signed but no JSON", err, keyturn.Invalid)
}

// TestTestMessage takes the message that tries a webhook, which quotes a value.
func TestTestMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, gitguardianfake.Options{})
	w.space.Find(gitguardianfake.Incident{Hash: hash})
	d := resign(w.deliver("incident_triggered", false, 1), `{"origin": "GitGuardian", "type": "Welcome Message Token", "matches": [{"match": "CANARY"}]}`)
	if got, err := w.Hear(t.Context(), d); err != nil || !cmp.Equal(got, leaks.News{}) {
		t.Errorf("heard %+v, %v", got, err)
	}
}

// TestHearElsewhere answers what is not for it, once it is proved.
func TestHearElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, gitguardianfake.Options{})
	w.space.Find(gitguardianfake.Incident{Hash: hash})
	for status, change := range map[int]func(*leaks.Delivery){
		http.StatusNotFound:         func(d *leaks.Delivery) { d.Path = "/revoke_tokens" },
		http.StatusMethodNotAllowed: func(d *leaks.Delivery) { d.Method = http.MethodGet },
	} {
		d := w.deliver("incident_triggered", false, 1)
		change(&d)
		if news, err := w.Hear(t.Context(), d); err != nil || !cmp.Equal(news, leaks.News{Status: status}) {
			t.Errorf("%+v, %v, want %d", news, err, status)
		}
		d.Header.Del("Gitguardian-Signature")
		_, err := w.Hear(t.Context(), d)
		wantKind(t, "unsigned", err, keyturn.Denied)
	}
}
