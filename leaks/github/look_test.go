package github_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/leaks/github/githubfake"
	"github.com/keyturn/keyturn/providers/fake"
)

// TestLook reads a whole alert.
func TestLook(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, githubfake.Options{})
	w.leak()
	want := leaks.Finding{
		Source: "code", Event: "acme/payments#1", Alert: "acme/payments#1", Rule: "stripe_api_key", Provider: "stripe",
		Value: keyturn.NewSecret(canary), Repo: payments, Commit: sha, File: "config.env", Line: 3,
		URL: "https://github.com/acme/payments/security/secret-scanning/1", Since: monday.Add(-time.Hour), At: monday,
	}
	got, err := w.look(t.Context(), "acme/payments#1")
	if err != nil || !cmp.Equal(got, want) {
		t.Errorf("Look: %v, %s", err, cmp.Diff(want, got))
	}
	if shown := fmt.Sprintf("%+v %#v", got, got); strings.Contains(shown, "CANARY") {
		t.Error("a finding that is printed shows the value")
	}
	for _, alert := range []string{"acme/payments#2", "acme/none#1"} {
		_, err := w.look(t.Context(), alert)
		wantKind(t, "Look at "+alert, err, keyturn.NotFound)
	}
	w.requests()
	for _, alert := range []string{"", "acme/payments", "acme/payments#0", "acme/payments#1x", "acme/..#1", "acme/a/b#1", "acme/a?b#1", "other/payments#1"} {
		_, err := w.look(t.Context(), alert)
		wantKind(t, "Look at "+alert, err, keyturn.Invalid)
	}
	if asked := w.requests(); asked != nil {
		t.Errorf("it asked %q", asked)
	}
}

// TestLookTells checks what becomes of what GitHub says of a value.
func TestLookTells(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, githubfake.Options{})
	encoded := base64.StdEncoding.EncodeToString([]byte(canary))
	for what, c := range map[string]struct {
		repo  string
		alert githubfake.Alert
		want  func(leaks.Finding) bool
	}{
		"alive":             {payments, githubfake.Alert{Validity: "active"}, func(f leaks.Finding) bool { return f.Validity == leaks.Active && !f.Public }},
		"dead":              {payments, githubfake.Alert{Validity: "inactive"}, func(f leaks.Finding) bool { return f.Validity == leaks.Inactive }},
		"unknown":           {payments, githubfake.Alert{}, func(f leaks.Finding) bool { return f.Validity == leaks.Unknown && f.Provider == "" }},
		"leaked":            {payments, githubfake.Alert{Leaked: true}, func(f leaks.Finding) bool { return f.Public && strings.HasSuffix(f.Event, " public") }},
		"public repository": {"acme/site", githubfake.Alert{}, func(f leaks.Finding) bool { return f.Public && strings.HasSuffix(f.Event, " public") }},
		"an id":             {payments, githubfake.Alert{Type: "aws_access_key_id"}, func(f leaks.Finding) bool { return f.RemoteID == canary && f.Provider == "aws" }},
		"a value":           {payments, githubfake.Alert{Type: "aws_secret_access_key"}, func(f leaks.Finding) bool { return f.RemoteID == "" && f.Provider == "aws" }},
		"encoded": {payments, githubfake.Alert{Secret: encoded, Encoded: true}, func(f leaks.Finding) bool {
			return len(f.Beside) == 1 && f.Beside[0].Expose() == canary && f.Value.Expose() == encoded
		}},
		"not encoded":       {payments, githubfake.Alert{Secret: encoded}, func(f leaks.Finding) bool { return f.Beside == nil }},
		"encoded otherwise": {payments, githubfake.Alert{Encoded: true}, func(f leaks.Finding) bool { return f.Beside == nil }},
	} {
		if c.alert.Type == "" {
			c.alert.Type = "acme_token"
		}
		if c.alert.Secret == "" {
			c.alert.Secret = canary
		}
		n := w.forge.Leak(c.repo, c.alert)
		got, err := w.look(t.Context(), fmt.Sprintf("%s#%d", c.repo, n))
		if err != nil || !c.want(got) {
			t.Errorf("%s: %+v, %v", what, got, err)
		}
	}
}

// TestProviders checks whose keys the types of secrets are.
func TestProviders(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, githubfake.Options{})
	for kind, want := range map[string]string{
		"aws_session_token": "aws", "azure_active_directory_application_secret": "entra", "azure_storage_account_key": "", "datadog_app_key": "datadog",
		"github_personal_access_token": "github", "gitlab_access_token": "gitlab", "google_api_key": "gcp", "google_cloud_private_key_id": "gcp",
		"google_oauth_client_secret": "", "okta_api_token": "okta", "openai_api_key": "openai", "stripe_live_restricted_key": "stripe",
		"twilio_api_key": "twilio", "amazon_oauth_client_id": "", "stripes": "",
	} {
		n := w.forge.Leak(payments, githubfake.Alert{Type: kind, Secret: canary})
		if got, err := w.look(t.Context(), fmt.Sprintf("%s#%d", payments, n)); err != nil || got.Provider != want || got.Rule != kind {
			t.Errorf("%s is of %q, %v, want %q", kind, got.Provider, err, want)
		}
	}
}

