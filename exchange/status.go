package exchange

import (
	"net/http"
	"strconv"
	"time"

	"github.com/keyturn/keyturn"
)

// StatusError turns an HTTP status into the error kind it means everywhere,
// and keeps Retry-After, in seconds or as a date (RFC 9110, 10.2.3). It is
// nil for 2xx. A redirect is Unavailable: no vendor's API answers with one, and
// following it would show a credential to another host. A provider that needs to say more does so after calling it.
// The body is left unread: vendors quote credentials in theirs.
func StatusError(op string, resp *http.Response) error {
	if resp.StatusCode/100 == 2 {
		return nil
	}
	e := &keyturn.Error{Op: op, Message: http.StatusText(resp.StatusCode)}
	if e.Message == "" {
		e.Message = "status " + strconv.Itoa(resp.StatusCode)
	}
	switch s := resp.StatusCode; {
	case s < 400:
		e.Kind, e.Message = keyturn.Unavailable, "redirected; is base_url right?"
	case s == 401 || s == 403:
		e.Kind = keyturn.Denied
	case s == 404 || s == 410:
		e.Kind = keyturn.NotFound
	case s == 409 || s == 412:
		e.Kind = keyturn.Conflict
	case s == 429:
		e.Kind, e.RetryAfter = keyturn.RateLimited, retryAfter(resp.Header)
	case s >= 500 || s == 408:
		e.Kind, e.RetryAfter = keyturn.Unavailable, retryAfter(resp.Header)
	default:
		e.Kind = keyturn.Invalid
	}
	return e
}

func retryAfter(h http.Header) time.Duration {
	v := h.Get("Retry-After")
	if n, err := strconv.Atoi(v); err == nil && n > 0 {
		return time.Duration(n) * time.Second
	}
	if at, err := http.ParseTime(v); err == nil {
		return max(0, time.Until(at).Round(time.Second))
	}
	return 0
}
