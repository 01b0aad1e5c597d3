package main

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"
)

// transport is how adapters reach their vendor: within the configured rate, counted, and never retried. Wrapping the transport rather than the
// provider keeps the provider's optional interfaces visible.
type transport struct {
	next  http.RoundTripper
	limit *rate.Limiter
	calls *prometheus.CounterVec // by name and outcome
	name  string
}

func newTransport(name string, callsPerSecond float64, calls *prometheus.CounterVec) *transport {
	next := http.DefaultTransport.(*http.Transport).Clone()
	next.MaxIdleConnsPerHost = 32
	return &transport{
		next: next, calls: calls, name: name,
		limit: rate.NewLimiter(rate.Limit(callsPerSecond), max(1, int(callsPerSecond))),
	}
}

// newClient is what an adapter asks its vendor with: a request is counted under name,
// kept to a rate, never retried, and follows no redirect.
func newClient(name string, callsPerSecond float64, timeout time.Duration, m *metrics) *http.Client {
	return &http.Client{Transport: newTransport(name, callsPerSecond, m.calls), Timeout: timeout, CheckRedirect: stay}
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
	t.calls.WithLabelValues(t.name, outcome).Inc()
	return resp, err
}
