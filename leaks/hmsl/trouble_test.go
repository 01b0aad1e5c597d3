package hmsl_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks/hmsl"
	"github.com/keyturn/keyturn/leaks/hmsl/hmslfake"
	"github.com/keyturn/keyturn/providers/fake"
)

// TestTrouble meets what may go wrong, and asks once. No answer that is not the
// documented one may pass for good news.
func TestTrouble(t *testing.T) {
	t.Parallel()
	w := newWorld(t, hmslfake.Options{})
	h := hash("abcde")
	w.service.Leak(h, 1, "https://github.com/acme")
	if _, err := w.exchange.Token(t.Context()); err != nil {
		t.Fatal(err)
	}
	const look = "/v1/prefixes"
	for what, c := range map[string]struct {
		rule fake.Rule
		kind keyturn.Kind
	}{
		"401":            {fake.Rule{Status: 401, Text: "CANARY"}, keyturn.Denied},
		"403":            {fake.Rule{Status: 403, Text: "CANARY"}, keyturn.Denied},
		"400":            {fake.Rule{Status: 400, Text: "CANARY"}, keyturn.Invalid},
		"404":            {fake.Rule{Status: 404, Text: "CANARY"}, keyturn.Unavailable},
		"410":            {fake.Rule{Status: 410, Text: "CANARY"}, keyturn.Unavailable},
		"429":            {fake.Rule{Status: 429, Text: "CANARY"}, keyturn.RateLimited},
		"500":            {fake.Rule{Status: 500, Text: "CANARY"}, keyturn.Unavailable},
		"a redirect":     {fake.Rule{Answer: http.RedirectHandler("/elsewhere", http.StatusFound)}, keyturn.Unavailable},
		"lost before":    {fake.Rule{Drop: fake.DropBefore}, keyturn.Unavailable},
		"lost after":     {fake.Rule{Drop: fake.DropAfter}, keyturn.Unavailable},
		"prose":          {answering(look, "<html>CANARY"), keyturn.Unavailable},
		"null":           {answering(look, "null"), keyturn.Unavailable},
		"no matches":     {answering(look, `{}`), keyturn.Unavailable},
		"null matches":   {answering(look, `{"matches": null}`), keyturn.Unavailable},
		"another's":      {answering(look, `{"secrets": []}`), keyturn.Unavailable},
		"no hint":        {answering(look, `{"matches": [{"payload": "CANARY"}]}`), keyturn.Unavailable},
		"no payload":     {answering(look, `{"matches": [{"hint": "`+h+`"}]}`), keyturn.Unavailable},
		"half an answer": {answering(look, `{"matches": [`), keyturn.Unavailable},
	} {
		w.faults.Set(c.rule)
		w.requests()
		got, err := w.Look(t.Context(), []string{h})
		wantKind(t, what, err, c.kind)
		if sent := w.requests(); len(sent) != 1 || got.Matches != nil {
			t.Errorf("%s: sent %q, got %v", what, sent, got.Matches)
		}
	}
	w.faults.Set()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.Look(ctx, []string{h}); !errors.Is(err, context.Canceled) {
		t.Errorf("called off: %v", err)
	}
	if got, err := w.Look(t.Context(), []string{h}); err != nil || len(got.Matches) != 1 {
		t.Errorf("in the end: %v, %v", got, err)
	}
}

// TestQuota counts down what is left, and says when there is more.
func TestQuota(t *testing.T) {
	t.Parallel()
	w := newWorld(t, hmslfake.Options{Quota: 125})
	const untilMidnight = 15*time.Hour + time.Second
	for _, c := range []struct {
		hashes, left, next int
	}{{0, 125, 10}, {10, 25, 2}, {1, 15, 1}, {1, 5, 0}, {0, 5, 0}} {
		var hashes []string
		for i := range c.hashes {
			hashes = append(hashes, hash(string(rune('0'+i))+"abcd"))
		}
		got, err := w.Look(t.Context(), hashes)
		if want := (hmsl.Quota{Remaining: c.left, Reset: untilMidnight}); err != nil || got.Quota != want || got.Quota.Hashes() != c.next {
			t.Errorf("after %d: %v, %+v and %d, want %+v and %d", c.hashes, err, got.Quota, got.Quota.Hashes(), want, c.next)
		}
	}
	_, err := w.Look(t.Context(), []string{hash("abcde")})
	wantKind(t, "too much", err, keyturn.RateLimited, "used up")
	var e *keyturn.Error
	if !errors.As(err, &e) || e.RetryAfter != untilMidnight {
		t.Errorf("wait %v, want %v", e.RetryAfter, untilMidnight)
	}
	w.service.Renew()
	if _, err := w.Look(t.Context(), []string{hash("abcde")}); err != nil {
		t.Errorf("the next day: %v", err)
	}
}

