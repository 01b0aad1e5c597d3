package gitlab_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/leaks/gitlab/gitlabfake"
)

// sameValue compares secrets by value.
var sameValue = cmp.Comparer(func(a, b keyturn.Secret) bool { return a.Equal(b) })

// TestInstance hears a GitLab instance tell of tokens.
func TestInstance(t *testing.T) {
	t.Parallel()
	w := newWorld(t, byToken)
	const raw = "https://gitlab.acme.example/acme/shop/payments/-/raw/0123456789abcdef0123456789abcdef01234567/a%20b/.env#L3-7"
	got, err := w.revoke(t, gitlabfake.Instance(
		gitlabfake.Token{Type: "gitleaks_rule_id_acme_api_token", Token: token, Where: raw},
		gitlabfake.Token{Type: "gitleaks_rule_id_stripe", Token: "sk-CANARY", Where: ""},
		gitlabfake.Token{Type: "gitleaks_rule_id_stripe", Token: token, Where: raw}, // again, by another rule
	))
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Findings) != 2 || got.Event == "" || got.Status != http.StatusNoContent {
		t.Fatalf("heard %d findings, event %q, status %d", len(got.Findings), got.Event, got.Status)
	}
	want := []leaks.Finding{
		{
			Source: "scanner", Event: got.Findings[0].Event, Rule: "gitleaks_rule_id_acme_api_token", Value: keyturn.NewSecret(token), Public: true,
			URL: raw, Repo: "acme/shop/payments", Commit: "0123456789abcdef0123456789abcdef01234567", File: "a b/.env", Line: 3,
		},
		{Source: "scanner", Event: got.Findings[1].Event, Rule: "gitleaks_rule_id_stripe", Value: keyturn.NewSecret("sk-CANARY"), Public: true},
	}
	if diff := cmp.Diff(want, got.Findings, sameValue); diff != "" {
		t.Error(diff)
	}
	w.reset(t, strings.Replace(byToken, "{", `{"public": false, `, 1))
	got, err = w.revoke(t, gitlabfake.Instance(gitlabfake.Token{Type: "a", Token: token}))
	if err != nil || len(got.Findings) != 1 || got.Findings[0].Public {
		t.Errorf("an instance strangers cannot reach: %v, %+v", err, got)
	}
}

// TestTypes tells a GitLab instance what to send.
func TestTypes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, byToken)
	got, err := w.Hear(t.Context(), leaks.Delivery{Method: http.MethodGet, Path: "/revocable_token_types", Header: http.Header{"Authorization": {webhookSecret}}})
	var answer map[string][]string
	if err != nil || json.Unmarshal([]byte(got.Answer), &answer) != nil {
		t.Fatalf("%q, %v", got.Answer, err)
	}
	want := map[string][]string{"types": {"gitleaks_rule_id_acme_api_token", "gitleaks_rule_id_stripe"}}
	if diff := cmp.Diff(want, answer); diff != "" || got.ContentType != "application/json" || got.Event != "" || got.Status != 0 {
		t.Errorf("%+v, %s", got, diff)
	}
}

// TestEndpoints answers what is none of the API's requests, to those who may ask only.
func TestEndpoints(t *testing.T) {
	t.Parallel()
	w := newWorld(t, byToken)
	body := gitlabfake.Instance(gitlabfake.Token{Token: token})
	for what, c := range map[string]struct {
		method, path, authorization string
		status                      int
		kind                        keyturn.Kind
	}{
		"tokens":              {"POST", "/revoke_tokens", webhookSecret, 204, ""},
		"types":               {"GET", "/revocable_token_types", webhookSecret, 0, ""},
		"reading tokens":      {"GET", "/revoke_tokens", webhookSecret, 405, ""},
		"writing types":       {"POST", "/revocable_token_types", webhookSecret, 405, ""},
		"no path":             {"POST", "", webhookSecret, 0, keyturn.NotFound},
		"another path":        {"POST", "/v1/revoke_tokens", webhookSecret, 0, keyturn.NotFound},
		"no secret":           {"POST", "/revoke_tokens", "", 0, keyturn.Denied},
		"another secret":      {"POST", "/revoke_tokens", "the webhook's secreT", 0, keyturn.Denied},
		"its beginning":       {"POST", "/revoke_tokens", webhookSecret[:5], 0, keyturn.Denied},
		"more than it":        {"POST", "/revoke_tokens", webhookSecret + " ", 0, keyturn.Denied},
		"as a bearer":         {"POST", "/revoke_tokens", "Bearer " + webhookSecret, 0, keyturn.Denied},
		"types for strangers": {"GET", "/revocable_token_types", "", 0, keyturn.Denied},
		"paths for strangers": {"GET", "/elsewhere", "", 0, keyturn.Denied},
	} {
		got, err := w.Hear(t.Context(), leaks.Delivery{Method: c.method, Path: c.path, Header: http.Header{"Authorization": {c.authorization}}, Body: body})
		wantKind(t, what, err, c.kind)
		if got.Status != c.status || (len(got.Findings) == 1) != (c.status == 204) || (got.Answer != "") != (what == "types") {
			t.Errorf("%s: %+v", what, got)
		}
	}
	_, err := w.Hear(t.Context(), leaks.Delivery{Method: "POST", Path: "/revoke_tokens", Body: body})
	wantKind(t, "no headers", err, keyturn.Denied)
	if n := w.asked(); n != 0 {
		t.Errorf("asked %d times", n)
	}
	for _, settings := range []string{byToken, signed} {
		w.env.WebhookSecret = keyturn.Secret{}
		w.reset(t, settings)
		_, err := w.Hear(t.Context(), leaks.Delivery{Method: "POST", Path: "/revoke_tokens", Body: body})
		wantKind(t, "without a webhook secret", err, keyturn.Unsupported)
	}
}

