// Package hmslfake speaks the parts of HasMySecretLeaked that leaks/hmsl uses, and the
// part of GitGuardian's API that makes tokens for it, over a [Service] that knows what
// has leaked.
package hmslfake

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/keyturn/keyturn/providers/fake"
)

// Options say what a service is like. The zero value is one that asks for no token and
// has the quotas that are published.
type Options struct {
	APIKey    string           // of GitGuardian; default "gg-key"
	Quota     int              // credits a day with a token; default 300
	Anonymous int              // and without one; default 50
	Now       func() time.Time // default time.Now
}

// price is what looking one prefix up costs.
const price = 10

// A Service is a pretend HasMySecretLeaked. It is safe for concurrent use.
type Service struct {
	options Options
	mux     *http.ServeMux

	mu      sync.Mutex
	records []record
	tokens  map[string]time.Time // to their ends
	spent   map[bool]int         // credits, with and without a token
	made    int                  // tokens
}

// New returns a service that knows of no leak.
func New(o Options) *Service {
	if o.APIKey == "" {
		o.APIKey = "gg-key"
	}
	if o.Quota == 0 {
		o.Quota = 300
	}
	if o.Anonymous == 0 {
		o.Anonymous = 50
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Service{options: o, mux: http.NewServeMux(), tokens: map[string]time.Time{}, spent: map[bool]int{}}
	s.mux.HandleFunc("POST /v1/prefixes", s.look)
	s.mux.HandleFunc("POST /v1/auth/jwt", s.makeToken)
	return s
}

// ServeHTTP takes JSON only.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Content-Type") != "application/json" {
		problem(w, http.StatusUnsupportedMediaType, "not JSON")
		return
	}
	s.mux.ServeHTTP(w, r)
}

// Renew begins another day: all quotas are whole again.
func (s *Service) Renew() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spent = map[bool]int{}
}

var prefix = regexp.MustCompile(`^[0-9a-f]{5}$`)

// look answers with every record whose hash begins with one of the prefixes.
func (s *Service) look(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	token, named := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if r.Header.Get("Authorization") != "" && (!named || !s.options.Now().Before(s.tokens[token])) {
		problem(w, http.StatusUnauthorized, "invalid token")
		return
	}
	var in struct {
		Prefixes []string `json:"prefixes"`
	}
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if d.Decode(&in) != nil || in.Prefixes == nil || len(in.Prefixes) > 10 {
		problem(w, http.StatusUnprocessableEntity, "prefixes must be a list of at most 10")
		return
	}
	out := []record{}
	for _, p := range in.Prefixes {
		if !prefix.MatchString(p) {
			problem(w, http.StatusUnprocessableEntity, "no prefix: "+p)
			return
		}
		for _, known := range s.records {
			if strings.HasPrefix(known.hash, p) {
				out = append(out, known)
			}
		}
	}
	limit := s.options.Anonymous
	if named {
		limit = s.options.Quota
	}
	left := limit - s.spent[named]
	status, cost := http.StatusOK, price*len(in.Prefixes)
	if cost > left {
		status, cost = http.StatusTooManyRequests, 0
	}
	s.spent[named] += cost
	now := s.options.Now().UTC()
	w.Header().Set("RateLimit-Limit", strconv.Itoa(limit))
	w.Header().Set("RateLimit-Remaining", strconv.Itoa(left-cost))
	w.Header().Set("RateLimit-Reset", strconv.Itoa(int(now.Truncate(24*time.Hour).Add(24*time.Hour).Sub(now).Seconds())))
	if status != http.StatusOK {
		problem(w, status, "quota")
		return
	}
	fake.JSON(w, status, map[string]any{"matches": out})
}

// Refuse is a [fake.Refusal] in the service's words. When throttled it says in
// RateLimit-Reset how long to wait.
func Refuse(w http.ResponseWriter, _ *http.Request, status int, wait time.Duration, text string) {
	if wait > 0 {
		w.Header().Set("RateLimit-Reset", strconv.Itoa(int(wait.Seconds())))
	}
	problem(w, status, http.StatusText(status)+": "+text)
}

func problem(w http.ResponseWriter, status int, text string) {
	fake.JSON(w, status, map[string]string{"detail": text})
}
