package gitguardian_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/leaks/gitguardian/gitguardianfake"
	"github.com/keyturn/keyturn/providers/fake"
)

// TestLook reads an incident with the earliest place.
func TestLook(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withPublic, gitguardianfake.Options{Public: true})
	w.space.Find(gitguardianfake.Incident{Hash: hash, Date: monday.Add(-time.Hour), Occurrences: []gitguardianfake.Occurrence{
		{Repo: "acme/site", File: "b.env", Line: 9, Date: monday.Add(-2 * time.Hour)},
		{Repo: "acme/payments", File: "a.env", Line: 3, Commit: sha, Date: monday.Add(-3 * time.Hour), Removed: true},
	}})
	want := found("1 occurrence 2")
	want.Repo, want.File, want.Line, want.Commit, want.Since, want.At = "acme/payments", "a.env", 3, sha, monday.Add(-3*time.Hour), monday
	if got, err := w.look(t.Context(), "1"); err != nil || !cmp.Equal(got, want) {
		t.Errorf("Look: %v, %s", err, cmp.Diff(want, got))
	}
	w.space.Find(gitguardianfake.Incident{Public: true, Hash: hash, Date: monday, Occurrences: []gitguardianfake.Occurrence{{Repo: "ann/dotfiles", File: "x", Date: monday}}})
	got, err := w.look(t.Context(), "public/1")
	if err != nil || !got.Public || got.Alert != "public/1" || got.Repo != "ann/dotfiles" || got.Event != "public/1 occurrence 3" {
		t.Errorf("Look at a public one: %+v, %v", got, err)
	}
	for _, alert := range []string{"2", "public/2"} {
		_, err := w.look(t.Context(), alert)
		wantKind(t, "Look at "+alert, err, keyturn.NotFound)
	}
	w.requests()
	for _, alert := range []string{"", "0", "1x", "-1", "../1", "public/", "private/1", "1/notes", strings.Repeat("9", 19)} {
		_, err := w.look(t.Context(), alert)
		wantKind(t, "Look at "+alert, err, keyturn.Invalid)
	}
	if asked := w.requests(); asked != nil {
		t.Errorf("it asked %q", asked)
	}
}

// TestLookTells checks who can see a value, and whose it may be.
func TestLookTells(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, gitguardianfake.Options{})
	type place = gitguardianfake.Occurrence
	for what, c := range map[string]struct {
		incident gitguardianfake.Incident
		public   bool
		provider string
	}{
		"private":             {gitguardianfake.Incident{Tags: []string{"REGRESSION"}, Occurrences: []place{{Date: monday, Tags: []string{"TEST_FILE"}}}}, false, "stripe"},
		"nowhere":             {gitguardianfake.Incident{Detector: "aws_iam"}, false, "aws"},
		"leaked":              {gitguardianfake.Incident{Detector: "googlecloud_keys", Tags: []string{"PUBLICLY_LEAKED"}}, true, "gcp"},
		"exposed":             {gitguardianfake.Incident{Detector: "googleaiza", Tags: []string{"PUBLICLY_EXPOSED"}}, true, "gcp"},
		"in a public place":   {gitguardianfake.Incident{Detector: "github_token", Occurrences: []place{{Date: monday}, {Date: monday, Public: true}}}, true, "github"},
		"a place tagged so":   {gitguardianfake.Incident{Detector: "openai_apikey", Occurrences: []place{{Date: monday, Tags: []string{"PUBLICLY_EXPOSED"}}}}, true, "openai"},
		"a detector of yours": {gitguardianfake.Incident{Detector: "8_acme"}, false, ""},
	} {
		id := w.space.Find(c.incident)
		if got, err := w.look(t.Context(), fmt.Sprint(id)); err != nil || got.Public != c.public || got.Provider != c.provider {
			t.Errorf("%s: %+v, %v, want public %t and provider %q", what, got, err, c.public, c.provider)
		}
	}
}

// TestLookUndocumented takes no answer for what it is not.
func TestLookUndocumented(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, gitguardianfake.Options{})
	for _, body := range []string{
		"CANARY", "null", `{}`, `{"id": 2, "date": "2026-11-23T09:00:00Z", "detector": {"name": "x"}}`, `{"id": 1, "detector": {"name": "x"}}`,
		`{"id": 1, "date": "2026-11-23T09:00:00Z"}`, `{"id": 1, "date": "CANARY", "detector": {"name": "x"}}`, `{"hmsl_hash": "` + strings.Repeat("CANARY", 2<<20) + `"}`,
	} {
		w.faults.Set(answering("", 200, body))
		_, err := w.look(t.Context(), "1")
		wantKind(t, "Look", err, keyturn.Unavailable, "documented")
	}
}

