package main

import (
	"net/http"
	"strconv"

	"golang.org/x/time/rate"
)

// transport is how provider adapters reach their vendor: within the account's
// rate, counted, and never retried. Wrapping the transport rather than the
// provider keeps the provider's optional interfaces visible.
type transport struct {
	next    http.RoundTripper
	limit   *rate.Limiter
	metrics *metrics
	name    string
}

func newTransport(a Account, m *metrics) *transport {
	next := http.DefaultTransport.(*http.Transport).Clone()
	next.MaxIdleConnsPerHost = 32
	return &transport{
		next: next, metrics: m, name: a.Provider,
		limit: rate.NewLimiter(rate.Limit(a.CallsPerSecond), max(1, int(a.CallsPerSecond))),
	}
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := t.limit.Wait(r.Context()); err != nil {
		return nil, err
	}
	if r.Header.Get("User-Agent") == "" {
		r = r.Clone(r.Context())
		r.Header.Set("User-Agent", "keyturn")
	}
	resp, err := t.next.RoundTrip(r)
	outcome := "no answer"
	if err == nil {
		outcome = strconv.Itoa(resp.StatusCode)
	}
	t.metrics.calls.WithLabelValues(t.name, outcome).Inc()
	return resp, err
}
