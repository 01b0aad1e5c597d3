package gitguardian_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/leaks/gitguardian/gitguardianfake"
	"github.com/keyturn/keyturn/providers/fake"
)

// TestClose closes for each reason, with a note for people.
func TestClose(t *testing.T) {
	t.Parallel()
	type end struct {
		Status, Reason string
		Revoked        bool
		Notes          []string
	}
	for why, want := range map[leaks.Closing]end{
		leaks.Revoked:       {"RESOLVED", "", true, []string{"rotated"}},
		leaks.FalsePositive: {"IGNORED", "false_positive", false, []string{"rotated"}},
		leaks.Accepted:      {"IGNORED", "low_risk", false, []string{"rotated"}},
	} {
		for alert, public := range map[string]bool{"1": false, "public/1": true} {
			w := newWorld(t, withPublic, gitguardianfake.Options{Public: true})
			w.space.Find(gitguardianfake.Incident{Hash: hash})
			w.space.Find(gitguardianfake.Incident{Hash: hash, Public: true})
			w.space.Set(public, 1, "ASSIGNED")
			if err := w.close(t.Context(), alert, why, "rotated"); err != nil {
				t.Errorf("Close(%s) as %s: %v", alert, why, err)
			}
			var got end
			got.Status, got.Reason, got.Revoked, got.Notes = w.space.Closed(public, 1)
			if !cmp.Equal(got, want) {
				t.Errorf("Close(%s) as %s: %s", alert, why, cmp.Diff(want, got))
			}
			if status, _, _, _ := w.space.Closed(!public, 1); status != "TRIGGERED" {
				t.Errorf("Close(%s) closed the other one with this number", alert)
			}
		}
	}
}

// TestCloseAgain leaves alone what is closed, or not there.
func TestCloseAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, gitguardianfake.Options{})
	w.space.Find(gitguardianfake.Incident{Hash: hash})
	w.space.Find(gitguardianfake.Incident{Hash: hash})
	w.space.Set(false, 1, "IGNORED")
	w.space.Set(false, 2, "RESOLVED")
	for _, alert := range []string{"1", "2", "3"} {
		if err := w.close(t.Context(), alert, leaks.Revoked, "rotated"); err != nil {
			t.Errorf("Close(%s): %v", alert, err)
		}
	}
	for id := range 2 {
		if _, _, revoked, notes := w.space.Closed(false, id+1); revoked || notes != nil {
			t.Errorf("incident %d has %q and revoked %t", id+1, notes, revoked)
		}
	}
	w.requests()
	for alert, why := range map[string]leaks.Closing{"x": leaks.Revoked, "1": "bored"} {
		wantKind(t, "Close("+alert+", "+string(why)+")", w.close(t.Context(), alert, why, ""), keyturn.Invalid)
	}
	if asked := w.requests(); asked != nil {
		t.Errorf("it asked %q", asked)
	}
}

// TestCloseWhenTheAnswerIsLost repeats it, and says nothing twice.
func TestCloseWhenTheAnswerIsLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, gitguardianfake.Options{})
	w.space.Find(gitguardianfake.Incident{Hash: hash})
	for _, path := range []string{"/v1/incidents/secrets/1/notes", "/v1/incidents/secrets/1/resolve"} {
		for _, drop := range []fake.Drop{fake.DropBefore, fake.DropAfter} {
			w.faults.Set(fake.Rule{Method: "POST", Path: path, Drop: drop})
			wantKind(t, "Close", w.close(t.Context(), "1", leaks.Revoked, "rotated"), keyturn.Unavailable, "no answer")
		}
	}
	w.faults.Set()
	w.requests()
	if err := w.close(t.Context(), "1", leaks.Revoked, "rotated"); err != nil {
		t.Errorf("Close again: %v", err)
	}
	if asked := w.requests(); len(asked) != 1 {
		t.Errorf("to close it again it asked %q", asked)
	}
	if status, _, revoked, notes := w.space.Closed(false, 1); status != "RESOLVED" || !revoked || !cmp.Equal(notes, []string{"rotated"}) {
		t.Errorf("it is %s with %q", status, notes)
	}
}

