package fleet

import (
	"fmt"
	"slices"
	"time"

	"github.com/keyturn/keyturn/registry"
)

// A Brake says when so many operations of an account fail that it must stand
// still. The zero value has the defaults.
type Brake struct {
	Share float64 // of the last operations; default 0.2
	Last  int     // how many operations are looked at; default 50
	Least int     // how many must have ended before it can trip; default 10
}

// WithDefaults returns b with every unset field at its default.
func (b Brake) WithDefaults() Brake {
	if b.Share <= 0 {
		b.Share = 0.2
	}
	if b.Last <= 0 {
		b.Last = 50
	}
	if b.Least <= 0 {
		b.Least = 10
	}
	return b
}

// Trips reports whether the outcomes, newest first, are too bad to go on, and
// says in a sentence how bad. What ended before since, when the account was last
// resumed, does not count: it was looked at then. Nor do failures of operations
// that began before: they stood still meanwhile, and only now can be undone. Nor
// does what a person called off.
func (b Brake) Trips(outcomes []registry.Outcome, since time.Time) (why string, trips bool) {
	b = b.WithDefaults()
	failures, ended := 0, 0
	causes := map[string]int{}
	for _, o := range outcomes {
		if ended == b.Last || !o.At.After(since) {
			break
		}
		failed := o.What != registry.Completed
		if o.CalledOff() || failed && !o.Began.IsZero() && !o.Began.After(since) {
			continue
		}
		ended++
		if failed {
			failures++
			causes[o.Why]++
		}
	}
	if ended < b.Least || float64(failures) <= b.Share*float64(ended) {
		return "", false
	}
	return fmt.Sprintf("%d of the last %d operations failed, most of them because of %s", failures, ended, most(causes)), true
}

// most is the most frequent cause.
func most(causes map[string]int) string {
	var names []string
	for name := range causes {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		if causes[a] != causes[b] {
			return causes[b] - causes[a]
		}
		if a < b {
			return -1
		}
		return 1
	})
	if len(names) == 0 || names[0] == "" {
		return "reasons unknown"
	}
	return names[0]
}
