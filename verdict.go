package keyturn

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Verdict says whether a key may be changed.
type Verdict struct {
	Open bool `json:"open"`
	// Opens is when it may be changed next, if it may not be now. Zero is not
	// known: a freeze holds until somebody removes it, or no such time comes
	// within a year.
	Opens time.Time `json:"opens,omitzero"`
	// Why says in one line what forbids it now. It quotes reasons of rules.
	Why string `json:"why,omitempty"`
}

// MayChange says whether k may be changed at now, by its own policy and the
// rules that concern it. Rules that do not are passed over.
//
// It may be changed when no freeze holds and every source of windows has one
// open. Each scope is a source of its own: the key itself, with the windows of
// its policy and of the rules that name it, its team, its provider, its
// provider's account, a team at a provider, and all keys. So nobody's windows
// can be widened by somebody else's. A source without windows forbids nothing.
//
// It depends on nothing but its arguments and the time zone database, which is
// read. A workflow calls it in an activity.
func MayChange(k *Key, rules []CalendarRule, now time.Time) Verdict {
	c := newCalendar(k, rules)
	why := c.why(now)
	if why == "" {
		return Verdict{Open: true}
	}
	opens, never := c.opens(now)
	if never != "" {
		why += "; " + never
	}
	return Verdict{Opens: opens, Why: why}
}

// A calendar is all that limits the changes to one key.
type calendar struct {
	freezes []CalendarRule
	sources []source
}

// A source is the windows of one scope, one of which must be open.
type source struct {
	scope   ruleScope
	windows []placed
}

// A placed window knows its zone, because it is asked many times.
type placed struct {
	Window
	loc *time.Location // nil where this machine does not know it: never open
}

func newCalendar(k *Key, rules []CalendarRule) *calendar {
	c := &calendar{}
	for _, w := range k.Policy.Windows {
		c.add(ruleScope{key: k.ID}, w)
	}
	for _, r := range rules {
		switch {
		case !r.Concerns(k):
		case r.Kind == Freeze:
			c.freezes = append(c.freezes, r)
		case r.Kind == MaintenanceWindow:
			c.add(r.scope(), r.Window)
		}
	}
	return c
}

func (c *calendar) add(scope ruleScope, w Window) {
	loc, err := w.location()
	if err != nil {
		loc = nil // in doubt nothing is changed
	}
	i := slices.IndexFunc(c.sources, func(s source) bool { return s.scope == scope })
	if i < 0 {
		i, c.sources = len(c.sources), append(c.sources, source{scope: scope})
	}
	c.sources[i].windows = append(c.sources[i].windows, placed{w, loc})
}

// next is when the first window of the source opens, t itself if one is open.
// Zero is never.
func (s *source) next(t time.Time) time.Time {
	var first time.Time
	for _, w := range s.windows {
		if w.loc == nil {
			continue
		}
		if opens := w.nextIn(w.loc, t); first.IsZero() || opens.Before(first) {
			first = opens
		}
	}
	return first
}

// opens is the first moment, not before now, at which nothing forbids a change.
// It goes from one moment to the next before which something surely does. Where
// there is none, it says why.
func (c *calendar) opens(now time.Time) (opens time.Time, never string) {
	at, limit := now.UTC(), now.AddDate(1, 0, 0)
	for !at.After(limit) {
		next := at
		if f := c.lastFreeze(at); f != nil {
			if f.Until.IsZero() {
				return time.Time{}, endless(f, now)
			}
			next = f.Until.UTC()
			limit = later(limit, next.AddDate(1, 0, 0))
		}
		for i := range c.sources {
			opens := c.sources[i].next(at)
			if opens.IsZero() {
				return time.Time{}, fmt.Sprintf("no window of %s can open, for its time zone is not known here", c.sources[i].scope)
			}
			next = later(next, opens)
		}
		if next.Equal(at) {
			return at, ""
		}
		at = next
	}
	return time.Time{}, "its windows leave no common time within a year"
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// lastFreeze is the freeze that holds at t and ends last; nil for none.
func (c *calendar) lastFreeze(t time.Time) *CalendarRule {
	var last *CalendarRule
	for i := range c.freezes {
		f := &c.freezes[i]
		if f.Holds(t) && (last == nil || !last.Until.IsZero() && (f.Until.IsZero() || f.Until.After(last.Until))) {
			last = f
		}
	}
	return last
}

// endless says that a freeze without an end is in the way. One that holds now
// has been named already.
func endless(f *CalendarRule, now time.Time) string {
	if f.Holds(now) {
		return ""
	}
	return fmt.Sprintf("before that is over, %s begins and holds until it is removed", f.ID)
}

// why says what forbids a change at t; "" for nothing.
func (c *calendar) why(t time.Time) string {
	var parts []string
	if f := c.lastFreeze(t); f != nil {
		end := "until it is removed"
		if !f.Until.IsZero() {
			end = "until " + f.Until.UTC().Format(time.RFC3339)
		}
		parts = append(parts, fmt.Sprintf("%s holds %s (%s)", f.ID, end, f.Reason))
	}
	for i := range c.sources {
		if s := &c.sources[i]; !s.open(t) {
			parts = append(parts, fmt.Sprintf("outside the windows of %s (%s)", s.scope, s.list()))
		}
	}
	return strings.Join(parts, "; ")
}

func (s *source) open(t time.Time) bool {
	return slices.ContainsFunc(s.windows, func(w placed) bool { return w.loc != nil && w.openOn(t.In(w.loc)) })
}

// list names a few of the windows.
func (s *source) list() string {
	const most = 3
	var names []string
	for _, w := range s.windows[:min(most, len(s.windows))] {
		names = append(names, w.String())
	}
	if more := len(s.windows) - most; more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	return strings.Join(names, " or ")
}
