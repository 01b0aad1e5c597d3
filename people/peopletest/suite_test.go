package peopletest

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
)

// TestSoundDirectory runs the suite as directories do.
func TestSoundDirectory(t *testing.T) {
	t.Parallel()
	Run(t, acmeWorld(""))
}

// TestEveryQuestionCanFail breaks the directory in one way after another: the
// question that is there for it must fail, and every question must be there for
// something.
func TestEveryQuestionCanFail(t *testing.T) {
	t.Parallel()
	bugs := []struct{ bug, question string }{
		{"writes-as-kept", "ByAddress"},
		{"no-aliases", "ByAlias"},
		{"other-id", "ByID"},
		{"no-manager", "Manager"},
		{"quotes-address", "Unknown"},
		{"gone-is-invalid", "Unknown"},
		{"finds-by-prefix", "StrangeNames"},
		{"raw-ids", "StrangeNames"},
		{"inactive-is-gone", "Inactive"},
		{"all-active", "Inactive"},
		{"remembers", "Deleted"},
		{"first-page", "Everyone"},
		{"only-active", "Everyone"},
		{"reads-ahead", "EveryoneStops"},
		{"swallows-errors", "EveryoneFails"},
		{"goes-on", "EveryoneFails"},
		{"all-members", "Team"},
		{"members-lead", "Leads"},
		{"any-team", "UnknownTeam"},
		{"ends-one", "EndSessions"},
		{"first-page", "EndSessions"},
		{"believes-lost", "EndSessionsAfterLostAnswer"},
		{"gone-is-an-error", "EndSessionsOfTheGone"},
		{"check-fails", "Check"},
		{"quotes-body", "Statuses"},
		{"names-token", "Statuses"},
		{"drops-retry-after", "Statuses"},
		{"plain-errors", "Statuses"},
		{"retries", "Statuses"},
		{"no-answer-is-final", "NoAnswer"},
		{"ignores-cancel", "Cancelled"},
		{"believes-silence", "BrokenAnswers"},
		{"garbage-is-nobody", "BrokenAnswers"},
		{"no-credential-is-gone", "CredentialFails"},
		{"believes-no-secret", "HearWithoutSecret"},
		{"subscribes-anyway", "HearWithoutSecret"},
		{"believes-anybody", "HearForged"},
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
			if failures := ask(t, questions()[i], acmeWorld(b.bug)); len(failures) == 0 {
				t.Errorf("a directory with the bug %q passes", b.bug)
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
func ask(t *testing.T, q question, w World) []string {
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
		q.ask(rec, w)
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