// TestBodies tells lists of tokens from all else.
func TestBodies(t *testing.T) {
	t.Parallel()
	many := func(n int) string {
		var tokens []gitlabfake.Token
		for i := range n {
			tokens = append(tokens, gitlabfake.Token{Token: fmt.Sprint("CANARY-", i)})
		}
		return string(gitlabfake.Partner(tokens...))
	}
	for what, c := range map[string]struct {
		body     string
		findings int
		kind     keyturn.Kind
	}{
		"nothing found":     {`[]`, 0, ""},
		"more than we read": {`[{"token": "CANARY", "type": "a", "url": "", "source": "commit", "score": 3, "vulnerability": {"id": 1}}]`, 1, ""},
		"no type":           {`[{"token": "CANARY"}]`, 1, ""},
		"a thousand":        {many(1000), 1000, ""},
		"one more":          {many(1001), 0, keyturn.Invalid},
		"no body":           {``, 0, keyturn.Invalid},
		"prose":             {`CANARY`, 0, keyturn.Invalid},
		"null":              {`null`, 0, keyturn.Invalid},
		"one token":         {`{"token": "CANARY"}`, 0, keyturn.Invalid},
		"a list of null":    {`[null]`, 0, keyturn.Invalid},
		"a list of texts":   {`["CANARY"]`, 0, keyturn.Invalid},
		"a number":          {`[{"token": 7, "type": "CANARY"}]`, 0, keyturn.Invalid},
		"no token":          {`[{"token": "CANARY"}, {"type": "CANARY"}]`, 0, keyturn.Invalid},
		"cut off":           {`[{"token": "CANARY"}`, 0, keyturn.Invalid},
		"two lists":         {`[{"token": "CANARY"}][]`, 0, keyturn.Invalid},
		"deeply nested":     {strings.Repeat("[", 20000), 0, keyturn.Invalid},
	} {
		for name, settings := range map[string]string{"an instance": byToken, "a partner": signed} {
			w := newWorld(t, settings)
			hear := w.revoke
			if settings == signed {
				hear = func(t *testing.T, body []byte) (leaks.News, error) { return w.partner(t, "k1", body) }
			}
			got, err := hear(t, []byte(c.body))
			wantKind(t, what+" of "+name, err, c.kind)
			if len(got.Findings) != c.findings || (got.Event != "") != (c.findings > 0) {
				t.Errorf("%s of %s: %d findings, event %q", what, name, len(got.Findings), got.Event)
			}
		}
	}
}

// TestTooLongToBeAToken leaves a text out that is none, and hears what comes with it.
func TestTooLongToBeAToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, byToken)
	long := strings.Repeat("x", 16<<10)
	got, err := w.revoke(t, gitlabfake.Instance(
		gitlabfake.Token{Type: "a", Token: long, Where: where}, gitlabfake.Token{Type: "a", Token: long + "x", Where: where}, gitlabfake.Token{Type: "a", Token: token, Where: where}))
	if err != nil || len(got.Findings) != 3 {
		t.Fatalf("%v, %d findings", err, len(got.Findings))
	}
	for i, want := range []string{long, "", token} {
		if f := got.Findings[i]; f.Value.Expose() != want || f.URL != where || f.Repo != "acme/payments" {
			t.Errorf("%d: a value of %d bytes at %q", i, len(f.Value.Expose()), f.URL)
		}
	}
}

// TestPlaces takes addresses apart that are of a file at a commit.
func TestPlaces(t *testing.T) {
	t.Parallel()
	w := newWorld(t, byToken)
	const commit = "0123456789abcdef0123456789abcdef01234567"
	type place struct {
		Repo, Commit, File string
		Line               int
	}
	for at, want := range map[string]place{
		where: {"acme/payments", commit, "config/.env", 12},
		"https://gitlab.com/acme/shop/payments/-/blob/" + commit + "/a.go":          {"acme/shop/payments", commit, "a.go", 0},
		"https://gitlab.com/acme/payments/raw/" + commit + commit[:24] + "/a.go#L7": {"acme/payments", commit + commit[:24], "a.go", 7},
		"https://github.com/acme/blob/blob/" + commit + "/blob/a.go#L7x":            {"acme/blob", commit, "blob/a.go", 0},
		"https://github.com/acme/payments/blob/main/a.go":                           {},
		"https://github.com/acme/payments/issues/1":                                 {},
		"https://github.com/acme/payments/blob/" + commit:                           {},
		"https://github.com/%zz/blob/" + commit + "/a.go":                           {},
		"": {},
	} {
		got, err := w.revoke(t, gitlabfake.Instance(gitlabfake.Token{Token: token, Where: at}))
		if err != nil || len(got.Findings) != 1 {
			t.Fatalf("%s: %v, %+v", at, err, got)
		}
		f := got.Findings[0]
		if diff := cmp.Diff(want, place{f.Repo, f.Commit, f.File, f.Line}); diff != "" || f.URL != at {
			t.Errorf("%s: %s", at, diff)
		}
	}
}
