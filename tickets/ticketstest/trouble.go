package ticketstest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers/fake"
)

// wait is how long the fake asks callers to wait.
const wait = 7 * time.Second

// statuses asks whether each refusal, in the vendor's own words, becomes the
// kind that decides what happens next, and whether its body stays out of sight.
func statuses(t testing.TB, h Harness) {
	r := h.start(t, 0)
	calls := r.calls(t)
	for _, status := range []int{401, 403, 404, 429, 500, 503} {
		r.faults.Set(fake.Rule{Status: status, Wait: keyturn.Duration(wait), Text: canary + "-quoted"})
		for _, c := range calls {
			err := c.do(r.ctx)
			r.want(t, fmt.Sprintf("%s answered %d", c.op, status), err, h.expected(c.op, status)...)
			var e *keyturn.Error
			if status == 429 && errors.As(err, &e) && e.RetryAfter != wait && !h.NoRetryAfter {
				t.Errorf("%s answered 429: RetryAfter = %v, want the %v the vendor asked for", c.op, e.RetryAfter, wait)
			}
		}
	}
}

// noAnswer asks whether a broken conversation is worth another try.
func noAnswer(t testing.TB, h Harness) {
	r := h.start(t, 0)
	calls := r.calls(t)
	r.faults.Set(fake.Rule{Drop: fake.DropBefore})
	for _, c := range calls {
		r.want(t, c.op+" without an answer", c.do(r.ctx), keyturn.Unavailable)
	}
}

// requests asks whether each method makes as few requests as it must and none
// twice: retrying is the workflow's job.
func requests(t testing.TB, h Harness) {
	r := h.start(t, 0)
	for _, c := range r.calls(t) {
		r.requests.take()
		r.want(t, c.op, c.do(r.ctx), "")
		got := r.requests.take()
		if len(got) == 0 || len(got) > h.most(c.op) {
			t.Errorf("%s made %d requests, want 1 to %d: %q", c.op, len(got), h.most(c.op), got)
		}
		if len(slices.Compact(slices.Sorted(slices.Values(got)))) < len(got) {
			t.Errorf("%s made a request twice: %q", c.op, got)
		}
	}
}

// stopsAtRefusal refuses each request of every method in turn. Nothing may
// follow it.
func stopsAtRefusal(t testing.TB, h Harness) {
	for _, status := range []int{429, 503} {
		for n := range 6 {
			r := h.start(t, 0)
			for _, c := range r.calls(t) {
				r.faults.Set(fake.Rule{Status: status, Skip: n})
				r.requests.take()
				err := c.do(r.ctx)
				switch got := r.requests.take(); {
				case len(got) > n+1:
					t.Errorf("%s went on after request %d was answered %d: %q", c.op, n+1, status, got[n+1:])
				case len(got) == n+1:
					r.want(t, fmt.Sprintf("%s with request %d answered %d", c.op, n+1, status), err, h.expected(c.op, status)...)
				}
				r.faults.Set()
			}
		}
	}
}

// cancelled asks whether a caller that gives up gets its own error back, at
// once, whether the request was under way or not.
func cancelled(t testing.TB, h Harness) {
	r := h.start(t, 0)
	calls := r.calls(t)
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
			cancel()
			return
		}
		cancel()
	}
}

// credentialFails asks whether trouble in the secret store is reported as what
// it is: a credential that is missing is not a missing ticket.
func credentialFails(t testing.TB, h Harness) {
	r := h.start(t, 0)
	calls := r.calls(t)
	for _, kind := range []keyturn.Kind{keyturn.Unavailable, keyturn.NotFound, keyturn.Denied} {
		r.vault.breakWith(keyturn.Errorf(kind, h.Factory.Name+": vault", "sealed"))
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

// credentialRotates asks whether a new credential is used at once.
func credentialRotates(t testing.TB, h Harness) {
	r := h.start(t, 0)
	calls := r.calls(t)
	r.vault.rotate()
	for _, c := range calls {
		r.want(t, c.op+" after the credential was replaced", c.do(r.ctx), "")
	}
}
