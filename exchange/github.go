package exchange

import (
	"bytes"
	"net/http"
	"strconv"
	"time"
)

// GitHubThrottled reports whether a 403 or a 429 of GitHub's says that there were too
// many requests, and how long to wait: what retry-after says, or else until
// x-ratelimit-reset if x-ratelimit-remaining is 0, or else a minute (REST API, "Rate
// limits for the REST API"). Where the headers of a 403 say nothing, only the body
// tells a secondary limit from a missing permission; it is asked for only then.
func GitHubThrottled(status int, h http.Header, body func() []byte, now time.Time) (time.Duration, bool) {
	if n, err := strconv.Atoi(h.Get("Retry-After")); err == nil {
		return time.Duration(n) * time.Second, true
	}
	at, err := strconv.ParseInt(h.Get("X-RateLimit-Reset"), 10, 64)
	if err == nil && h.Get("X-RateLimit-Remaining") == "0" {
		return max(time.Second, time.Unix(at, 0).Sub(now)), true
	}
	if status == http.StatusForbidden && !bytes.Contains(bytes.ToLower(body()), []byte("rate limit")) {
		return 0, false
	}
	return time.Minute, true
}
