package fake

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"

	"golang.org/x/time/rate"

	"github.com/keyturn/keyturn"
)

// A Drop says when a conversation breaks off without an answer.
type Drop string

// The two ways to lose an answer. They look the same from the other end,
// which is the point.
const (
	DropBefore Drop = "before" // the vendor never acted
	DropAfter  Drop = "after"  // the vendor acted; its answer was lost
)

// A Rule breaks the requests it matches. Method, Path, Body and Match choose
// them, and an empty one matches everything. A rule that only delays, or that
// throttles and still has room, lets the request go on to the next rule.
type Rule struct {
	Method string                   `json:"method,omitempty"`
	Path   string                   `json:"path,omitempty"` // how the path begins
	Body   string                   `json:"body,omitempty"` // what the body contains
	Match  func(*http.Request) bool `json:"-"`              // it may read the body

	Skip  int `json:"skip,omitempty"`  // how many matching requests pass first
	Times int `json:"times,omitempty"` // to how many it then applies; 0 is all

	Delay  keyturn.Duration `json:"delay,omitempty"`  // wait this long first
	Drop   Drop             `json:"drop,omitempty"`   // then lose the answer
	Status int              `json:"status,omitempty"` // or refuse with this status, in the vendor's words
	Wait   keyturn.Duration `json:"wait,omitempty"`   // how long the refusal asks to wait
	Text   string           `json:"text,omitempty"`   // what the refusal quotes
	Answer http.Handler     `json:"-"`                // or let somebody else answer, unbuffered
	Rate   float64          `json:"rate,omitempty"`   // or refuse with 429 what exceeds so many a second
	Burst  int              `json:"burst,omitempty"`  // how many may come at once; default 1
}

// Check reports what is wrong with a rule written by hand.
func (r Rule) Check() error {
	switch {
	case r.Drop != "" && r.Drop != DropBefore && r.Drop != DropAfter:
		return errors.New(`drop must be "before" or "after"`)
	case r.Status != 0 && (r.Status < 400 || r.Status > 599):
		return errors.New("status must be between 400 and 599")
	case r.Skip < 0 || r.Times < 0 || r.Rate < 0 || r.Burst < 0 || r.Delay < 0 || r.Wait < 0:
		return errors.New("numbers must not be negative")
	case r.Drop == "" && r.Status == 0 && r.Rate == 0 && r.Delay == 0 && r.Answer == nil:
		return errors.New("the rule does nothing; give it delay, drop, status or rate")
	}
	return nil
}

// rule is a Rule at work.
type rule struct {
	Rule
	seen   int
	bucket *rate.Limiter
}

func newRule(r Rule) *rule {
	out := &rule{Rule: r}
	if r.Rate > 0 {
		out.bucket = rate.NewLimiter(rate.Limit(r.Rate), max(r.Burst, 1))
	}
	return out
}

// matches reports whether the rule is about r, whose body is given.
func (u *rule) matches(r *http.Request, body []byte) bool {
	if u.Method != "" && u.Method != r.Method || !strings.HasPrefix(r.URL.Path, u.Path) ||
		!bytes.Contains(body, []byte(u.Body)) {
		return false
	}
	if u.Match == nil {
		return true
	}
	defer func() { r.Body = io.NopCloser(bytes.NewReader(body)) }()
	return u.Match(r)
}

// due counts a matching request and reports whether the rule applies to it.
func (u *rule) due() bool {
	u.seen++
	return u.seen > u.Skip && (u.Times == 0 || u.seen <= u.Skip+u.Times)
}

// full takes a token from the rule's bucket, or says how long until there is
// one.
func (u *rule) full() keyturn.Duration {
	res := u.bucket.Reserve()
	if wait := res.Delay(); wait > 0 {
		res.Cancel()
		return keyturn.Duration(wait)
	}
	return 0
}
