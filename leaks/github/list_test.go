package github_test

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
	"github.com/keyturn/keyturn/leaks/github/githubfake"
	"github.com/keyturn/keyturn/providers/fake"
)

// isRepo recognises questions about a repository itself.
func isRepo(r *http.Request) bool { return strings.Count(r.URL.Path, "/") == 3 }

// names are what findings are called, sorted.
func names(found []leaks.Finding) (out []string) {
	for _, f := range found {
		out = append(out, f.Alert)
	}
	slices.Sort(out)
	return out
}

// TestOpen lists what is open, of an organisation and of repositories, by pages.
func TestOpen(t *testing.T) {
	t.Parallel()
	for what, settings := range map[string]string{"an organisation": config, "repositories": ofRepos} {
		w := newWorld(t, settings, githubfake.Options{PageSize: 2})
		w.forge.AddRepo(githubfake.Repo{Name: "acme/secret", Unscanned: true})
		w.forge.AddRepo(githubfake.Repo{Name: "other/payments"})
		w.forge.Leak("other/payments", githubfake.Alert{Type: "x", Secret: canary})
		for range 5 {
			w.leak()
		}
		w.forge.Resolve(payments, 4, "false_positive")
		w.forge.Change(payments, 5, func(a *githubfake.Alert) { a.Leaked = true })
		w.forge.Leak("acme/site", githubfake.Alert{Type: "acme_token", Secret: canary, Validity: "active"})
		got, err := w.open(t.Context(), time.Time{})
		want := []string{"acme/payments#1", "acme/payments#2", "acme/payments#3", "acme/payments#5", "acme/site#1"}
		if err != nil || !cmp.Equal(names(got), want) {
			t.Errorf("Open of %s: %q, %v, want %q", what, names(got), err, want)
		}
		for _, f := range got {
			looked, err := w.look(t.Context(), f.Alert)
			looked.Since = monday // which only Look asks commits for
			if err != nil || !cmp.Equal(f, looked) {
				t.Errorf("Look and Open of %s differ: %v, %s", what, err, cmp.Diff(looked, f))
			}
		}
	}
}

// TestOpenSince yields what was made or changed since, and nothing older.
func TestOpenSince(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, githubfake.Options{})
	w.leak()
	w.leak()
	w.leak()
	w.forge.Resolve(payments, 3, "revoked")
	w.wait(time.Hour)
	w.leak()
	w.forge.Change(payments, 2, func(a *githubfake.Alert) { a.Leaked = true })
	w.forge.Resolve(payments, 3, "")
	for since, want := range map[time.Duration][]string{
		time.Hour + time.Second:      nil,
		time.Hour + time.Millisecond: {"acme/payments#2", "acme/payments#3", "acme/payments#4"}, // of the same second
		time.Hour:                    {"acme/payments#2", "acme/payments#3", "acme/payments#4"},
		time.Second:                  {"acme/payments#2", "acme/payments#3", "acme/payments#4"},
		0:                            {"acme/payments#1", "acme/payments#2", "acme/payments#3", "acme/payments#4"},
	} {
		got, err := w.open(t.Context(), monday.Add(since))
		if err != nil || !cmp.Equal(names(got), want) {
			t.Errorf("after %v: %q, %v, want %q", since, names(got), err, want)
		}
	}
}

// TestOpenReadsPagesWhenNeeded stops when its reader does.
func TestOpenReadsPagesWhenNeeded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, githubfake.Options{PageSize: 1})
	w.leak()
	w.leak()
	for range w.Source.(leaks.Lister).Open(t.Context(), time.Time{}) {
		break
	}
	if asked := w.requests(); len(asked) != 1 || strings.Contains(asked[0], "hide_secret") || !strings.Contains(asked[0], "after=&") {
		t.Errorf("for one alert it asked %q, want one page, with values and a cursor", asked)
	}
}

// TestHalfAList checks that a list that breaks off is an error and not the end.
func TestHalfAList(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, githubfake.Options{PageSize: 1})
	for range 3 {
		w.leak()
	}
	const path = "/orgs/acme/secret-scanning/alerts"
	linking := func(link string) fake.Rule {
		return answering(path, 200, `[]`, "Link", "<https://evil.example/a>; rel=\"prev\", <"+link+`>; rel="next"`)
	}
	for what, c := range map[string]struct {
		rule fake.Rule
		kind keyturn.Kind
	}{
		"lost":          {fake.Rule{Path: path, Drop: fake.DropAfter}, keyturn.Unavailable},
		"refused":       {fake.Rule{Path: path, Status: 503}, keyturn.Unavailable},
		"throttled":     {fake.Rule{Path: path, Status: 429}, keyturn.RateLimited},
		"gone":          {fake.Rule{Path: path, Status: 404}, keyturn.Denied},
		"link to no":    {linking("::"), keyturn.Unavailable},
		"no cursor":     {linking("https://api.github.com" + path + "?page=2"), keyturn.Unavailable},
		"round":         {linking("https://api.github.com" + path + "?after=cursor%3D1"), keyturn.Unavailable},
		"null":          {answering(path, 200, `null`), keyturn.Unavailable},
		"no list":       {answering(path, 200, `{}`), keyturn.Unavailable},
		"no alert":      {answering(path, 200, `[{"created_at": "2026-11-23T09:00:00Z", "repository": {"full_name": "acme/a"}}]`), keyturn.Unavailable},
		"no repository": {answering(path, 200, `[{"number": 1, "secret_type": "x", "created_at": "2026-11-23T09:00:00Z", "secret": "`+canary+`"}]`), keyturn.Unavailable},
	} {
		c.rule.Skip = 1
		w.faults.Set(c.rule)
		got, err := w.open(t.Context(), time.Time{})
		wantKind(t, what, err, c.kind)
		if len(got) != 1 {
			t.Errorf("%s: %d came first, want 1", what, len(got))
		}
	}
}

// TestOpenOfRepos says which repository is in the way.
func TestOpenOfRepos(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ofRepos, githubfake.Options{})
	w.leak()
	w.forge.Delete("acme/site")
	got, err := w.open(t.Context(), time.Time{})
	wantKind(t, "Open without a repository", err, keyturn.Denied, "acme/site")
	if len(got) != 1 {
		t.Errorf("%d came first, want 1", len(got))
	}
	w.faults.Set(fake.Rule{Match: isRepo, Status: 500})
	_, err = w.open(t.Context(), time.Time{})
	wantKind(t, "Open that cannot tell who sees a repository", err, keyturn.Unavailable)
}

// TestManyAtOnce has everything done at once.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, githubfake.Options{})
	for range 8 {
		w.leak()
	}
	done := make(chan error)
	for n := range 8 {
		go func() {
			alert := fmt.Sprintf("acme/payments#%d", n+1)
			header, body := w.forge.Deliver(webhookSecret, "secret_scanning_alert", "created", payments, n+1)
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
				err = w.close(t.Context(), alert, leaks.Revoked, "")
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
