package dispatch

import (
	"fmt"
	"time"
)

// quiet is QuietHours, read. The zero value is never quiet.
type quiet struct {
	zone     *time.Location
	from, to int // minutes of the day by the clock on the wall; the same for none
	weekends bool
}

// compile reads and checks quiet hours; nil is none.
func (q *QuietHours) compile() (quiet, error) {
	none := quiet{zone: time.UTC}
	if q == nil {
		return none, nil
	}
	zone, err := time.LoadLocation(q.Zone)
	if err != nil || q.Zone == "Local" {
		return none, fmt.Errorf("notices.quiet_hours.zone: %q is not a time zone; write one such as Europe/Berlin", q.Zone)
	}
	out := quiet{zone: zone, weekends: q.Weekends}
	if q.From == "" && q.To == "" {
		if !q.Weekends {
			return none, fmt.Errorf("notices.quiet_hours: set from and to, or weekends: true")
		}
		return out, nil
	}
	for _, f := range []struct {
		name, text string
		minutes    *int
	}{{"from", q.From, &out.from}, {"to", q.To, &out.to}} {
		t, err := time.Parse("15:04", f.text)
		if err != nil {
			return none, fmt.Errorf("notices.quiet_hours.%s: %q is not a time of day; write one such as \"07:00\", in quotes", f.name, f.text)
		}
		*f.minutes = t.Hour()*60 + t.Minute()
	}
	if out.from == out.to {
		return none, fmt.Errorf("notices.quiet_hours: from and to are the same")
	}
	return out, nil
}

// holds reports whether t is quiet.
func (q quiet) holds(t time.Time) bool {
	t = t.In(q.zone)
	if day := t.Weekday(); q.weekends && (day == time.Saturday || day == time.Sunday) {
		return true
	}
	now := t.Hour()*60 + t.Minute()
	if q.from <= q.to {
		return now >= q.from && now < q.to
	}
	return now >= q.from || now < q.to
}

// end returns the first minute from t on that is not quiet; t itself, if it is
// not. It looks at the clock minute by minute: on the nights when the clock
// jumps there is nothing to calculate and so nothing to get wrong.
func (q quiet) end(t time.Time) time.Time {
	for q.holds(t) {
		t = t.Truncate(time.Minute).Add(time.Minute)
	}
	return t
}
