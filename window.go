package keyturn

import (
	"fmt"
	"strings"
	"time"
)

// A Window is a time that comes again every week, such as "Sat-Sun 02:00-06:00
// Europe/Berlin". Two windows are equal with == when they are open at the same
// times of the same zone. The zero Window is none, and never open.
//
// The clock on the wall of its zone decides. Where clocks are put forward, a
// window inside the hour that is left out does not open that day. Where they
// are put back, it is open both times the clock shows its hours.
type Window struct {
	days     weekdays
	from, to int16  // minutes of the day; to is at most 24:00
	zone     string // as the time zone database names it
}

// weekdays is a set of days, one bit for each [time.Weekday].
type weekdays uint8

const everyDay weekdays = 1<<7 - 1

func (d weekdays) has(day time.Weekday) bool { return d&(1<<day) != 0 }

// overnight reports whether the window ends on the day after it began.
func (w Window) overnight() bool { return w.to <= w.from }

// IsZero reports whether there is no window.
func (w Window) IsZero() bool { return w == Window{} }

// Equal is ==. Comparing by reflection needs it, for the fields are not exported.
func (w Window) Equal(v Window) bool { return w == v }

// Open reports whether the window is open at t.
func (w Window) Open(t time.Time) bool {
	loc, err := w.location()
	return err == nil && w.openOn(t.In(loc))
}

// Next returns the first moment, not before t, at which the window is open: t
// itself while it is open. It is zero for the zero Window only.
func (w Window) Next(t time.Time) time.Time {
	loc, err := w.location()
	if err != nil {
		return time.Time{}
	}
	return w.nextIn(loc, t)
}

// location finds the zone. It was there when the window was read.
func (w Window) location() (*time.Location, error) {
	if w.IsZero() {
		return nil, Errorf(Invalid, "window", "is not there; %s", windowMend)
	}
	return time.LoadLocation(w.zone)
}

// openOn is Open for a time in the window's zone.
func (w Window) openOn(t time.Time) bool {
	hour, minute, _ := t.Clock()
	at, today := int16(hour*60+minute), t.Weekday() //nolint:gosec // a day has 1,440 minutes
	if !w.overnight() {
		return w.days.has(today) && w.from <= at && at < w.to
	}
	yesterday := (today + 6) % 7
	return w.days.has(today) && w.from <= at || w.days.has(yesterday) && at < w.to
}

// nextIn is Next in the window's zone. It steps from one change of the zone's
// offset to the next, because between them the clock is a plain sum.
func (w Window) nextIn(loc *time.Location, t time.Time) time.Time {
	// A window that only ever falls into hours left out does not exist: clocks
	// are put forward once or twice a year.
	const most = 20
	for range most {
		t = t.In(loc)
		if w.openOn(t) {
			return t.UTC()
		}
		opens := t.Add(w.untilOpening(t))
		_, end := t.ZoneBounds()
		if end.IsZero() || opens.Before(end) {
			return opens.UTC()
		}
		t = end
	}
	return time.Time{}
}

// untilOpening is how far the clock must go on from t until the window opens.
func (w Window) untilOpening(t time.Time) time.Duration {
	const day, week = 24 * time.Hour, 7 * 24 * time.Hour
	hour, minute, second := t.Clock()
	at := time.Duration(t.Weekday())*day + time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute +
		time.Duration(second)*time.Second + time.Duration(t.Nanosecond())
	least := week
	for d := time.Sunday; d <= time.Saturday; d++ {
		if opens := time.Duration(d)*day + time.Duration(w.from)*time.Minute; w.days.has(d) {
			least = min(least, (opens-at+week)%week)
		}
	}
	return least
}

// String writes the window as [ParseWindow] reads it, always with its zone.
func (w Window) String() string {
	if w.IsZero() {
		return ""
	}
	days := w.days.String()
	if days != "" {
		days += " "
	}
	return fmt.Sprintf("%s%02d:%02d-%02d:%02d %s", days, w.from/60, w.from%60, w.to/60, w.to%60, w.zone)
}

// String writes days in a row as a range, from Monday on. Every day is "".
func (d weekdays) String() string {
	if d == everyDay {
		return ""
	}
	var parts []string
	for i := range 7 {
		first := (time.Monday + time.Weekday(i)) % 7
		if !d.has(first) || d.has((first+6)%7) {
			continue
		}
		last := first
		for d.has((last + 1) % 7) {
			last = (last + 1) % 7
		}
		part := shortDay(first)
		if last != first {
			part += "-" + shortDay(last)
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, ",")
}

func shortDay(d time.Weekday) string { return d.String()[:3] }

// MarshalText writes the window as String does. The zero Window is an error.
func (w Window) MarshalText() ([]byte, error) {
	if w.IsZero() {
		return nil, Errorf(Invalid, "window", "is not there; %s", windowMend)
	}
	return []byte(w.String()), nil
}

// UnmarshalText reads a window as ParseWindow does.
func (w *Window) UnmarshalText(b []byte) (err error) {
	*w, err = ParseWindow(string(b))
	return err
}
