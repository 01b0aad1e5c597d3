package simulate

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers/fake"
)

// LoseMints makes the vendor keep the next n keys it is asked for but lose the
// answer, as a connection does that breaks off. It does nothing unless n is
// positive; the same holds for the numbers and times below.
func (v *Vendor) LoseMints(n int) {
	rule := v.breaks.kind.mints
	rule.Drop = fake.DropAfter
	v.breaks.add("loses the answer of %d mints", rule, n)
}

// Throttle answers the next n requests that there are too many, and, where the
// vendor says such a thing, to come back after wait.
func (v *Vendor) Throttle(n int, wait time.Duration) {
	v.breaks.add("refuses %d requests as too many", fake.Rule{
		Status: http.StatusTooManyRequests,
		Wait:   keyturn.Duration(wait),
	}, n)
}

// RefuseVerification refuses the next n attempts to try a key, whatever the
// key.
func (v *Vendor) RefuseVerification(n int) {
	rule := v.breaks.kind.verifies
	rule.Status = v.breaks.kind.refusal
	v.breaks.add("refuses %d verifications", rule, n)
}

// Fail answers every request with a status of 500 to 599 until d has passed.
func (v *Vendor) Fail(status int, d time.Duration) {
	if status < 500 || status > 599 || d <= 0 {
		return
	}
	until := time.Now().Add(d)
	v.breaks.push(brk{
		rule: fake.Rule{Status: status, Match: func(*http.Request) bool { return time.Now().Before(until) }},
		left: func() string {
			if left := time.Until(until); left > 0 {
				return fmt.Sprintf("answers %d for another %v", status, left.Round(time.Second))
			}
			return ""
		},
	})
}

// Mend ends everything the methods above began, and whatever else was set on
// Faults: the vendor works again, within its limits.
func (v *Vendor) Mend() { v.breaks.clear() }

// Broken says what is wrong with the vendor now, most recent last.
func (v *Vendor) Broken() []string { return v.breaks.left() }

// breaks are what is wrong with a vendor. They come before the rules that
// always hold.
type breaks struct {
	kind   kind
	faults *fake.Faults
	always []fake.Rule

	mu  sync.Mutex
	now []brk
}

// A brk is one thing that is wrong until left is empty. Its rule counts for
// itself, because setting rules anew starts Faults' own counters anew.
type brk struct {
	rule fake.Rule
	left func() string
}

// add breaks the next n requests the rule is about.
func (b *breaks) add(what string, rule fake.Rule, n int) {
	if n <= 0 {
		return
	}
	var mu sync.Mutex
	also := rule.Match
	rule.Match = func(r *http.Request) bool {
		if also != nil && !also(r) {
			return false
		}
		mu.Lock()
		defer mu.Unlock()
		n--
		return n >= 0
	}
	b.push(brk{rule: rule, left: func() string {
		mu.Lock()
		defer mu.Unlock()
		if n <= 0 {
			return ""
		}
		return fmt.Sprintf(what, n)
	}})
}

func (b *breaks) push(one brk) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = append(b.current(), one)
	var rules []fake.Rule
	for _, x := range b.now {
		rules = append(rules, x.rule)
	}
	b.faults.Set(append(rules, b.always...)...)
}

func (b *breaks) clear() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = nil
	b.faults.Set(b.always...)
}

func (b *breaks) left() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := []string{}
	for _, x := range b.current() {
		out = append(out, x.left())
	}
	return out
}

// current are the breaks that are not over.
func (b *breaks) current() []brk {
	var out []brk
	for _, x := range b.now {
		if x.left() != "" {
			out = append(out, x)
		}
	}
	return out
}
