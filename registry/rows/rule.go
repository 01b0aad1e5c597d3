package rows

import (
	"encoding/json"
	"time"

	"github.com/keyturn/keyturn"
)

// A Rule is a checked calendar rule, ready to be written.
type Rule struct {
	keyturn.CalendarRule
	Over *time.Time // nil is when it is removed
	Body string     // the rule as JSON
}

// PrepareRule checks a rule. Its times are kept to the microsecond, in UTC.
func PrepareRule(op string, r keyturn.CalendarRule) (Rule, error) {
	for _, t := range []*time.Time{&r.From, &r.Until, &r.Created} {
		*t = t.UTC().Truncate(time.Microsecond)
	}
	if err := r.Check(); err != nil {
		return Rule{}, err
	}
	body, err := json.Marshal(r)
	if err != nil {
		return Rule{}, keyturn.Errorf(keyturn.Invalid, op, "calendar rule %q: cannot be written as JSON; its times must lie between the years 0 and 9999", r.ID)
	}
	if holdsUnstorable(body) {
		return Rule{}, keyturn.Errorf(keyturn.Invalid, op, "calendar rule %q: holds text that is not UTF-8, or a NUL character; remove it", r.ID)
	}
	return Rule{CalendarRule: r, Over: stamp(r.Until), Body: string(body)}, nil
}

// DecodeRule reads a stored rule. What this program does not know may narrow
// the rule, so it is refused, as it is in a key.
func DecodeRule(op string, body []byte) (keyturn.CalendarRule, error) {
	var r keyturn.CalendarRule
	if err := strict(body, &r); err != nil {
		return keyturn.CalendarRule{}, unreadable(op, "calendar rule")
	}
	return r, nil
}

// SameRule accepts a rule whose id is taken if what is stored under it is this
// rule, and explains the conflict if it is not. stored is nil where the other
// rule was removed again meanwhile.
func SameRule(op string, r Rule, stored []byte) error {
	if stored == nil {
		return keyturn.Errorf(keyturn.Conflict, op, "calendar rule %q was removed at the same time; add it again", r.ID)
	}
	have, err := DecodeRule(op, stored)
	if err != nil {
		return err
	}
	if body, err := json.Marshal(have); err != nil || string(body) != r.Body {
		return keyturn.Errorf(keyturn.Conflict, op, "there is another calendar rule %q already; give each rule its own id", r.ID)
	}
	return nil
}

// NoRule says that there is no rule of this id.
func NoRule(op, id string) error {
	return keyturn.Errorf(keyturn.NotFound, op, "there is no calendar rule %q", id)
}

// SelectRules reads the bodies of the rules that are not over at a moment.
const SelectRules = "SELECT body FROM calendar WHERE until IS NULL OR until > $1 ORDER BY created, seq"