// TestCloseMeets somebody who closes it at the same time, and other conflicts.
func TestCloseMeets(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, gitguardianfake.Options{})
	w.space.Find(gitguardianfake.Incident{Hash: hash})
	conflict := fake.Rule{Method: "POST", Path: "/v1/incidents/secrets/1/resolve", Status: 409, Text: canary}
	w.faults.Set(conflict)
	wantKind(t, "Close of what stays open", w.close(t.Context(), "1", leaks.Revoked, ""), keyturn.Conflict)
	first := fake.Rule{Method: "GET", Times: 1, Answer: answering("", 200, `{"status": "TRIGGERED"}`).Answer}
	w.faults.Set(first, conflict)
	w.space.Set(false, 1, "RESOLVED")
	wantKind(t, "Close of what was closed meanwhile", w.close(t.Context(), "1", leaks.Revoked, ""), "")
	for _, path := range []string{"/v1/incidents/secrets/1/notes", "/v1/incidents/secrets/1/resolve"} {
		w.space.Set(false, 1, "TRIGGERED")
		w.faults.Set(fake.Rule{Path: path, Status: 404})
		wantKind(t, "Close of what is deleted meanwhile", w.close(t.Context(), "1", leaks.Revoked, "rotated"), "")
	}
	w.faults.Set(answering("", 200, `{"status": "CANARY"}`))
	wantKind(t, "Close of what is in no state", w.close(t.Context(), "1", leaks.Revoked, ""), keyturn.Unavailable)
	for _, status := range []int{400, 403, 429, 503} {
		w.faults.Set(fake.Rule{Method: "POST", Status: status, Text: canary})
		kind := map[int]keyturn.Kind{400: keyturn.Invalid, 403: keyturn.Denied, 429: keyturn.RateLimited, 503: keyturn.Unavailable}[status]
		wantKind(t, "Close", w.close(t.Context(), "1", leaks.Revoked, ""), kind)
	}
}

// TestEachMethodOnceAndHonest makes every method meet what may go wrong. None asks
// again, none quotes what it was answered.
func TestEachMethodOnceAndHonest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, gitguardianfake.Options{})
	w.space.Find(gitguardianfake.Incident{Hash: hash})
	for method, do := range map[string]func(context.Context) error{
		"Look":  func(ctx context.Context) error { _, err := w.look(ctx, "1"); return err },
		"Open":  func(ctx context.Context) error { _, err := w.open(ctx, time.Time{}); return err },
		"Close": func(ctx context.Context) error { return w.close(ctx, "1", leaks.Revoked, "") },
		"Check": w.Check,
	} {
		for what, c := range map[string]struct {
			rule fake.Rule
			kind keyturn.Kind
		}{
			"401":            {fake.Rule{Status: 401, Text: canary}, keyturn.Denied},
			"403":            {fake.Rule{Status: 403, Text: canary}, keyturn.Denied},
			"400":            {fake.Rule{Status: 400, Text: canary}, keyturn.Invalid},
			"429":            {fake.Rule{Status: 429, Text: canary}, keyturn.RateLimited},
			"500":            {fake.Rule{Status: 500, Text: canary}, keyturn.Unavailable},
			"a redirect":     {answering("", 302, "", "Location", "https://evil.example/"+canary), keyturn.Unavailable},
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
		w.faults.Set(answering("", 429, "", "Retry-After", "17"))
		if e := new(keyturn.Error); !errors.As(do(t.Context()), &e) || e.RetryAfter != 17*time.Second {
			t.Errorf("%s: it is to wait %v, want 17s", method, e.RetryAfter)
		}
	}
}

// TestPrivacy checks what every request carries.
func TestPrivacy(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, gitguardianfake.Options{})
	w.space.Find(gitguardianfake.Incident{Hash: hash})
	var got []string
	w.faults.Set(fake.Rule{Match: recorder(&got), Delay: 1})
	if err := errors.Join(w.Check(t.Context()), w.close(t.Context(), "1", leaks.Revoked, "rotated")); err != nil {
		t.Error(err)
	}
	if len(got) != 6 || strings.Join(got, "") != strings.Repeat("Token ggtt-v-fake true;", 6) {
		t.Errorf("requests carry %q", got)
	}
}
