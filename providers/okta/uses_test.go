package okta_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/providers/fake"
)

// uses reads what was done with a secret, whose value may be at hand.
func (w *world) uses(t *testing.T, id, value string, since time.Time) (out []providers.Use, last error) {
	t.Helper()
	q := providers.UseQuery{Principal: "0oaorders", ID: id, Secret: keyturn.NewSecret(value), Since: since}
	for u, err := range w.p.(providers.UseReader).Uses(t.Context(), q) {
		if last = err; err == nil {
			out = append(out, u)
		}
	}
	return out, last
}

// logging answers a search of the System Log, with a link to the next page if there is
// to be one.
func logging(body, next string) fake.Rule {
	return fake.Rule{Path: "/api/v1/logs", Answer: http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		if next != "" {
			rw.Header().Set("Link", "<"+next+`>; rel="next"`)
		}
		_, _ = rw.Write([]byte(body))
	})}
}

// TestUsesOfADeletedSecret checks that one is found by a hash made here, against an
// example from Okta's guide "Client secret rotation".
func TestUsesOfADeletedSecret(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config)
	w.faults.Set(logging(`[
		{"uuid":"e1","published":"2026-01-02T03:04:05.000Z","eventType":"app.oauth2.token.grant","client":{"ipAddress":"203.0.113.9","userAgent":{"rawUserAgent":"curl/8"}},
		 "debugContext":{"debugData":{"clientAuthType":"client_secret_post","clientSecret":"jMur1qOhMw_MtC9aQo7YEg"}}},
		{"uuid":"e2","published":"2026-01-02T03:04:05.000Z","eventType":"app.oauth2.token.grant",
		 "debugContext":{"debugData":{"clientAuthType":"client_secret_post","clientSecret":"tI4z6TbSw5YYd8RtcClaEw"}}}]`, ""))
	got, err := w.uses(t, "0oaorders.ocsgone", "3ZIqRCzmjcdNPK2Y29x1qSkI5NRHji_eGIm4aKtI", time.Unix(0, 0))
	wantKind(t, "Uses of a deleted secret", err, "")
	want := []providers.Use{{
		ID: "e1", At: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), From: "203.0.113.9", What: "app.oauth2.token.grant", Agent: "curl/8",
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("uses (-want +got):\n%s", diff)
	}
	_, err = w.uses(t, "0oaorders.ocsgone", "", time.Unix(0, 0))
	wantKind(t, "Uses of a deleted secret whose value is not at hand", err, keyturn.Unsupported)
}

// TestUsesAdmitWhatTheLogDoesNotSay checks that an event that could be any secret's is
// not passed over.
func TestUsesAdmitWhatTheLogDoesNotSay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config)
	for debug, want := range map[string]keyturn.Kind{
		`{"clientAuthType":"client_secret_basic"}`:                                         keyturn.Unsupported,
		`{"clientAuthType":"client_secret_basic","clientSecret":"********"}`:               keyturn.Unsupported,
		`{"clientAuthType":"client_secret_basic","clientSecret":"tI4z6TbSw5YYd8RtcClaEw"}`: "", // the other secret's
		`{"clientAuthType":"private_key_jwt"}`:                                             "",
		`{}`:                                                                               "", // nothing to do with a secret
	} {
		w.faults.Set(logging(`[{"uuid":"e1","published":"2026-01-02T03:04:05Z","debugContext":{"debugData":`+debug+`}}]`, ""))
		got, err := w.uses(t, w.key.ID, "", time.Unix(0, 0))
		if wantKind(t, debug, err, want); len(got) != 0 {
			t.Errorf("%s: %+v, want nothing", debug, got)
		}
	}
	w.faults.Set(fake.Rule{Path: "/api/v1/apps/", Answer: http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write([]byte(`{"id":"ocs1"}`)) })})
	_, err := w.uses(t, w.key.ID, w.key.Secret, time.Unix(0, 0))
	wantKind(t, "a secret without a hash", err, keyturn.Unavailable)
}

// TestUsesSearchesTheLog checks what is asked of the System Log and where its pages
// may lead.
func TestUsesSearchesTheLog(t *testing.T) {
	t.Parallel()
	w := newWorld(t, `{"token": {"path": "a"}, "apps": {"0oaorders": {"client_id": "billing"}}}`)
	before := time.Now()
	_, err := w.uses(t, w.key.ID, "", time.Time{})
	wantKind(t, "Uses", err, "")
	asked := w.last.Load()
	if got, want := asked.FormValue("filter"), `actor.id eq "0oaorders" or actor.id eq "billing"`; got != want {
		t.Errorf("searched for %s, want %s", got, want)
	}
	since, err := time.Parse(time.RFC3339, asked.FormValue("since"))
	if oldest := before.AddDate(0, 0, -91); err != nil || since.Before(oldest) {
		t.Errorf("searched since %v, %v, want what Okta keeps", since, err)
	}
	for next, want := range map[string]keyturn.Kind{
		"https://acme.okta.com/api/v1/logs?after=x":           "", // behind a gateway
		"https://acme.okta.com/api/v1/apps?after=x":           keyturn.Unavailable,
		"https://acme.okta.com.evil.test/api/v1/logs?after=x": keyturn.Unavailable,
	} {
		r := logging("[]", next)
		r.Times = 1
		w.faults.Set(r, logging("[]", ""))
		_, err := w.uses(t, w.key.ID, "", before)
		wantKind(t, "a next page at "+next, err, want)
	}
	w.faults.Set(fake.Rule{Path: "/api/v1/logs", Status: http.StatusForbidden})
	_, err = w.uses(t, w.key.ID, "", before)
	if wantKind(t, "a System Log that may not be read", err, keyturn.Denied); err != nil && !strings.Contains(err.Error(), "Report Administrator") {
		t.Errorf("%v, want the role it takes", err)
	}
	w.faults.Set(fake.Rule{Path: "/api/v1/apps/", Status: http.StatusForbidden})
	_, err = w.uses(t, w.key.ID, "", before)
	if wantKind(t, "an app that may not be read", err, keyturn.Denied); err != nil && strings.Contains(err.Error(), "Report Administrator") {
		t.Errorf("%v, want the app's own refusal", err)
	}
}
