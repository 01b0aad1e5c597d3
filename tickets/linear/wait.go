package linear

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/exchange"
)

// wait is how long a throttled caller is asked to wait: Retry-After, which
// Linear's SDK reads, else the times its quotas are full again, in
// milliseconds since 1970 (developers/rate-limiting). Of the quotas, those that
// are used up count, the last one to be full again; if none says that it is,
// the first. The time it is now is Linear's own, where the answer has it.
func (t *tracker) wait(h http.Header) time.Duration {
	if after := retryAfter(h); after > 0 {
		return after
	}
	now := t.env.Now()
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		now = date
	}
	var empty, others []time.Duration
	for _, quota := range []string{"Requests", "Complexity", "Endpoint-Requests"} {
		ms, err := strconv.ParseFloat(h.Get("X-RateLimit-"+quota+"-Reset"), 64)
		if err != nil || ms <= 0 || ms > 1e15 {
			continue
		}
		wait := max(0, time.UnixMilli(int64(ms)).Sub(now))
		if left, err := strconv.ParseFloat(h.Get("X-RateLimit-"+quota+"-Remaining"), 64); err == nil && left < 1 {
			empty = append(empty, wait)
		} else {
			others = append(others, wait)
		}
	}
	switch {
	case len(empty) > 0:
		return slices.Max(empty)
	case len(others) > 0:
		return slices.Min(others)
	}
	return 0
}

// retryAfter reads Retry-After as everywhere.
func retryAfter(h http.Header) time.Duration {
	e := new(keyturn.Error)
	errors.As(exchange.StatusError("", &http.Response{StatusCode: http.StatusTooManyRequests, Header: h}), &e)
	return e.RetryAfter
}