// TestThrottled waits as long as the answer says, within reason.
func TestThrottled(t *testing.T) {
	t.Parallel()
	w := newWorld(t, hmslfake.Options{})
	for what, c := range map[string]struct {
		header http.Header
		want   time.Duration
		words  string
	}{
		"seconds":        {http.Header{"Ratelimit-Reset": {"30"}}, 31 * time.Second, "Too Many"},
		"the other one":  {http.Header{"Ratelimit-Reset": {"30"}, "Retry-After": {"7"}}, 7 * time.Second, "Too Many"},
		"used up":        {http.Header{"Ratelimit-Reset": {"0"}, "Ratelimit-Remaining": {"0"}}, time.Second, "used up"},
		"some left":      {http.Header{"Ratelimit-Remaining": {"100"}}, 0, "Too Many"},
		"no word":        {nil, 0, "Too Many"},
		"prose":          {http.Header{"Ratelimit-Reset": {"soon"}, "Ratelimit-Remaining": {"few"}}, 0, "Too Many"},
		"less than none": {http.Header{"Ratelimit-Reset": {"-5"}}, 0, "Too Many"},
		"a date":         {http.Header{"Ratelimit-Reset": {"1795514430"}}, 24*time.Hour + time.Second, "Too Many"},
	} {
		w.faults.Set(fake.Rule{Path: "/v1/prefixes", Answer: http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
			for name, values := range c.header {
				rw.Header()[name] = values
			}
			rw.WriteHeader(http.StatusTooManyRequests)
		})})
		_, err := w.Look(t.Context(), []string{hash("abcde")})
		wantKind(t, what, err, keyturn.RateLimited, c.words)
		var e *keyturn.Error
		if errors.As(err, &e) && e.RetryAfter != c.want {
			t.Errorf("%s: wait %v, want %v", what, e.RetryAfter, c.want)
		}
	}
}

// TestPaging looks many hashes up as a caller does that may be stopped at any request
// and goes on where it was: nothing is lost, and nothing is paid for twice but what
// was not answered.
func TestPaging(t *testing.T) {
	t.Parallel()
	w := newWorld(t, hmslfake.Options{Quota: 300})
	var hashes, want []string
	for i := range 23 {
		h := hash(string(rune('a'+i%6)) + string(rune('0'+i%10)) + "abc")
		hashes = append(hashes, h)
		if i%4 == 0 {
			w.service.Leak(h, 1, "https://github.com/acme")
			want = append(want, h)
		}
	}
	w.faults.Set(fake.Rule{Path: "/v1/prefixes", Drop: fake.DropAfter, Skip: 2, Times: 1})
	var found []string
	left, failed := hmsl.Quota{Remaining: -1}, 0
	for at := 0; at < len(hashes); {
		n := min(left.Hashes(), len(hashes)-at)
		if n == 0 {
			t.Fatalf("the quota ended at %d", at)
		}
		got, err := w.Look(t.Context(), hashes[at:at+n])
		if keyturn.KindOf(err) == keyturn.Unavailable {
			failed++
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range got.Matches {
			found = append(found, m.Hash)
		}
		at, left = at+n, got.Quota
	}
	slices.Sort(want)
	slices.Sort(found)
	if diff := cmp.Diff(want, found); diff != "" || failed != 1 || left.Remaining != 300-230-30 {
		t.Errorf("failed %d times, %d left, %s", failed, left.Remaining, diff)
	}
}
