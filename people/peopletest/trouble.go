package peopletest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people"
	"github.com/keyturn/keyturn/providers/fake"
)

// wait is how long the fake asks callers to wait.
const wait = 7 * time.Second

// fault refuses requests after the first skip, and quotes what must stay quiet.
func fault(status, skip int) fake.Rule {
	return fake.Rule{Status: status, Skip: skip, Wait: keyturn.Duration(wait), Text: "quoted " + adaEmail}
}

// A call is one thing the directory can do, ready to be done.
type call struct {
	op string
	do func(context.Context) error
}

// calls returns one call per method. With warm the directory is signed in.
func (r *rig) calls(t testing.TB, warm bool) []call {
	t.Helper()
	ada, _ := r.staff()
	out := []call{
		{"Person", func(ctx context.Context) error { _, err := r.Person(ctx, adaEmail); return err }},
		{"PersonByID", func(ctx context.Context) error { _, err := r.PersonByID(ctx, ada); return err }},
		{"Everyone", func(ctx context.Context) error {
			for _, err := range r.Everyone(ctx) {
				if err != nil {
					return err
				}
			}
			return nil
		}},
		{"Check", r.Check},
	}
	if !r.w.NoTeams {
		r.fake.AddTeam(Team{Name: r.w.teamName(orders), Members: []string{ada}})
		out = append(out, call{"Team", func(ctx context.Context) error { _, err := r.Team(ctx, r.w.teamName(orders)); return err }})
	}
	if ender, ok := r.Directory.(people.SessionEnder); ok {
		r.fake.SignIn(ada)
		p := people.Person{ID: ada, Email: adaEmail, Active: true}
		out = append(out, call{"EndSessions", func(ctx context.Context) error { _, err := ender.EndSessions(ctx, p); return err }})
	}
	if warm {
		_ = r.person(t, adaEmail)
	}
	r.requests.take()
	return out
}

// check asks whether Check passes where all is well.
func check(t testing.TB, w World) {
	r := w.start(t, 0)
	for _, c := range r.calls(t, false) {
		r.want(t, c.op, c.do(r.ctx), "")
	}
}

// expected says what a status must become.
func (w World) expected(op string, status int) []keyturn.Kind {
	if kind, ok := w.Expect[fmt.Sprintf("%s %d", op, status)]; ok {
		return []keyturn.Kind{kind}
	}
	switch status {
	case 401, 403:
		return []keyturn.Kind{keyturn.Denied}
	case 429:
		return []keyturn.Kind{keyturn.RateLimited}
	}
	return []keyturn.Kind{keyturn.Unavailable}
}

// statuses asks whether each refusal, in the vendor's own words, becomes the
// kind that decides what happens next, whether its body stays out of sight, and
// whether no request is made again: trying again is the workflow's job.
func statuses(t testing.TB, w World) {
	for _, warm := range []bool{true, false} {
		r := w.start(t, 0)
		calls := r.calls(t, warm)
		for _, status := range []int{401, 429, 500, 503} {
			for _, c := range calls {
				if warm { // a refused token may have been given up
					r.faults.Set()
					_ = r.person(t, adaEmail)
					r.requests.take()
				}
				r.faults.Set(fault(status, 0))
				what := fmt.Sprintf("%s answered %d", c.op, status)
				err := c.do(r.ctx)
				r.want(t, what, err, w.expected(c.op, status)...)
				var e *keyturn.Error
				if status == 429 && errors.As(err, &e) && e.RetryAfter != wait && !w.NoRetryAfter {
					t.Errorf("%s: RetryAfter = %v, want the %v the vendor asked for", what, e.RetryAfter, wait)
				}
				got := r.requests.take()
				if len(slices.Compact(slices.Sorted(slices.Values(got)))) < len(got) || len(got) == 0 {
					t.Errorf("%s: the requests were %q, want some, and none twice", what, got)
				}
			}
		}
	}
}

// noAnswer asks whether a broken conversation is worth another try.
func noAnswer(t testing.TB, w World) {
	r := w.start(t, 0)
	calls := r.calls(t, true)
	r.faults.Set(fake.Rule{Drop: fake.DropBefore})
	for _, c := range calls {
		r.want(t, c.op+" without an answer", c.do(r.ctx), keyturn.Unavailable)
	}
}

// cancelled asks whether a caller that gives up gets its own error back, at
// once, whether the request was under way or not.
func cancelled(t testing.TB, w World) {
	r := w.start(t, 0)
	calls := r.calls(t, true)
	for _, c := range calls {
		ctx, cancel := context.WithCancel(r.ctx)
		cancel()
		if err := c.do(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("%s after its context was cancelled: %v, want context.Canceled", c.op, err)
		}
	}
	if n := len(r.requests.take()); n != 0 {
		t.Errorf("calls with a cancelled context made %d requests, want none", n)
	}
	// A caller that stays would get its answer after all.
	r.faults.Set(fake.Rule{Delay: keyturn.Duration(3 * time.Second)})
	for _, c := range calls {
		ctx, cancel := context.WithCancel(r.ctx)
		r.faults.Hook(func(*http.Request) { cancel() }, nil)
		if err := c.do(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("%s cancelled under way: %v, want context.Canceled", c.op, err)
		}
		cancel()
	}
}

// brokenAnswers asks whether an answer is understood before it is believed: a
// proxy's login page must not make a leaver of anybody.
func brokenAnswers(t testing.TB, w World) {
	for _, warm := range []bool{true, false} {
		r := w.start(t, 0)
		calls := r.calls(t, warm)
		for _, body := range []string{"", "{", `{"` + canary, "<html><body>Sign in</body></html>", "null", "{}"} {
			r.faults.Set(fake.Rule{Answer: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) })})
			for _, c := range calls {
				switch c.op {
				case "Person", "PersonByID":
				case "Everyone", "Team": // to some vendors, leaving a list out is an empty one
					if body == "{}" {
						continue
					}
				default:
					continue
				}
				r.want(t, fmt.Sprintf("%s answered %q", c.op, body), c.do(r.ctx), keyturn.Unavailable)
			}
		}
	}
}

// credentialFails asks whether trouble in the secret store is reported as what
// it is: a credential that is missing is not a person who is.
func credentialFails(t testing.TB, w World) {
	r := w.start(t, 0)
	calls := r.calls(t, false)
	for _, kind := range []keyturn.Kind{keyturn.Unavailable, keyturn.NotFound, keyturn.Denied} {
		r.breakWith(keyturn.Errorf(kind, w.Factory.Name+": vault", "sealed"))
		for _, c := range calls {
			kinds := []keyturn.Kind{kind}
			if kind == keyturn.NotFound {
				kinds = []keyturn.Kind{keyturn.Denied, keyturn.Invalid}
			}
			r.want(t, fmt.Sprintf("%s while the secret store says %s", c.op, kind), c.do(r.ctx), kinds...)
		}
	}
	if n := len(r.requests.take()); n != 0 {
		t.Errorf("%d requests were made without a credential", n)
	}
}
