package providertest

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/providers/fake"
)

// wait is how long the fake asks callers to wait.
const wait = 7 * time.Second

// counted reports whether a request is a call of its own and not one that
// only fetches an access token.
func (r *rig) counted(req *http.Request) bool { return r.h.Auth == nil || !r.h.Auth(req) }

// nobody is a principal the fake does not know.
func (r *rig) nobody() string { return fmt.Sprintf(r.h.Principal, 9999) }

// lostMint is the case rotation stands or falls on: the vendor made the key
// and the answer never arrived. The orphan must be found, by its label or as
// the one key that was not there before, and ended.
func lostMint(t testing.TB, h Harness) {
	r := h.start(t, false)
	m, l := must[providers.Minter](t, r), must[providers.Lister](t, r)
	p := r.principal(1)
	old := r.seed(t, p, "orders/g6")
	before, err := collect(r.ctx, l, p)
	r.want(t, "List", err, "")
	r.faults.Set(fake.Rule{Drop: fake.DropAfter, Match: r.counted})
	_, err = m.Mint(r.ctx, providers.MintRequest{Principal: p, Label: "orders/g7", Permissions: h.Permissions})
	r.want(t, "Mint with its answer lost", err, keyturn.Unavailable)
	r.faults.Set()
	if n := len(r.ledger.IDs(fake.Minted)); n != 2 {
		t.Errorf("the vendor has minted %d keys, want the old one and one orphan", n)
	}
	after, err := collect(r.ctx, l, p)
	r.want(t, "List", err, "")
	var orphans []providers.RemoteKey
	for _, k := range after {
		is := k.Label == "orders/g7"
		if !r.Info().Labels {
			is = !slices.ContainsFunc(before, func(b providers.RemoteKey) bool { return b.ID == k.ID })
		}
		if is {
			orphans = append(orphans, k)
		}
	}
	if len(orphans) != 1 {
		t.Fatalf("%d orphans recognised, want 1; listed %+v", len(orphans), after)
	}
	r.want(t, "Revoke of the orphan", must[providers.Revoker](t, r).Revoke(r.ctx, p, orphans[0].ID), "")
	if live := r.ledger.Live(p); len(live) != 1 || live[0].ID != old.ID {
		t.Errorf("left alive: %+v, want only %s", live, old.ID)
	}
}

// noAnswer asks whether a broken conversation is worth another try.
func noAnswer(t testing.TB, h Harness) {
	r := h.start(t, false)
	calls := r.calls(t)
	r.faults.Set(fake.Rule{Drop: fake.DropBefore})
	for _, c := range calls {
		r.want(t, c.op+" without an answer", c.do(r.ctx), keyturn.Unavailable)
	}
}

// expected says what a status must become.
func (h Harness) expected(op string, status int) []keyturn.Kind {
	if kind, ok := h.Expect[fmt.Sprintf("%s %d", op, status)]; ok {
		return []keyturn.Kind{kind}
	}
	switch {
	case op == opPermissions && (status == 403 || status == 409 || status == 422):
		// The answer itself says whether a permission is there.
		return []keyturn.Kind{"", keyturn.Denied, keyturn.Conflict, keyturn.Invalid}
	case status == 401 || status == 403:
		return []keyturn.Kind{keyturn.Denied}
	case status == 404 && op == opRevoke:
		return []keyturn.Kind{""} // the caller wanted it gone
	case status == 404 && op == opVerify:
		return []keyturn.Kind{keyturn.NotFound, keyturn.Denied}
	case status == 404 && op == opRevokeValue:
		return []keyturn.Kind{"", keyturn.NotFound} // the value is dead, or never lived
	case status == 404 && op == opPermissions:
		return []keyturn.Kind{"", keyturn.NotFound} // a probe may aim at nothing on purpose
	case status == 404:
		return []keyturn.Kind{keyturn.NotFound}
	case status == 409:
		return []keyturn.Kind{keyturn.Conflict}
	case status == 429:
		return []keyturn.Kind{keyturn.RateLimited}
	case status >= 500:
		return []keyturn.Kind{keyturn.Unavailable}
	}
	return []keyturn.Kind{keyturn.Invalid}
}

// statuses asks whether each refusal, in the vendor's own words, becomes the
// kind that decides what happens next, and whether its body stays out of sight.
func statuses(t testing.TB, h Harness) {
	r := h.start(t, false)
	calls := r.calls(t)
	for _, status := range []int{401, 403, 404, 409, 422, 429, 500, 503} {
		r.faults.Set(fake.Rule{Status: status, Wait: keyturn.Duration(wait), Text: canary + "-quoted", Match: r.counted})
		for _, c := range calls {
			err := c.do(r.ctx)
			r.want(t, fmt.Sprintf("%s answered %d", c.op, status), err, h.expected(c.op, status)...)
			var e *keyturn.Error
			if !errors.As(err, &e) {
				continue
			}
			if !strings.HasPrefix(e.Op, h.Factory.Name) {
				t.Errorf("%s answered %d: Op is %q, want it to begin with %q", c.op, status, e.Op, h.Factory.Name)
			}
			if status == 429 && e.RetryAfter != wait && !h.NoRetryAfter {
				t.Errorf("%s answered 429: RetryAfter = %v, want the %v the vendor asked for", c.op, e.RetryAfter, wait)
			}
		}
	}
}

// authStatuses asks the same of the requests that fetch an access token.
func authStatuses(t testing.TB, h Harness) {
	if h.Auth == nil {
		return
	}
	for status, kind := range map[int]keyturn.Kind{401: keyturn.Denied, 429: keyturn.RateLimited, 503: keyturn.Unavailable} {
		asked := 0
		for i := range h.start(t, false).calls(t) {
			r := h.start(t, false) // afresh, since a token may be kept
			c := r.calls(t)[i]
			r.faults.Set(fake.Rule{Status: status, Wait: keyturn.Duration(wait), Text: canary + "-quoted", Match: h.Auth})
			err := c.do(r.ctx)
			if err == nil {
				continue // this call needs no token
			}
			asked++
			kinds := []keyturn.Kind{kind}
			if c.op == opVerify && kind == keyturn.Denied {
				kinds = append(kinds, keyturn.Unavailable) // unless the token is asked for with the key under test
			}
			r.want(t, fmt.Sprintf("%s with its token request answered %d", c.op, status), err, kinds...)
		}
		if asked == 0 {
			t.Errorf("no call failed when token requests were answered %d; does Harness.Auth recognise them?", status)
		}
	}
}

// oneRequest asks whether each call makes one attempt: retrying is the
// workflow's job, and a second mint would be an orphan.
func oneRequest(t testing.TB, h Harness) {
	r := h.start(t, false)
	for _, rules := range [][]fake.Rule{{{Status: 503, Match: r.counted}}, {{Status: 429, Match: r.counted}}, nil} {
		calls := r.calls(t)
		r.faults.Set(rules...)
		for _, c := range calls {
			r.requests.take()
			_ = c.do(r.ctx)
			got := r.requests.take()
			most := max(1, h.Requests[c.op])
			if c.op == opPermissions {
				most = max(most, 10) // one for each permission
			}
			if len(got) == 0 || len(got) > most || len(slices.Compact(slices.Sorted(slices.Values(got)))) < len(got) {
				t.Errorf("%s made %d requests, want %d at most, and none of them twice: %s", c.op, len(got), most, got)
			}
		}
		r.free(t, calls)
	}
}
