package gitlab_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/leaks/gitlab/gitlabfake"
)

// names are the names of a delivery and of what it tells.
func names(t *testing.T, news leaks.News, err error) []string {
	t.Helper()
	if err != nil || news.Event == "" || len(news.Findings) == 0 {
		t.Fatalf("%v, %+v", err, news)
	}
	out := []string{news.Event}
	for _, f := range news.Findings {
		out = append(out, f.Event)
	}
	return out
}

// TestReplay names what is told again as before, after a restart and a new signature,
// too.
func TestReplay(t *testing.T) {
	t.Parallel()
	one := gitlabfake.Token{Type: "a", Token: token, Where: where}
	two := gitlabfake.Token{Type: "a", Token: token, Where: where + "3"}
	for name, settings := range map[string]string{"an instance": byToken, "a partner": signed} {
		w := newWorld(t, settings)
		hear := func(tokens ...gitlabfake.Token) []string {
			t.Helper()
			if settings == byToken {
				news, err := w.revoke(t, gitlabfake.Instance(tokens...))
				return names(t, news, err)
			}
			news, err := w.partner(t, "k1", gitlabfake.Partner(tokens...))
			return names(t, news, err)
		}
		first := hear(one, two)
		w.reset(t, settings)
		if diff := cmp.Diff(first, hear(one, two)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		turned := hear(two, one)
		if turned[0] == first[0] || turned[1] != first[2] || turned[2] != first[1] {
			t.Errorf("%s: %v in another order, %v before", name, turned, first)
		}
	}
}

// TestNames tells apart what is not the same.
func TestNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t, byToken)
	seen := map[string]string{}
	for what, one := range map[string]gitlabfake.Token{
		"one": {Token: "CANARY-1", Where: "https://a.example"}, "another token": {Token: "CANARY-2", Where: "https://a.example"},
		"another place": {Token: "CANARY-1", Where: "https://b.example"}, "cut elsewhere": {Token: "CANARY-1h", Where: "ttps://a.example"},
		"no place": {Token: "CANARY-1https://a.example"},
	} {
		news, err := w.revoke(t, gitlabfake.Instance(one))
		for _, name := range names(t, news, err) {
			if seen[name] != "" {
				t.Errorf("%s and %s are both %s", what, seen[name], name)
			}
			seen[name] = what
		}
	}
}

// TestNamesTellNothing checks that whoever reads the names that are stored, and guesses
// a value, cannot see whether the guess is right.
func TestNamesTellNothing(t *testing.T) {
	t.Parallel()
	body := gitlabfake.Partner(gitlabfake.Token{Type: "a", Token: token, Where: where})
	for _, settings := range []string{byToken, signed} {
		w := newWorld(t, settings)
		hear := func() []string {
			t.Helper()
			if settings == byToken {
				news, err := w.revoke(t, body)
				return names(t, news, err)
			}
			news, err := w.partner(t, "k1", body)
			return names(t, news, err)
		}
		told := hear()
		for _, guess := range []string{
			token, token + where, where + token, fmt.Sprintf("%d:%s%d:%s", len(token), token, len(where), where), string(body),
		} {
			sum := sha256.Sum256([]byte(guess))
			unkeyed := hmac.New(sha256.New, nil)
			unkeyed.Write([]byte(guess))
			for _, made := range []string{hex.EncodeToString(sum[:]), hex.EncodeToString(unkeyed.Sum(nil))} {
				if strings.Contains(strings.Join(told, " "), made[:16]) {
					t.Errorf("%v is made from what was told alone", told)
				}
			}
		}
		w.env.WebhookSecret = keyturn.NewSecret("another secret")
		w.reset(t, settings)
		if settings == signed { // an instance would be refused
			for i, name := range hear() {
				if name == told[i] {
					t.Errorf("%s does not depend on the webhook secret", name)
				}
			}
		}
	}
}
