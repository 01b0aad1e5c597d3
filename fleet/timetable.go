package fleet

import (
	"time"

	"github.com/keyturn/keyturn"
)

// A Timetable says when keys of one account begin, in a window of time and one
// after the other, so that the account's rate limit is neither exceeded nor left
// unused. It is not safe for concurrent use.
type Timetable struct {
	from, until time.Time
	gap         time.Duration
	rules       []keyturn.CalendarRule
	free        []int // for each slot, a slot at or after it that may be free; see seek
}

// maxSlots bounds the memory of a timetable. More keys are not started at one
// account in one sweep anyway.
const maxSlots = 1_000_000

// NewTimetable divides the time from from until until into slots that are gap
// apart. rules are the calendar that keys must obey.
func NewTimetable(from, until time.Time, gap time.Duration, rules []keyturn.CalendarRule) *Timetable {
	t := &Timetable{from: from, until: until, gap: max(gap, until.Sub(from)/maxSlots, time.Microsecond), rules: rules}
	slots := int(until.Sub(from) / t.gap)
	if until.Sub(from)%t.gap > 0 {
		slots++
	}
	t.free = make([]int, max(slots, 0)+1) // the last one is the end: never taken
	for i := range t.free {
		t.free[i] = i
	}
	return t
}

// Slots is how many keys it can take.
func (t *Timetable) Slots() int { return len(t.free) - 1 }

// Full reports whether no slot is free.
func (t *Timetable) Full() bool { return t.seek(0) == len(t.free)-1 }

// A Placing says what became of a key.
type Placing string

// What becomes of a key.
const (
	Placed Placing = "placed"
	Held   Placing = "held" // the calendar keeps it back for the rest of the window
	Full   Placing = "full" // no slot is free when it may be changed
)

// Place takes the first free slot, not before earliest, at which the calendar
// lets the key be changed.
func (t *Timetable) Place(k *keyturn.Key, earliest time.Time) (time.Time, Placing) {
	slot := t.seek(t.slotAt(earliest))
	for slot < len(t.free)-1 {
		at := t.from.Add(time.Duration(slot) * t.gap)
		verdict := keyturn.MayChange(k, t.rules, at)
		if verdict.Open {
			t.free[slot] = slot + 1
			return at, Placed
		}
		if verdict.Opens.IsZero() || !verdict.Opens.Before(t.until) {
			return time.Time{}, Held
		}
		slot = t.seek(max(t.slotAt(verdict.Opens), slot+1))
	}
	return time.Time{}, Full
}

// slotAt is the first slot that does not begin before at.
func (t *Timetable) slotAt(at time.Time) int {
	if !at.After(t.from) {
		return 0
	}
	behind := at.Sub(t.from)
	slot := int(behind / t.gap)
	if behind%t.gap > 0 {
		slot++
	}
	return min(slot, len(t.free)-1)
}

// seek finds the first free slot at or after slot. It shortens the way for those
// who ask next, so that a full timetable is not searched again and again.
func (t *Timetable) seek(slot int) int {
	found := slot
	for t.free[found] != found {
		found = t.free[found]
	}
	for t.free[slot] != found {
		t.free[slot], slot = found, t.free[slot]
	}
	return found
}
