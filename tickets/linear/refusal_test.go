package linear_test

import (
	"errors"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/tickets/linear/linearfake"
)

// TestRefusals checks what is made of errors as Linear words them or has worded
// them. The bodies are those that users of its API have published.
func TestRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, linearfake.Options{})
	id := w.open(t, "rotate/run-1").ID
	for _, c := range []struct {
		status int
		body   string
		want   keyturn.Kind
		word   string
	}{
		{200, `{"errors":[{"message":"Entity not found: Issue","path":["issue"],"extensions":{"type":"invalid input","code":"INPUT_ERROR","statusCode":400,"userError":true,"userPresentableMessage":"Could not find referenced Issue."}}],"data":null}`, keyturn.NotFound, "no such ticket"},
		{400, `{"errors":[{"message":"Entity not found","path":["issue"],"extensions":{"type":"invalid input","userError":true,"userPresentableMessage":"Could not find referenced Issue."}}],"data":null}`, keyturn.NotFound, "no such ticket"},
		{200, `{"errors":[{"message":"Entity not found: Issue - Could not find referenced Issue.","extensions":{"code":"INVALID_INPUT"}}]}`, keyturn.NotFound, "no such ticket"},
		{200, `{"errors":[{"message":"Entity not found: IssueLabel","extensions":{"code":"INPUT_ERROR"}}],"data":null}`, keyturn.Invalid, "settings"},
		{400, `{"errors":[{"message":"Entity not found","extensions":{"type":"invalid input","userPresentableMessage":"Could not find referenced Team."}}]}`, keyturn.Invalid, "settings"},
		{401, `{"errors":[{"message":"Authentication required, not authenticated","extensions":{"type":"authentication error","code":"AUTHENTICATION_ERROR","statusCode":401,"userError":true,"meta":{},"http":{"status":401}}}]}`, keyturn.Denied, "auth"},
		{200, `{"errors":[{"message":"bad key","extensions":{"type":"authentication error"}}],"data":null}`, keyturn.Denied, "token"},
		{403, `{"errors":[{"message":"Invalid scope: 'write' required","extensions":{"code":"FORBIDDEN","type":"forbidden"}}]}`, keyturn.Denied, "README"},
		{200, `{"errors":[{"message":"no","extensions":{"code":"FEATURE_NOT_ACCESSIBLE"}}]}`, keyturn.Denied, "plan"},
		{401, `{"errors":[{"message":"nope"}]}`, keyturn.Denied, "token"},
		{401, `Unauthorized`, keyturn.Denied, "token"},
		{403, `forbidden`, keyturn.Denied, ""},
		{400, `{"errors":[{"message":"Rate limit exceeded.","extensions":{"type":"ratelimited","code":"RATELIMITED","statusCode":429,"userError":true}}]}`, keyturn.RateLimited, "throttled"},
		{200, `{"errors":[{"message":"slow down","extensions":{"type":"ratelimited"}}]}`, keyturn.RateLimited, "throttled"},
		{429, `Too many requests`, keyturn.RateLimited, "throttled"},
		{400, `{"errors":[{"message":"Argument Validation Error","extensions":{"code":"INVALID_INPUT"}}]}`, keyturn.Invalid, "settings"},
		{400, `{"errors":[{"message":"Cannot query field \"url\" on type \"Issue\".","extensions":{"code":"GRAPHQL_VALIDATION_FAILED","type":"graphql error"}}]}`, keyturn.Invalid, "schema"},
		{500, `{"errors":[{"message":"boom","extensions":{"code":"INTERNAL_SERVER_ERROR"}}]}`, keyturn.Unavailable, ""},
		{200, `{"errors":[{"message":"busy","extensions":{"type":"lock timeout"}}]}`, keyturn.Unavailable, ""},
		{200, `{"errors":[{"message":"something new"}],"data":null}`, keyturn.Unavailable, ""},
		{502, `<html>`, keyturn.Unavailable, ""},
		{404, `not found`, keyturn.Unavailable, "base_url"},
		{200, `{"data":null}`, keyturn.Unavailable, ""},
		{200, `{"data":{"issue":null}}`, keyturn.Unavailable, ""},
		{200, `{"data":{"issue":{"id":"` + id + `","state":{"type":"completed"}}}}`, keyturn.Unavailable, ""},
		// Of several, the one that is worth waiting for, or that nothing can be done against.
		{200, `{"errors":[{"message":"Entity not found: Issue","extensions":{"code":"INPUT_ERROR"}},{"message":"x","extensions":{"code":"AUTHENTICATION_ERROR"}}],"data":{"issue":null}}`, keyturn.Denied, ""},
		{200, `{"errors":[{"message":"Entity not found: Issue","extensions":{"code":"INPUT_ERROR"}},{"message":"x","extensions":{"code":"RATELIMITED"}}]}`, keyturn.RateLimited, ""},
	} {
		w.faults.Set(answering("issue", c.status, c.body))
		_, err := w.State(t.Context(), id)
		wantKind(t, strconv.Itoa(c.status)+" "+c.body, err, c.want, c.word)
	}
}

