package github_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/leaks/github"
	"github.com/keyturn/keyturn/leaks/github/githubfake"
	"github.com/keyturn/keyturn/providers/fake"
)

// TestCheck checks that what is wrong is told with its mend.
func TestCheck(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, githubfake.Options{})
	w.leak()
	if err := w.Check(t.Context()); err != nil {
		t.Errorf("Check: %v", err)
	}
	for _, asked := range w.requests() {
		if !strings.Contains(asked, "hide_secret=true") {
			t.Errorf("it asked %s, which answers with the value", asked)
		}
	}
	for token, c := range map[string]struct {
		kind  keyturn.Kind
		words string
	}{"ghp_another": {keyturn.Denied, "make a new one"}, "": {keyturn.Invalid, "empty"}, "github_pat_fake\n": {keyturn.Invalid, "line break"}} {
		w.token = token
		wantKind(t, "Check with token "+token, w.Check(t.Context()), c.kind, c.words)
	}
	w.lost = keyturn.Errorf(keyturn.NotFound, "vault: read", "nothing there")
	_, err := w.look(t.Context(), first)
	wantKind(t, "Look without a token", err, keyturn.Denied, "does not exist")
	wantKind(t, "Close without a token", w.close(t.Context(), first, leaks.Revoked, ""), keyturn.Denied)
	w.lost = errors.New("sealed")
	wantKind(t, "Check while the store is away", w.Check(t.Context()), keyturn.Unavailable)

	w = newWorld(t, strings.Replace(config, "acme", "nobody", 1), githubfake.Options{})
	wantKind(t, "Check of an organisation that is not shown", w.Check(t.Context()), keyturn.Denied, "security manager")
	w = newWorld(t, strings.Replace(ofRepos, "acme/site", "acme/none", 1), githubfake.Options{})
	wantKind(t, "Check of a repository that is not shown", w.Check(t.Context()), keyturn.Denied, "acme/none")
	w.faults.Set(answering("/repos/", 200, `null`))
	wantKind(t, "Check of no list", w.Check(t.Context()), keyturn.Unavailable)
}

// TestThrottling checks every way GitHub has of saying "later".
func TestThrottling(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, githubfake.Options{})
	reset := fmt.Sprint(monday.Add(90 * time.Second).Unix())
	for what, c := range map[string]struct {
		rule fake.Rule
		kind keyturn.Kind
		wait time.Duration
	}{
		"retry-after":             {answering("", 403, "", "Retry-After", "17"), keyturn.RateLimited, 17 * time.Second},
		"primary limit":           {answering("", 403, "", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", reset), keyturn.RateLimited, 90 * time.Second},
		"primary limit as 429":    {answering("", 429, "", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", reset), keyturn.RateLimited, 90 * time.Second},
		"secondary limit":         {answering("", 403, `{"message": "You have exceeded a secondary rate limit"}`), keyturn.RateLimited, time.Minute},
		"nothing said":            {answering("", 429, ""), keyturn.RateLimited, time.Minute},
		"a reset that has passed": {answering("", 429, "", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "1"), keyturn.RateLimited, time.Second},
		"a missing permission":    {answering("", 403, `{}`, "X-RateLimit-Remaining", "12", "X-RateLimit-Reset", reset), keyturn.Denied, 0},
	} {
		w.faults.Set(c.rule)
		_, err := w.look(t.Context(), first)
		wantKind(t, what, err, c.kind)
		if e := new(keyturn.Error); !errors.As(err, &e) || e.RetryAfter != c.wait {
			t.Errorf("%s: wait %v, want %v", what, e.RetryAfter, c.wait)
		}
	}
}

// TestHeaders checks what every request carries.
func TestHeaders(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, githubfake.Options{})
	w.leak()
	w.faults.Hook(func(r *http.Request) {
		for name, want := range map[string]string{"Accept": "application/vnd.github+json", "User-Agent": "keyturn", "X-GitHub-Api-Version": "2022-11-28", "Authorization": "Bearer github_pat_fake"} {
			if got := r.Header.Get(name); got != want {
				t.Errorf("%s: %s is %q", r.URL.Path, name, got)
			}
		}
	}, nil)
	if _, err := w.look(t.Context(), first); err != nil {
		t.Error(err)
	}
}

// TestSettings names what is wrong with them.
func TestSettings(t *testing.T) {
	t.Parallel()
	for settings, want := range map[string]string{
		config:  "",
		ofRepos: "",
		`{"org": "acme", "private_key": {"path": "k"}, "app": "Iv1"}`:   "",
		`{"repos": ["acme/a", "ACME/b"], "private_key": {"path": "k"}}`: "",
		`{"token": {"path": "t"}}`:                                      "org or repos",
		`{"org": "acme", "repos": ["acme/a"], "token": {"path": "t"}}`:  "org or repos",
		`{"org": "acme/a", "token": {"path": "t"}}`:                     "org must be",
		`{"org": "acme"}`: "token or the private_key",
		`{"org": "acme", "token": {"path": "t"}, "private_key": {"path": "k"}}`: "token or the private_key",
		`{"org": "acme", "token": {"path": "t"}, "app": "Iv1"}`:                 "app goes with",
		`{"repos": ["acme"], "token": {"path": "t"}}`:                           "owner/repo",
		`{"repos": ["acme/.."], "token": {"path": "t"}}`:                        "owner/repo",
		`{"repos": ["acme/a", "other/b"], "private_key": {"path": "k"}}`:        "one owner",
		`{"org": "acme", "tokn": {}}`:                                           "settings",
	} {
		_, err := github.Factory.New(leaks.Env{Decode: decode(settings)})
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want it to name %q", settings, err, want)
		}
	}
}