// TestOpen lists what is open, of both kinds, by pages.
func TestOpen(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withPublic, gitguardianfake.Options{Public: true, PageSize: 2})
	for range 6 {
		w.space.Find(gitguardianfake.Incident{Hash: hash, Date: monday.Add(-time.Hour)})
	}
	w.space.Find(gitguardianfake.Incident{Public: true, Hash: hash})
	w.space.Set(false, 2, "RESOLVED")
	w.space.Set(false, 3, "IGNORED")
	w.space.Set(false, 4, "ASSIGNED")
	got, err := w.open(t.Context(), time.Time{})
	if want := []string{"1", "4", "5", "6", "public/1"}; err != nil || !cmp.Equal(names(got), want) {
		t.Errorf("Open yields %q, %v, want %q", names(got), err, want)
	}
	want := found(before)
	want.At = monday
	if !cmp.Equal(got[0], want) {
		t.Errorf("the first is %s", cmp.Diff(want, got[0]))
	}
	news, err := w.Hear(t.Context(), w.deliver("incident_triggered", false, 1))
	if err != nil || news.Findings[0].Event != got[0].Event {
		t.Errorf("what was heard is %q, what is listed %q, %v", news.Findings[0].Event, got[0].Event, err)
	}
	w.Source = w.reset(t, config)
	if got, err := w.open(t.Context(), time.Time{}); err != nil || len(got) != 4 {
		t.Errorf("Open without Public Monitoring yields %q, %v", names(got), err)
	}
}

// names are what findings are called, sorted.
func names(found []leaks.Finding) (out []string) {
	for _, f := range found {
		out = append(out, f.Alert)
	}
	slices.Sort(out)
	return out
}

// TestOpenSince leaves out what was triggered before, and knows what a scan found in the
// history.
func TestOpenSince(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, gitguardianfake.Options{})
	w.space.Find(gitguardianfake.Incident{Hash: hash})
	w.wait(time.Hour)
	w.space.Find(gitguardianfake.Incident{Hash: hash, Date: monday.AddDate(-3, 0, 0)})
	for since, want := range map[time.Duration][]string{0: {"1", "2"}, time.Hour: {"2"}, time.Hour + time.Second: nil} {
		if got, err := w.open(t.Context(), monday.Add(since)); err != nil || !cmp.Equal(names(got), want) {
			t.Errorf("after %v: %q, %v, want %q", since, names(got), err, want)
		}
	}
}

// TestHalfAList checks that a list that breaks off is an error and not the end.
func TestHalfAList(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, gitguardianfake.Options{PageSize: 1})
	for range 3 {
		w.space.Find(gitguardianfake.Incident{Hash: hash})
	}
	const path = "/v1/incidents/secrets"
	linking := func(link string) fake.Rule {
		return answering(path, 200, `[]`, "Link", "<https://evil.example/a?cursor=x>; rel=\"prev\",<"+link+`>; rel="next"`)
	}
	for what, c := range map[string]struct {
		rule fake.Rule
		kind keyturn.Kind
	}{
		"lost":       {fake.Rule{Path: path, Drop: fake.DropAfter}, keyturn.Unavailable},
		"refused":    {fake.Rule{Path: path, Status: 503}, keyturn.Unavailable},
		"throttled":  {fake.Rule{Path: path, Status: 429}, keyturn.RateLimited},
		"gone":       {fake.Rule{Path: path, Status: 404}, keyturn.Denied},
		"link to no": {linking("::"), keyturn.Unavailable},
		"no cursor":  {linking("https://api.gitguardian.com" + path + "?page=2"), keyturn.Unavailable},
		"round":      {linking("https://api.gitguardian.com" + path + "?cursor=MQ%3D%3D"), keyturn.Unavailable},
		"null":       {answering(path, 200, `null`), keyturn.Unavailable},
		"no list":    {answering(path, 200, `{}`), keyturn.Unavailable},
		"no id":      {answering(path, 200, `[{"date": "2026-11-23T09:00:00Z", "detector": {"name": "CANARY"}}]`), keyturn.Unavailable},
	} {
		c.rule.Skip = 1
		w.faults.Set(c.rule)
		got, err := w.open(t.Context(), time.Time{})
		wantKind(t, what, err, c.kind)
		if len(got) != 1 {
			t.Errorf("%s: %d came first, want 1", what, len(got))
		}
	}
	w.faults.Set()
	w.requests()
	for range w.Source.(leaks.Lister).Open(t.Context(), time.Time{}) {
		break
	}
	if asked := w.requests(); len(asked) != 1 {
		t.Errorf("for one incident it asked %q, want one page", asked)
	}
}

// TestManyAtOnce has everything done at once.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, gitguardianfake.Options{})
	for range 8 {
		w.space.Find(gitguardianfake.Incident{Hash: hash})
	}
	done := make(chan error)
	for n := range 8 {
		go func() {
			alert := fmt.Sprint(n + 1)
			header, body := w.space.Deliver(signatureToken, "incident_triggered", false, n+1, monday)
			news, err := w.Hear(t.Context(), leaks.Delivery{Method: http.MethodPost, Header: header, Body: body})
			if err == nil && news.Alert != alert {
				err = fmt.Errorf("heard of %q, want %s", news.Alert, alert)
			}
			if err == nil {
				_, err = w.look(t.Context(), alert)
			}
			if err == nil {
				_, err = w.open(t.Context(), monday)
			}
			if err == nil {
				err = w.close(t.Context(), alert, leaks.Revoked, "rotated")
			}
			done <- err
		}()
	}
	for range 8 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}
