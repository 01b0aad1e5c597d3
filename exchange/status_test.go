package exchange_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/exchange"
)

func TestStatusError(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]keyturn.Kind{
		200: "", 204: "", 301: keyturn.Unavailable, 400: keyturn.Invalid, 401: keyturn.Denied, 403: keyturn.Denied, 404: keyturn.NotFound,
		408: keyturn.Unavailable, 409: keyturn.Conflict, 410: keyturn.NotFound, 412: keyturn.Conflict, 422: keyturn.Invalid,
		429: keyturn.RateLimited, 500: keyturn.Unavailable, 503: keyturn.Unavailable, 599: keyturn.Unavailable,
	} {
		if got := keyturn.KindOf(exchange.StatusError("acme: mint", &http.Response{StatusCode: status, Header: http.Header{}})); got != want {
			t.Errorf("%d is %q, want %q", status, got, want)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]time.Duration{
		"7": 7 * time.Second, "": 0, "soon": 0, "-3": 0, "0": 0,
		time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat): 0,
	} {
		if got := wait(429, value); got != want {
			t.Errorf("Retry-After %q is %s, want %s", value, got, want)
		}
	}
	at := time.Now().Add(time.Minute).UTC().Format(http.TimeFormat)
	if got := wait(503, at); got < 55*time.Second || got > time.Minute {
		t.Errorf("a date in a minute is %s", got)
	}
}

// wait is how long an answer's Retry-After asks to wait.
func wait(status int, value string) time.Duration {
	var e *keyturn.Error
	if !errors.As(exchange.StatusError("acme", &http.Response{StatusCode: status, Header: http.Header{"Retry-After": {value}}}), &e) {
		return -1
	}
	return e.RetryAfter
}
