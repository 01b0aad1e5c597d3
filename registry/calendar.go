package registry

import (
	"context"
	"time"

	"github.com/keyturn/keyturn"
)

// A Calendar holds the freezes and maintenance windows that concern more than
// one key, or that were set by command. A key's own windows are in its policy.
type Calendar interface {
	// AddRule adds a rule; one that [keyturn.CalendarRule.Check] refuses is
	// Invalid. The same ID twice with the same content is once; with another
	// content it is a Conflict. Times are kept to the microsecond, in UTC.
	AddRule(ctx context.Context, r keyturn.CalendarRule) error
	// RemoveRule removes a rule, or is a NotFound error.
	RemoveRule(ctx context.Context, id string) error
	// Rules returns the rules that are not over at now, in the order they were
	// made. A freeze is over at its Until.
	Rules(ctx context.Context, now time.Time) ([]keyturn.CalendarRule, error)
}
