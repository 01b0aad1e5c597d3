package github_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/providers/github"
	"github.com/keyturn/keyturn/providers/github/githubfake"
)

const withTokens = `{"private_key": {"store": "vault", "path": "keyturn/github"}, "personal_tokens": true}`

// TestMintReadsOnlyUnlessAskedToWrite checks what a new deploy key may do.
func TestMintReadsOnlyUnlessAskedToWrite(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, githubfake.Account)
	for _, c := range []struct {
		ask, want []string
		kind      keyturn.Kind
	}{
		{nil, []string{"read"}, ""},
		{[]string{"read"}, []string{"read"}, ""},
		{[]string{"read", "write"}, []string{"write"}, ""},
		{[]string{"admin"}, nil, keyturn.Invalid},
	} {
		m, err := w.p.Mint(t.Context(), providers.MintRequest{Principal: repo, Label: "orders/g1", Permissions: c.ask})
		wantKind(t, fmt.Sprintf("Mint(%v)", c.ask), err, c.kind)
		if k, _ := w.l.Find(m.Key.ID); !cmp.Equal(k.Permissions, c.want) {
			t.Errorf("asked for %v, the key may %v, want %v", c.ask, k.Permissions, c.want)
		}
	}
}

// TestVerifyDeployKeyProves checks what the listing of a repository can say of
// a key, and that its refusal says nothing.
func TestVerifyDeployKeyProves(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, githubfake.Account)
	k := w.seed(t, repo, "orders/g1")
	value, public := keyturn.NewSecret(k.Secret), githubfake.Public(k.Secret)
	number := k.ID[strings.LastIndex(k.ID, "/")+1:]
	listed := `[{"id":` + number + `,"key":"` + public + `","title":"x","created_at":"2026-01-02T03:04:05Z","read_only":true,"verified":%t,"enabled":%t}]`
	for what, c := range map[string]struct {
		answer http.Handler
		want   keyturn.Kind
	}{
		"listed":               {answer(200, fmt.Sprintf(listed, true, true)), ""},
		"unverified":           {answer(200, fmt.Sprintf(listed, false, true)), keyturn.Denied},
		"disabled by policy":   {answer(200, fmt.Sprintf(listed, true, false)), keyturn.Denied},
		"gone":                 {answer(200, `[]`), keyturn.Denied},
		"nonsense":             {answer(200, strings.Replace(fmt.Sprintf(listed, true, true), public, "?", 1)), keyturn.Unavailable},
		"no such repository":   {answer(404, `{}`), keyturn.NotFound},
		"App may not":          {answer(403, `{}`), keyturn.Unavailable},
		"App's token is ended": {answer(401, `{}`), keyturn.Unavailable},
	} {
		w.faults.Set(fake.Rule{Path: "/repos/", Answer: c.answer})
		wantKind(t, what, w.p.Verify(t.Context(), k.ID, value), c.want)
	}
	w.faults.Set()
	for _, id := range []string{repo + "/", repo + "/x", repo + "/../12", "other/orders/" + number} {
		wantKind(t, "Verify("+id+")", w.p.Verify(t.Context(), id, value), keyturn.Invalid)
	}
	wantKind(t, "no key at all", w.p.Verify(t.Context(), k.ID, keyturn.NewSecret("ghp_x")), keyturn.Invalid)
	wantKind(t, "a key with a token's id", w.p.Verify(t.Context(), "12", value), keyturn.Invalid)
	w.faults.Set(fake.Rule{Path: "/app/", Status: 401})
	w.wait(w.time().Add(2 * time.Hour))
	wantKind(t, "no session to be had", w.p.Verify(t.Context(), k.ID, value), keyturn.Unavailable)
}

