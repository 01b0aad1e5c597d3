package github_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/leaks/github/githubfake"
	"github.com/keyturn/keyturn/providers/fake"
)

const first = "acme/payments#1"

// TestClose closes for each reason, with what is said to people.
func TestClose(t *testing.T) {
	t.Parallel()
	for why, want := range map[leaks.Closing]string{leaks.Revoked: "revoked", leaks.FalsePositive: "false_positive", leaks.Accepted: "wont_fix"} {
		w := newWorld(t, config, githubfake.Options{})
		w.leak()
		if err := w.close(t.Context(), first, why, "rotated"); err != nil {
			t.Errorf("Close as %s: %v", why, err)
		}
		if resolution, comment := w.forge.Closed(payments, 1); resolution != want || comment != "rotated" {
			t.Errorf("Close as %s: closed as %q with %q", why, resolution, comment)
		}
		for _, asked := range w.requests() {
			if strings.HasPrefix(asked, "GET") && !strings.HasSuffix(asked, "hide_secret=true") {
				t.Errorf("it asked %s, which answers with the value", asked)
			}
		}
	}
}

// TestCloseAgain leaves alone what is closed, or not there.
func TestCloseAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, githubfake.Options{})
	w.leak()
	w.forge.Resolve(payments, 1, "used_in_tests")
	for _, alert := range []string{first, "acme/payments#2", "acme/none#1"} {
		if err := w.close(t.Context(), alert, leaks.Revoked, ""); err != nil {
			t.Errorf("Close(%s): %v", alert, err)
		}
	}
	if got, _ := w.forge.Closed(payments, 1); got != "used_in_tests" {
		t.Errorf("a person's reason became %q", got)
	}
	w.requests()
	for alert, why := range map[string]leaks.Closing{"acme/payments": leaks.Revoked, "other/a#1": leaks.Revoked, first: "bored"} {
		wantKind(t, "Close("+alert+", "+string(why)+")", w.close(t.Context(), alert, why, ""), keyturn.Invalid)
	}
	if asked := w.requests(); asked != nil {
		t.Errorf("it asked %q", asked)
	}
}

// TestCloseWhenTheAnswerIsLost repeats it.
func TestCloseWhenTheAnswerIsLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, githubfake.Options{})
	w.leak()
	for _, drop := range []fake.Drop{fake.DropBefore, fake.DropAfter} {
		w.faults.Set(fake.Rule{Method: "PATCH", Drop: drop, Times: 1})
		wantKind(t, "Close", w.close(t.Context(), first, leaks.Revoked, "rotated"), keyturn.Unavailable, "no answer")
		if got, _ := w.forge.Closed(payments, 1); (got == "revoked") != (drop == fake.DropAfter) {
			t.Errorf("the alert is %q", got)
		}
	}
	w.requests()
	if err := w.close(t.Context(), first, leaks.Revoked, "rotated"); err != nil {
		t.Errorf("Close again: %v", err)
	}
	if asked := w.requests(); len(asked) != 1 {
		t.Errorf("to close it again it asked %q", asked)
	}
}

// TestCloseIsRefused says what is lacking.
func TestCloseIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, githubfake.Options{ReadOnly: true})
	w.leak()
	wantKind(t, "Close that may only read", w.close(t.Context(), first, leaks.Revoked, ""), keyturn.Denied, "write")
	for status, kind := range map[int]keyturn.Kind{404: "", 400: keyturn.Invalid, 422: keyturn.Invalid, 401: keyturn.Denied, 429: keyturn.RateLimited, 503: keyturn.Unavailable} {
		w.faults.Set(fake.Rule{Method: "PATCH", Status: status, Text: canary})
		wantKind(t, "Close", w.close(t.Context(), first, leaks.Revoked, ""), kind)
	}
	w.faults.Set(answering("/repos/", 200, `{"state": "open-ended"}`))
	wantKind(t, "Close of an alert in no state", w.close(t.Context(), first, leaks.Revoked, ""), keyturn.Unavailable)
}

// TestLongComment shortens it.
func TestLongComment(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, githubfake.Options{})
	w.leak()
	w.leak()
	for n, c := range []struct{ say, want string }{{strings.Repeat("ä", 281), strings.Repeat("ä", 279) + "…"}, {strings.Repeat("ä", 280), strings.Repeat("ä", 280)}} {
		err := w.close(t.Context(), []string{first, "acme/payments#2"}[n], leaks.Revoked, c.say)
		if _, comment := w.forge.Closed(payments, n+1); err != nil || comment != c.want {
			t.Errorf("Close: %v, %s", err, cmp.Diff(c.want, comment))
		}
	}
}

// TestEachMethodOnceAndHonest makes every method meet what may go wrong. None asks
// again, none quotes what it was answered.
func TestEachMethodOnceAndHonest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, githubfake.Options{})
	w.leak()
	for method, do := range map[string]func(context.Context) error{
		"Look":  func(ctx context.Context) error { _, err := w.look(ctx, first); return err },
		"Open":  func(ctx context.Context) error { _, err := w.open(ctx, time.Time{}); return err },
		"Close": func(ctx context.Context) error { return w.close(ctx, first, leaks.Revoked, "") },
		"Check": w.Check,
	} {
		for what, c := range map[string]struct {
			rule fake.Rule
			kind keyturn.Kind
		}{
			"401":            {fake.Rule{Status: 401, Text: canary}, keyturn.Denied},
			"403":            {fake.Rule{Status: 403, Text: canary}, keyturn.Denied},
			"422":            {fake.Rule{Status: 422, Text: canary}, keyturn.Invalid},
			"429":            {fake.Rule{Status: 429, Text: canary}, keyturn.RateLimited},
			"500":            {fake.Rule{Status: 500, Text: canary}, keyturn.Unavailable},
			"a redirect":     {answering("", 302, "", "Location", "https://evil.example/"+canary), keyturn.Unavailable},
			"a rename":       {answering("", 301, "", "Location", "https://evil.example/"+canary), keyturn.Invalid},
			"elsewhere":      {answering("", 404, "<html>"+canary), keyturn.Unavailable},
			"elsewhere, too": {answering("", 404, `{"error": "`+canary+`"}`), keyturn.Unavailable},
			"lost":           {fake.Rule{Drop: fake.DropAfter}, keyturn.Unavailable},
			"nonsense":       {answering("", 200, canary), keyturn.Unavailable},
		} {
			w.faults.Set(c.rule)
			w.requests()
			wantKind(t, method+", "+what, do(t.Context()), c.kind)
			if asked := w.requests(); len(asked) != 1 {
				t.Errorf("%s, %s: it asked %q", method, what, asked)
			}
		}
		w.faults.Set(fake.Rule{Delay: keyturn.Duration(time.Minute)})
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		if err := do(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s of a caller who gave up: %v", method, err)
		}
		cancel()
	}
}
