package hmsl

import (
	"net/http"
	"strconv"
	"time"
)

// price is what looking one prefix up costs (ggshield, "hmsl quota").
const price = 10

// A Quota is what may still be looked up. It is counted in credits.
type Quota struct {
	Remaining int           // credits; -1 where the service does not say
	Reset     time.Duration // until there are new ones; 0 where it does not say
}

// Hashes is how many hashes the next request may look up; none are left at 0.
func (q Quota) Hashes() int {
	if q.Remaining < 0 {
		return MostHashes
	}
	return min(q.Remaining/price, MostHashes)
}

// quota reads the headers of an answer. A quota lasts a day; a longer time is a
// mistake of somebody's.
func quota(h http.Header) Quota {
	q := Quota{Remaining: -1}
	if n, err := strconv.Atoi(h.Get("RateLimit-Remaining")); err == nil && n >= 0 {
		q.Remaining = n
	}
	if n, err := strconv.Atoi(h.Get("RateLimit-Reset")); err == nil && n >= 0 {
		const day = 24 * 60 * 60
		q.Reset = time.Duration(min(n, day)+1) * time.Second // it is cut to whole seconds
	}
	return q
}
