package keyturn

import (
	"regexp"
	"strings"
	"time"
	"unicode"
)

// A CalendarRule says when keys may be changed. It is a freeze, which forbids
// changes from From until Until, or a window, outside of which they are
// forbidden. [MayChange] says how rules add up.
type CalendarRule struct {
	ID   string           `json:"id"`
	Kind CalendarRuleKind `json:"kind"`
	// The keys it concerns: those that match every field that is set. None set
	// is all keys.
	Key      KeyID  `json:"key,omitempty"` // alone: a key has one team and one provider
	Team     string `json:"team,omitempty"`
	Provider string `json:"provider,omitempty"`
	Account  string `json:"account,omitempty"` // with Provider

	From    time.Time `json:"from,omitzero"`  // of a freeze; zero is at once
	Until   time.Time `json:"until,omitzero"` // of a freeze; zero is until it is removed
	Window  Window    `json:"window,omitzero"`
	Reason  string    `json:"reason,omitempty"` // one line; of a freeze it must be said
	Actor   string    `json:"actor"`
	Created time.Time `json:"created"`
}

// A CalendarRuleKind tells freezes from windows.
type CalendarRuleKind string

// The kinds of calendar rules. They are wire format.
const (
	Freeze            CalendarRuleKind = "freeze"
	MaintenanceWindow CalendarRuleKind = "window"
)

// Concerns reports whether the rule is about k, whatever the time.
func (r CalendarRule) Concerns(k *Key) bool {
	matches := func(want, have string) bool { return want == "" || want == have }
	return matches(string(r.Key), string(k.ID)) && matches(r.Team, k.Owner.Team) &&
		matches(r.Provider, k.Scope.Provider) && matches(r.Account, k.Scope.Account)
}

// Whom says in words which keys the rule is about: "all keys", "key ID", "team
// NAME", "PROVIDER/ACCOUNT", "team NAME at PROVIDER".
func (r CalendarRule) Whom() string { return r.scope().String() }

// A ruleScope is which keys a rule is about.
type ruleScope struct {
	key                     KeyID
	team, provider, account string
}

func (r CalendarRule) scope() ruleScope { return ruleScope{r.Key, r.Team, r.Provider, r.Account} }

func (s ruleScope) String() string {
	at := s.provider
	if s.account != "" {
		at = Issuer{s.provider, s.account}.String()
	}
	switch {
	case s.key != "":
		return "key " + string(s.key)
	case s.team != "" && at != "":
		return "team " + s.team + " at " + at
	case s.team != "":
		return "team " + s.team
	case at != "":
		return at
	}
	return "all keys"
}

// Holds reports whether the rule is a freeze that forbids changes at t.
func (r CalendarRule) Holds(t time.Time) bool {
	return r.Kind == Freeze && !t.Before(r.From) && (r.Until.IsZero() || t.Before(r.Until))
}

// Check returns an Invalid error for a rule that cannot be meant. It names the
// field and the mend.
func (r CalendarRule) Check() error {
	bad := func(field, problem, mend string) error {
		return Errorf(Invalid, "calendar rule", "%s: %s; %s", field, problem, mend)
	}
	switch {
	case !regexp.MustCompile(`^[a-z][a-z0-9-]{2,63}$`).MatchString(r.ID):
		return bad("id", "is not a valid id", "write small letters, digits and hyphens, such as freeze-7kq2")
	case r.Key != "" && r.Team+r.Provider+r.Account != "":
		return bad("key", "is given with a team or a provider", "leave those out, for the key alone says which one it is")
	case r.Account != "" && r.Provider == "":
		return bad("account", "is given without its provider", "name the provider, too")
	case r.Actor == "":
		return bad("actor", "is missing", "say who made the rule")
	case r.Created.IsZero():
		return bad("created", "is missing", "say when the rule was made")
	case len(r.Reason) > maxReason || strings.ContainsFunc(r.Reason, func(c rune) bool { return !unicode.IsPrint(c) }):
		return bad("reason", "is not one line of plain text, of at most 500 bytes", "shorten it")
	}
	switch r.Kind {
	case Freeze:
		return r.checkFreeze(bad)
	case MaintenanceWindow:
		return r.checkWindow(bad)
	}
	return bad("kind", "is neither freeze nor window", "write one of them")
}

// maxReason bounds a reason, in bytes. Histories and notices quote it.
const maxReason = 500

func (r CalendarRule) checkFreeze(bad func(field, problem, mend string) error) error {
	begins, event := r.From, "from"
	if begins.IsZero() {
		begins, event = r.Created, "created"
	}
	switch {
	case !r.Window.IsZero():
		return bad("window", "is given for a freeze", "leave it out, or make a window of it")
	case r.Reason == "":
		return bad("reason", "is missing", "say why nothing may be changed; whoever waits will read it")
	case !r.Until.IsZero() && !r.Until.After(begins):
		return bad("until", "is not after "+event, "write a later time, or leave it out to freeze until the rule is removed")
	}
	return nil
}

func (r CalendarRule) checkWindow(bad func(field, problem, mend string) error) error {
	switch {
	case r.Window.IsZero():
		return bad("window", "is missing", windowMend)
	case !r.From.IsZero() || !r.Until.IsZero():
		return bad("from", "is given for a window, as is until or either", "leave both out: a window comes again every week, and only a freeze begins and ends")
	}
	return nil
}
