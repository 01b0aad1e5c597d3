package github_test

import (
	"errors"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/tickets/github/githubfake"
)

// TestThrottling checks every way GitHub asks to wait.
func TestThrottling(t *testing.T) {
	t.Parallel()
	reset := strconv.FormatInt(time.Date(2031, 5, 1, 12, 3, 0, 0, time.UTC).Unix(), 10)
	const plain, secondary = `{"message": "Resource not accessible"}`, `{"message": "You have exceeded a secondary rate limit."}`
	for what, c := range map[string]struct {
		answer http.Handler
		kind   keyturn.Kind
		wait   time.Duration
	}{
		"403 with retry-after":  {answering(403, plain, "Retry-After", "7"), keyturn.RateLimited, 7 * time.Second},
		"429 with retry-after":  {answering(429, plain, "Retry-After", "7"), keyturn.RateLimited, 7 * time.Second},
		"403 until the reset":   {answering(403, plain, "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", reset), keyturn.RateLimited, 3 * time.Minute},
		"429 with a past reset": {answering(429, plain, "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "1"), keyturn.RateLimited, time.Second},
		"403 that says so":      {answering(403, secondary, "X-RateLimit-Remaining", "4000", "X-RateLimit-Reset", reset), keyturn.RateLimited, time.Minute},
		"429 that says nothing": {answering(429, ""), keyturn.RateLimited, time.Minute},
		"403 that refuses":      {answering(403, plain, "X-RateLimit-Remaining", "4000", "X-RateLimit-Reset", reset), keyturn.Denied, 0},
		"503 with retry-after":  {answering(503, "", "Retry-After", "7"), keyturn.Unavailable, 7 * time.Second},
		"422":                   {answering(422, plain), keyturn.Invalid, 0},
	} {
		w := newWorld(t, githubfake.Options{}, config)
		id := w.open(t, "rotate/run-1")
		w.faults.Set(fake.Rule{Answer: c.answer})
		_, err := w.State(w.ctx, id)
		var e *keyturn.Error
		if !errors.As(err, &e) || e.Kind != c.kind || e.RetryAfter != c.wait {
			t.Errorf("%s: %#v, want %s and to wait %s", what, err, c.kind, c.wait)
		}
	}
}

// answering answers with a status, a body and headers.
func answering(status int, body string, headers ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	})
}

// holding tells that a request arrived, and answers 503 once hold is closed.
func holding(arrived chan<- struct{}, hold <-chan struct{}) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		select {
		case <-hold:
		case <-r.Context().Done():
		}
		githubfake.Refuse(w, r, http.StatusServiceUnavailable, 0, "")
	})
}