// TestPrincipals checks which are refused, and why.
func TestPrincipals(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, githubfake.Account)
	for principal, want := range map[string]keyturn.Kind{
		"": keyturn.Invalid, "orders": keyturn.Invalid, "acme/": keyturn.Invalid, "acme/..": keyturn.Invalid, "acme/a/b": keyturn.Invalid,
		"acme/a?b": keyturn.Invalid, "other/orders": keyturn.Invalid, "ACME/orders": keyturn.NotFound,
		"pat": keyturn.Unsupported, "installation/12": keyturn.Unsupported,
	} {
		_, err := w.p.Mint(t.Context(), providers.MintRequest{Principal: principal, Label: "orders/g1"})
		wantKind(t, "Mint for "+principal, err, want)
		if want == keyturn.NotFound {
			want = "" // as GitHub answers a deletion; there is nothing to end
		}
		wantKind(t, "Revoke for "+principal, w.p.Revoke(t.Context(), principal, principal+"/12"), want)
	}
}

// TestSessions counts the installation tokens asked for.
func TestSessions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, githubfake.Account)
	use := func(what string, want int32) {
		t.Helper()
		k := w.seed(t, repo, "orders/g1")
		if err := w.p.Revoke(t.Context(), repo, k.ID); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if got := w.begun.Load(); got != want {
			t.Errorf("%s: %d tokens were asked for, want %d", what, got, want)
		}
	}
	use("at first", 1)
	w.wait(w.time().Add(54 * time.Minute))
	use("within the hour", 1)
	w.wait(w.time().Add(2 * time.Minute))
	use("minutes before its end", 2)
	w.use(providers.Credential{ID: "Iv23li", Secret: newAppKey()})
	use("with another private key", 3)
	w.faults.Set(fake.Rule{Method: http.MethodDelete, Status: 401, Times: 1})
	wantKind(t, "a token that was ended", w.p.Revoke(t.Context(), repo, repo+"/12"), keyturn.Denied)
	use("after a refusal", 4)
	w.use(providers.Credential{ID: "Iv23li", Secret: keyturn.NewSecret("no key")})
	wantKind(t, "no private key", w.p.Revoke(t.Context(), repo, repo+"/12"), keyturn.Invalid)
	w.use(providers.Credential{Secret: appKey()})
	wantKind(t, "no App", w.p.Revoke(t.Context(), repo, repo+"/12"), keyturn.Invalid)
}

// TestAppIsNotLetIn checks that trouble with the App is never a key's absence.
func TestAppIsNotLetIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, "elsewhere")
	wantKind(t, "not installed", w.p.Revoke(t.Context(), "elsewhere/orders", "elsewhere/orders/12"), keyturn.Denied)
	_, err := w.p.CheckPermissions(t.Context(), "")
	wantKind(t, "permissions of none", err, keyturn.Denied)
	w = newWorld(t, config, githubfake.Account)
	w.faults.Set(fake.Rule{Method: http.MethodPost, Path: "/app/", Status: 404})
	wantKind(t, "suspended", w.p.Revoke(t.Context(), repo, repo+"/12"), keyturn.Denied)
}

// TestPermissionsAreRead checks levels, and an App that is suspended.
func TestPermissionsAreRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withTokens, githubfake.Account)
	rule := func(body string) {
		w.faults.Set(fake.Rule{Match: func(r *http.Request) bool { return r.URL.Path == "/app/installations/4711" }, Answer: answer(200, body)})
	}
	rule(`{"id":4711,"permissions":{"administration":"read","metadata":"read"},"suspended_at":null}`)
	granted := func(principal string) map[string]bool {
		got, err := w.p.CheckPermissions(t.Context(), principal)
		wantKind(t, "CheckPermissions "+principal, err, "")
		out := map[string]bool{}
		for _, x := range got {
			out[x.Name] = x.Granted
		}
		return out
	}
	tokens := map[string]bool{"organization_personal_access_tokens: write": false}
	if diff := cmp.Diff(tokens, granted("pat")); diff != "" {
		t.Errorf("for tokens (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]bool{"administration: write": false, "metadata: read": true}, granted(repo)); diff != "" {
		t.Errorf("for a repository (-want +got):\n%s", diff)
	}
	rule(`{"id":4711,"permissions":{"administration":"write"},"suspended_at":"2026-01-02T03:04:05Z"}`)
	_, err := w.p.CheckPermissions(t.Context(), "")
	wantKind(t, "suspended", err, keyturn.Denied)
}

