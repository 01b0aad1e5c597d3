package github_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/providers/github/githubfake"
)

// uses reads what was done with a token of a principal whose value is given.
func (w *world) uses(t *testing.T, principal, value string) (out []providers.Use, last error) {
	t.Helper()
	q := providers.UseQuery{Principal: principal, ID: "12", Secret: keyturn.NewSecret(value), Since: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	for u, err := range w.p.(providers.UseReader).Uses(t.Context(), q) {
		if last = err; err == nil {
			out = append(out, u)
		}
	}
	return out, last
}

// TestUsesSearchesForTheHash checks what is asked of the audit log, against a hash
// made by openssl, and what is believed of the answer.
func TestUsesSearchesForTheHash(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withTokens, githubfake.Account)
	const hash = "07nHDqNN1Md8ClpaexYtaoVSqM9lWmByK0QC/+SCehE=" // of github_pat_1
	var asked []string
	w.faults.Hook(func(r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/audit-log") {
			asked = append(asked, r.FormValue("phrase"))
		}
	}, nil)
	_, err := w.uses(t, "pat", "github_pat_1")
	wantKind(t, "Uses of a token never used", err, "")
	if want := []string{`hashed_token:"` + hash + `" created:>=2026-01-02`}; !cmp.Equal(want, asked) {
		t.Errorf("searched for %q, want %q", asked, want)
	}
	line := func(token string) string {
		return `[{"@timestamp":1767323046000,"_document_id":"d1","action":"repo.access","actor_ip":"203.0.113.9","user_agent":"curl/8"` + token + `},
			{"@timestamp":1767323044000,"_document_id":"d0","action":"repo.access"` + token + `}]`
	}
	next := func(query string) string {
		return `<https://api.github.com/organizations/1/audit-log?` + query + `>; rel="next"`
	}
	const ours = `,"hashed_token":"` + hash + `"`
	for what, c := range map[string]struct {
		body, link string
		want       keyturn.Kind
	}{
		"our token":                {line(ours), "", ""},
		"no token":                 {line(""), "", keyturn.Unavailable},
		"another token":            {line(`,"hashed_token":"x"`), "", keyturn.Unavailable},
		"a link without a cursor":  {line(ours), next("page=2"), keyturn.Unavailable},
		"a link round in a circle": {`[]`, next("after=x"), keyturn.Unavailable},
	} {
		w.faults.Set(fake.Rule{Path: "/orgs/acme/audit-log", Answer: answer(200, c.body, "Link", c.link)})
		got, err := w.uses(t, "pat", "github_pat_1")
		wantKind(t, what, err, c.want)
		if c.want != "" {
			continue
		}
		want := []providers.Use{{ID: "d1", At: time.Unix(1767323046, 0).UTC(), From: "203.0.113.9", What: "repo.access", Agent: "curl/8"}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: uses since the second between two (-want +got):\n%s", what, diff)
		}
	}
}

// TestUsesSayWhatIsLacking checks that every refusal names its reason.
func TestUsesSayWhatIsLacking(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withTokens, githubfake.Account)
	for _, status := range []int{403, 404} {
		w.faults.Set(fake.Rule{Path: "/orgs/acme/audit-log", Status: status})
		_, err := w.uses(t, "pat", "github_pat_1")
		if wantKind(t, "an audit log that is not shown", err, keyturn.Denied); err != nil && !strings.Contains(err.Error(), "organization_administration") {
			t.Errorf("answered %d: %v, want the permission it takes", status, err)
		}
	}
	w.faults.Set()
	_, err := w.uses(t, "pat", "")
	wantKind(t, "a token whose value is not at hand", err, keyturn.Unsupported)
	_, err = w.uses(t, repo, "-----BEGIN")
	wantKind(t, "a deploy key", err, keyturn.Unsupported)
	_, err = w.uses(t, "other/orders", "-----BEGIN")
	wantKind(t, "somebody else's repository", err, keyturn.Invalid)
	_, err = newWorld(t, config, githubfake.Account).uses(t, "pat", "github_pat_1")
	wantKind(t, "without personal_tokens", err, keyturn.Unsupported)
}