// TestLookFindsTheEarliest checks place and date where a value is in several commits,
// or in none.
func TestLookFindsTheEarliest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, githubfake.Options{})
	commit := func(n int) string { return fmt.Sprintf("%040x", n) }
	at := func(days int) time.Time { return monday.AddDate(0, 0, -days) }
	many := []githubfake.Place{}
	for n := range 12 {
		many = append(many, githubfake.Place{Path: "f", Line: n + 1, Commit: commit(n + 100), At: at(n)})
	}
	const issue = "https://github.com/acme/payments/issues/1#issuecomment-1"
	for what, c := range map[string]struct {
		places  []githubfake.Place
		place   string
		since   time.Time
		commits int // asked for
	}{
		"nowhere":              {nil, "", monday, 0},
		"the second":           {[]githubfake.Place{{Path: "a", Line: 1, Commit: commit(1), At: at(1)}, {Path: "b", Line: 2, Commit: commit(2), At: at(2)}}, "b:2, commit " + commit(2), at(2), 2},
		"one commit, two ways": {[]githubfake.Place{{Path: "a", Line: 1, Commit: commit(1), At: at(1)}, {Path: "b", Line: 2, Commit: commit(1), At: at(1)}}, "a:1, commit " + commit(1), at(1), 1},
		"rewritten":            {[]githubfake.Place{{Path: "a", Line: 1, Commit: commit(9)}, {Path: "b", Line: 2, Commit: commit(2), At: at(2)}}, "b:2, commit " + commit(2), at(2), 2},
		"all rewritten":        {[]githubfake.Place{{Path: "a", Line: 1, Commit: commit(8)}}, "a:1, commit " + commit(8), monday, 1},
		"after the alert":      {[]githubfake.Place{{Path: "a", Line: 1, Commit: commit(3), At: monday.AddDate(1, 0, 0)}}, "a:1, commit " + commit(3), monday, 1},
		"many":                 {many, "f:10, commit " + commit(109), at(9), 10},
		"an issue first":       {[]githubfake.Place{{Type: "issue_comment", Address: issue}, {Path: "a", Line: 1, Commit: commit(1), At: at(1)}}, "a:1, commit " + commit(1), at(1), 1},
		"an issue":             {[]githubfake.Place{{Type: "issue_comment", Address: issue}}, "issue comment " + issue, monday, 0},
		"a discussion":         {[]githubfake.Place{{Type: "discussion_body"}}, "discussion body", monday, 0},
		"a wiki":               {[]githubfake.Place{{Type: "wiki_commit", Path: "Home.md", Line: 4, Commit: commit(7)}}, "wiki Home.md:4, commit " + commit(7), monday, 0},
	} {
		n := w.forge.Leak(payments, githubfake.Alert{Type: "stripe_api_key", Secret: canary, Created: monday, Places: c.places})
		w.requests()
		got, err := w.look(t.Context(), fmt.Sprintf("%s#%d", payments, n))
		if err != nil || got.Place() != c.place || !got.Since.Equal(c.since) {
			t.Errorf("%s: found in %q since %v, %v, want %q since %v", what, got.Place(), got.Since, err, c.place, c.since)
		}
		commits := 0
		for _, asked := range w.requests() {
			if strings.Contains(asked, "/git/commits/") {
				commits++
			}
		}
		if commits != c.commits {
			t.Errorf("%s: %d commits were asked for, want %d", what, commits, c.commits)
		}
	}
}

// TestLookWithoutContents does with what may be read. What is only late is waited for.
func TestLookWithoutContents(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, githubfake.Options{})
	w.leak()
	for status, kind := range map[int]keyturn.Kind{403: "", 404: "", 409: "", 422: "", 429: keyturn.RateLimited, 500: keyturn.Unavailable} {
		w.faults.Set(fake.Rule{Path: "/repos/acme/payments/git/", Status: status, Text: canary})
		got, err := w.look(t.Context(), "acme/payments#1")
		wantKind(t, fmt.Sprintf("Look where commits are a %d", status), err, kind)
		if kind == "" && !got.Since.Equal(monday) {
			t.Errorf("it is since %v, want when GitHub found it", got.Since)
		}
	}
	w.faults.Set(fake.Rule{Match: isRepo, Status: 404})
	_, err := w.look(t.Context(), "acme/payments#1")
	wantKind(t, "Look where the repository is not shown", err, keyturn.Denied, "Metadata")
}

// TestLookUndocumented takes no answer for what it is not.
func TestLookUndocumented(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, githubfake.Options{})
	w.leak()
	const path = "/repos/acme/payments/secret-scanning/alerts/1"
	alert := `{"number": 1, "created_at": "2026-11-23T09:00:00Z", "secret_type": "x", "secret": "` + canary + `"`
	for what, rule := range map[string]fake.Rule{
		"no JSON":          answering(path, 200, canary),
		"null":             answering(path, 200, `null`),
		"half an answer":   answering(path, 200, alert),
		"no number":        answering(path, 200, strings.Replace(alert, `"number": 1, `, "", 1)+"}"),
		"no value":         answering(path, 200, strings.Replace(alert, canary, "", 1)+"}"),
		"null for a value": answering(path, 200, strings.Replace(alert, `"`+canary+`"`, "null", 1)+"}"),
		"an odd value":     answering(path, 200, strings.Replace(alert, `"`+canary+`"`, `{"x": "`+canary+`"}`, 1)+"}"),
		"no locations":     answering(path+"/locations", 200, `null`),
		"odd locations":    answering(path+"/locations", 200, `{}`),
		"no privacy":       {Match: isRepo, Answer: answering("", 200, `{}`).Answer},
		"an endless one":   answering(path, 200, `{"secret": "`+strings.Repeat("CANARY", 2<<20)+`"}`),
	} {
		w.faults.Set(rule)
		_, err := w.look(t.Context(), "acme/payments#1")
		wantKind(t, what, err, keyturn.Unavailable, "documented")
	}
}
