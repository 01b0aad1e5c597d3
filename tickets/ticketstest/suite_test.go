package ticketstest

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
)

// acmeHarness is what Acme's test would hand to Run.
func acmeHarness(keyed bool, bug string) Harness {
	h := Harness{
		Factory:      acmeFactory(keyed, bug),
		Config:       `{"project": "ops", "token": {"path": "keyturn/acme"}}`,
		WrongProject: `{"project": "nope", "token": {"path": "keyturn/acme"}}`,
		Fake:         serveAcme(keyed),
		Requests:     map[string]int{opComment: 3},
		Signature:    "Acme-Signature",
		Prefix:       "acme_",
	}
	if keyed {
		h.Priority, h.Fresh = true, true
	} else {
		h.Racy = true
	}
	return h
}

// TestSoundTracker runs the suite as trackers do, before a vendor that knows
// keys, priority and time, and before one that knows nothing of it.
func TestSoundTracker(t *testing.T) {
	t.Parallel()
	for name, keyed := range map[string]bool{"keyed": true, "plain": false} {
		t.Run(name, func(t *testing.T) { Run(t, acmeHarness(keyed, "")) })
	}
}

// TestEveryQuestionCanFail breaks the tracker in one way after another: the
// question that is there for it must fail, and every question must be there for
// something.
func TestEveryQuestionCanFail(t *testing.T) {
	t.Parallel()
	const keyed, plain = true, false
	bugs := []struct {
		bug, question string
		keyed         bool
	}{
		{"lenient-settings", "Settings", plain},
		{"no-project", "Settings", plain},
		{"nags", "OpenTwice", plain},
		{"nags", "OpenAfterLostAnswer", plain},
		{"remembers-late", "OpenAfterLostAnswer", plain},
		{"two-at-once", "OpenAtOnce", plain},
		{"forgets-closed", "OpenAfterClosed", plain},
		{"reopens", "OpenAfterClosed", keyed},
		{"first-page", "OpenOnLaterPage", plain},
		{"keys-by-prefix", "KeysDiffer", keyed},
		{"no-due", "Due", keyed},
		{"no-urgency", "Urgent", keyed},
		{"always-open", "StateFollows", plain},
		{"cannot-reopen", "SetTwice", plain},
		{"sets-again", "SetTwice", plain},
		{"cannot-reopen", "SetAfterLostAnswer", plain},
		{"postpone-reopens", "Postpone", plain},
		{"only-later", "Postpone", plain},
		{"same-day-is-an-error", "PostponeAfterLostAnswer", plain},
		{"gone-is-invalid", "Deleted", plain},
		{"always-open", "Deleted", plain},
		{"raw-ids", "StrangeIDs", plain},
		{"nags", "CommentTwice", plain},
		{"comments-by-prefix", "CommentTwice", plain},
		{"nags", "CommentAfterLostAnswer", plain},
		{"first-page", "CommentOnLaterPage", plain},
		{"escapes-text", "Title", plain},
		{"escapes-text", "Body", plain},
		{"loses-code", "Body", plain},
		{"escapes-text", "CommentText", plain},
		{"checks-by-opening", "Check", plain},
		{"checks-nothing", "CheckWrongProject", plain},
		{"checks-nothing", "CheckRefusedCredential", plain},
		{"names-token", "CheckRefusedCredential", plain},
		{"quotes-body", "Statuses", plain},
		{"drops-retry-after", "Statuses", plain},
		{"plain-errors", "Statuses", plain},
		{"nameless", "Statuses", plain},
		{"no-answer-is-final", "NoAnswer", plain},
		{"asks-twice", "Requests", plain},
		{"retries", "StopsAtRefusal", plain},
		{"ignores-cancel", "Cancelled", plain},
		{"believes-silence", "BrokenAnswers", plain},
		{"reads-everything", "HugeAnswers", plain},
		{"follows-redirects", "Redirects", plain},
		{"no-credential-is-gone", "CredentialFails", plain},
		{"keeps-credential", "CredentialRotates", plain},
		{"deaf-to-reopening", "Hear", plain},
		{"asks-back", "Hear", plain},
		{"new-name-each-time", "HearResent", plain},
		{"every-event-counts", "HearUnrelated", plain},
		{"believes-anybody", "HearForged", plain},
		{"believes-unsigned", "HearForged", plain},
		{"believes-old-news", "HearStale", keyed},
		{"believes-garbage", "HearMalformed", plain},
		{"quotes-delivery", "HearMalformed", plain},
		{"believes-no-secret", "HearWithoutSecret", plain},
		{"believes-garbage", "HearHuge", plain},
	}
	caught := map[string]bool{}
	for _, b := range bugs {
		caught[b.question] = true
		t.Run(b.question+"/"+b.bug, func(t *testing.T) {
			t.Parallel()
			i := slices.IndexFunc(questions(), func(q question) bool { return q.name == b.question })
			if i < 0 {
				t.Fatalf("there is no question %s", b.question)
			}
			if failures := ask(t, questions()[i], acmeHarness(b.keyed, b.bug)); len(failures) == 0 {
				t.Errorf("a tracker with the bug %q passes", b.bug)
			} else {
				t.Log(failures[0])
			}
		})
	}
	for _, q := range questions() {
		if !caught[q.name] {
			t.Errorf("nothing shows that the question %s can fail; give it a bug", q.name)
		}
	}
}

// ask puts one question and returns what it complained of.
func ask(t *testing.T, q question, h Harness) []string {
	rec := &recorder{TB: t, ctx: t.Context()}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer rec.clean()
		defer func() {
			if p := recover(); p != nil {
				rec.Errorf("panic: %v", p)
			}
		}()
		q.ask(rec, h)
	}()
	<-done
	return rec.failures
}

// recorder is a testing.TB that writes failures down instead of failing.
type recorder struct {
	testing.TB
	ctx context.Context

	mu       sync.Mutex
	failures []string
	cleanups []func()
}

func (r *recorder) Helper()                  {}
func (r *recorder) Context() context.Context { return r.ctx }
func (r *recorder) Error(args ...any)        { r.Errorf("%s", fmt.Sprint(args...)) }
func (r *recorder) Fatal(args ...any)        { r.Error(args...); runtime.Goexit() }

func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

func (r *recorder) Cleanup(f func()) { r.cleanups = append(r.cleanups, f) }

func (r *recorder) clean() {
	for _, f := range slices.Backward(r.cleanups) {
		f()
	}
}
