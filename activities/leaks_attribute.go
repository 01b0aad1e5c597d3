package activities

import (
	"context"
	"slices"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/registry"
)

// A Match says whose a value is, and how that is known.
type Match struct {
	registry.Marked
	How string // leaks.ByValue, ByPart or ByID
}

// Attribute finds the generations of keys whose value has one of the marks, however
// long ago they ended. Where the value itself is known nothing else counts. A value
// that several keys have is each one's.
func Attribute(ctx context.Context, r registry.Leaks, marks []keyturn.Mark) ([]Match, error) {
	if len(marks) == 0 {
		return nil, nil
	}
	found, err := r.Marked(ctx, marks)
	if err != nil {
		return nil, err
	}
	return matches(found), nil
}

// matches keeps the surest of what was found, once for each generation.
func matches(found []registry.Marked) []Match {
	for _, how := range []string{leaks.ByValue, leaks.ByPart, leaks.ByID} {
		var out []Match
		for _, m := range found {
			if leaks.HowMarked(m.Mark) == how && !slices.ContainsFunc(out, func(o Match) bool { return o.Key == m.Key && o.Generation == m.Generation }) {
				out = append(out, Match{Marked: m, How: how})
			}
		}
		if len(out) > 0 {
			return out
		}
	}
	return nil
}