// TestWait checks how long a throttled caller waits: until the quota that is
// used up is full again, by Linear's clock.
func TestWait(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, linearfake.Options{})
	id := w.open(t, "rotate/run-1").ID
	in := func(d time.Duration) string { return strconv.FormatInt(w.now.Add(d).UnixMilli(), 10) }
	for name, c := range map[string]struct {
		header map[string]string
		want   time.Duration
	}{
		"nothing said":     {nil, 0},
		"requests":         {map[string]string{"X-RateLimit-Requests-Remaining": "0", "X-RateLimit-Requests-Reset": in(time.Minute), "X-RateLimit-Complexity-Remaining": "90", "X-RateLimit-Complexity-Reset": in(time.Hour)}, time.Minute},
		"complexity":       {map[string]string{"X-RateLimit-Requests-Remaining": "12", "X-RateLimit-Requests-Reset": in(time.Minute), "X-RateLimit-Complexity-Remaining": "0", "X-RateLimit-Complexity-Reset": in(time.Hour)}, time.Hour},
		"one endpoint":     {map[string]string{"X-RateLimit-Requests-Remaining": "12", "X-RateLimit-Requests-Reset": in(time.Hour), "X-RateLimit-Endpoint-Requests-Remaining": "0", "X-RateLimit-Endpoint-Requests-Reset": in(9 * time.Second)}, 9 * time.Second},
		"both":             {map[string]string{"X-RateLimit-Requests-Remaining": "0", "X-RateLimit-Requests-Reset": in(time.Minute), "X-RateLimit-Complexity-Remaining": "0", "X-RateLimit-Complexity-Reset": in(2 * time.Minute)}, 2 * time.Minute},
		"none used up":     {map[string]string{"X-RateLimit-Requests-Reset": in(2 * time.Minute), "X-RateLimit-Complexity-Reset": in(time.Minute)}, time.Minute},
		"in the past":      {map[string]string{"X-RateLimit-Requests-Remaining": "0", "X-RateLimit-Requests-Reset": in(-time.Minute)}, 0},
		"nonsense":         {map[string]string{"X-RateLimit-Requests-Reset": "soon", "X-RateLimit-Complexity-Reset": "1e300"}, 0},
		"another clock":    {map[string]string{"Date": w.now.Add(time.Hour).Format(http.TimeFormat), "X-RateLimit-Requests-Remaining": "0", "X-RateLimit-Requests-Reset": in(time.Hour + time.Minute)}, time.Minute},
		"as others say it": {map[string]string{"Retry-After": "30", "X-RateLimit-Requests-Reset": in(time.Hour)}, 30 * time.Second},
	} {
		w.faults.Set(fake.Rule{Times: 1, Answer: http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Date", w.now.Format(http.TimeFormat))
			for key, value := range c.header {
				rw.Header().Set(key, value)
			}
			rw.WriteHeader(http.StatusBadRequest)
			_, _ = rw.Write([]byte(`{"errors":[{"message":"Rate limit exceeded","extensions":{"code":"RATELIMITED"}}]}`))
		})})
		_, err := w.State(t.Context(), id)
		var e *keyturn.Error
		if !errors.As(err, &e) || e.Kind != keyturn.RateLimited || e.RetryAfter != c.want {
			t.Errorf("%s: %+v, want rate limited for %s", name, err, c.want)
		}
	}
}