// TestThrottling checks every way GitHub has of saying "later".
func TestThrottling(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, githubfake.Account)
	reset := fmt.Sprint(w.time().Add(90 * time.Second).Unix())
	for what, c := range map[string]struct {
		answer http.Handler
		kind   keyturn.Kind
		wait   time.Duration
	}{
		"retry-after":             {answer(403, "", "Retry-After", "17"), keyturn.RateLimited, 17 * time.Second},
		"primary limit":           {answer(403, "", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", reset), keyturn.RateLimited, 90 * time.Second},
		"primary limit as 429":    {answer(429, "", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", reset), keyturn.RateLimited, 90 * time.Second},
		"secondary limit":         {answer(403, `{"message":"You have exceeded a secondary rate limit"}`, "X-RateLimit-Remaining", "12"), keyturn.RateLimited, time.Minute},
		"nothing said":            {answer(429, ""), keyturn.RateLimited, time.Minute},
		"a missing permission":    {answer(403, `{"message":"Resource not accessible by integration"}`, "X-RateLimit-Remaining", "12", "X-RateLimit-Reset", reset), keyturn.Denied, 0},
		"a reset that has passed": {answer(429, "", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "1"), keyturn.RateLimited, time.Second},
		"a renamed repository":    {answer(301, "", "Location", "https://api.github.com/repositories/1/keys"), keyturn.Invalid, 0},
	} {
		w.faults.Set(fake.Rule{Path: "/repos/", Answer: c.answer})
		_, err := w.p.LastUsed(t.Context(), repo, repo+"/12")
		wantKind(t, what, err, c.kind)
		if e := new(keyturn.Error); !errors.As(err, &e) || e.RetryAfter != c.wait {
			t.Errorf("%s: wait %v, want %v", what, e.RetryAfter, c.wait)
		}
	}
}

// TestTokensByValue checks the kill switch for each kind of value.
func TestTokensByValue(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, githubfake.Account)
	var asked []string
	w.faults.Hook(func(r *http.Request) {
		if auth := r.Header.Get("Authorization"); r.URL.Path == "/credentials/revoke" && auth != "" {
			t.Error("GitHub refuses this to a caller who signs in")
		}
		asked = append(asked, r.Method+" "+r.URL.Path)
	}, nil)
	for value, want := range map[string]struct {
		kind keyturn.Kind
		ask  string
	}{
		"ghp_1": {"", "POST /credentials/revoke"}, "github_pat_1": {"", "POST /credentials/revoke"}, "gho_1": {"", "POST /credentials/revoke"},
		"ghu_1": {"", "POST /credentials/revoke"}, "ghr_1": {"", "POST /credentials/revoke"},
		"ghs_1": {"", "DELETE /installation/token"}, "": {keyturn.Invalid, ""}, "sk-1": {keyturn.Unsupported, ""}, "ghs_\n": {keyturn.Invalid, ""},
	} {
		asked = nil
		wantKind(t, "RevokeValue("+value+")", w.p.RevokeValue(t.Context(), keyturn.NewSecret(value)), want.kind)
		if strings.Join(asked, ", ") != want.ask {
			t.Errorf("%s: asked %v, want %q", value, asked, want.ask)
		}
	}
	w.faults.Set(fake.Rule{Path: "/installation/token", Status: 403})
	wantKind(t, "a token that may not end itself", w.p.RevokeValue(t.Context(), keyturn.NewSecret("ghs_1")), keyturn.Denied)
}

// TestTokensOutliveTheirGrant checks that Revoke is about the organisation,
// RevokeValue about the token.
func TestTokensOutliveTheirGrant(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withTokens, githubfake.Account)
	k := w.seed(t, "pat", "octocat: ci")
	other := w.seed(t, "pat", "hubot: ci")
	value := keyturn.NewSecret(k.Secret)
	wantKind(t, "Verify", w.p.Verify(t.Context(), k.ID, value), "")
	wantKind(t, "Verify as another's", w.p.Verify(t.Context(), other.ID, value), keyturn.Invalid)
	wantKind(t, "Revoke", w.p.Revoke(t.Context(), "pat", k.ID), "")
	wantKind(t, "Verify of what was let in", w.p.Verify(t.Context(), k.ID, value), keyturn.Denied)
	wantKind(t, "Verify of the token", w.p.Verify(t.Context(), "", value), "")
	wantKind(t, "Verify of one made by hand", w.p.Verify(t.Context(), "pat/g3", value), "")
	wantKind(t, "RevokeValue", w.p.RevokeValue(t.Context(), value), "")
	wantKind(t, "Verify of the ended token", w.p.Verify(t.Context(), "", value), keyturn.Denied)
}

// TestIdentifyAdmitsWhatItCannotTell checks values that are not one token's.
func TestIdentifyAdmitsWhatItCannotTell(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withTokens, githubfake.Account)
	k := w.seed(t, "pat", "octocat: ci")
	id, err := w.p.Identify(t.Context(), keyturn.NewSecret(k.Secret))
	if wantKind(t, "one token", err, ""); id != k.ID {
		t.Errorf("Identify = %q, want %s", id, k.ID)
	}
	w.seed(t, "pat", "octocat: laptop")
	for _, value := range []string{k.Secret, "ghp_classic"} {
		_, err := w.p.Identify(t.Context(), keyturn.NewSecret(value))
		wantKind(t, value[:10], err, keyturn.Unsupported)
	}
	for name, do := range map[string]func(w *world) error{
		"Identify": func(w *world) error {
			_, err := w.p.Identify(t.Context(), keyturn.NewSecret("github_pat_1"))
			return err
		},
		"LastUsed": func(w *world) error { _, err := w.p.LastUsed(t.Context(), "pat", "12"); return err },
		"Revoke":   func(w *world) error { return w.p.Revoke(t.Context(), "pat", "12") },
	} {
		wantKind(t, name+" without personal_tokens", do(newWorld(t, config, githubfake.Account)), keyturn.Unsupported)
	}
}

// TestListOfTheAccount checks that it holds keys of every kind, and outlives a
// repository that is deleted while it is read.
func TestListOfTheAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withTokens, githubfake.Account)
	one, gone, token := w.seed(t, repo, "orders/g1"), w.seed(t, githubfake.Account+"/billing", "billing/g1"), w.seed(t, "pat", "octocat: ci")
	list := func() (ids []string, last error) {
		for k, err := range w.p.List(t.Context(), "") {
			if err != nil {
				return ids, err
			}
			ids = append(ids, k.ID)
		}
		return ids, nil
	}
	ids, err := list()
	if want := []string{one.ID, gone.ID, token.ID}; err != nil || !slices.Equal(ids, want) {
		t.Errorf("List = %v, %v, want %v", ids, err, want)
	}
	w.faults.Set(fake.Rule{Path: "/repos/acme/billing/", Status: 404})
	ids, err = list()
	if want := []string{one.ID, token.ID}; err != nil || !slices.Equal(ids, want) {
		t.Errorf("List without a repository = %v, %v, want %v", ids, err, want)
	}
	w.faults.Set(fake.Rule{Path: "/orgs/", Status: 403})
	if ids, err = list(); keyturn.KindOf(err) != keyturn.Denied {
		t.Errorf("List that may not see tokens = %v, %v, want Denied", ids, err)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	if _, err := github.Factory.New(providers.Env{Decode: func(any) error { return nil }}); err == nil {
		t.Error("settings without private_key were accepted")
	}
}
