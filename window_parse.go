package keyturn

import (
	"strings"
	"time"
)

const windowMend = "write it as in Sat-Sun 02:00-06:00 Europe/Berlin"

// ParseWindow reads a window: days, times and a time zone, with a space between
// them. Days are Mon to Sun, in lists and ranges, "Mon,Wed-Fri"; without them it
// is every day. A window is named after the day it opens on: "Sat 22:00-04:00"
// ends on Sunday, and "Sat 00:00-24:00" is the whole Saturday. The zone is a
// name of the time zone database (https://www.iana.org/time-zones); without it,
// it is UTC.
//
// The error is Invalid. Its message is the problem and the mend with "; "
// between them, and does not quote the text.
func ParseWindow(text string) (Window, error) {
	days, times, zone, err := windowParts(text)
	if err != nil {
		return Window{}, err
	}
	w := Window{days: everyDay, zone: "UTC"}
	if days != "" {
		if w.days, err = parseDays(days); err != nil {
			return Window{}, err
		}
	}
	if w.from, w.to, err = parseTimes(times); err != nil {
		return Window{}, err
	}
	if zone != "" {
		if w.zone, err = parseZone(zone); err != nil {
			return Window{}, err
		}
	}
	return w, nil
}

func badWindow(problem, mend string) *Error {
	return Errorf(Invalid, "window", "%s; %s", problem, mend)
}

// windowParts tells the parts apart: only times begin with a digit.
func windowParts(text string) (days, times, zone string, err error) {
	parts := strings.Split(text, " ")
	if !beginsWithDigit(parts[0]) {
		days, parts = parts[0], parts[1:]
	}
	if len(parts) == 2 {
		zone = parts[1]
	}
	switch {
	case len(parts) > 2 || text != "" && strings.Contains(" "+text+" ", "  "):
		return "", "", "", badWindow("has more in it than days, times and a time zone", windowMend+", with one space between them")
	case len(parts) == 0 || !beginsWithDigit(parts[0]):
		return "", "", "", badWindow("has no times where they belong", windowMend)
	}
	return days, parts[0], zone, nil
}

func beginsWithDigit(s string) bool { return s != "" && '0' <= s[0] && s[0] <= '9' }

func parseDays(text string) (weekdays, error) {
	var days weekdays
	for part := range strings.SplitSeq(text, ",") {
		from, to, isRange := strings.Cut(part, "-")
		first, ok := parseDay(from)
		last, also := first, true
		if isRange {
			last, also = parseDay(to)
		}
		if !ok || !also {
			return 0, badWindow("names a day that is none of Mon, Tue, Wed, Thu, Fri, Sat, Sun", "write days as in Sat, Mon-Fri or Mon,Wed,Fri, without spaces")
		}
		for d := first; ; d = (d + 1) % 7 {
			days |= 1 << d
			if d == last {
				break
			}
		}
	}
	return days, nil
}

func parseDay(s string) (time.Weekday, bool) {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if s == shortDay(d) {
			return d, true
		}
	}
	return 0, false
}

// parseTimes reads "HH:MM-HH:MM". An end at 00:00 is one at 24:00.
func parseTimes(text string) (from, to int16, err error) {
	a, b, found := strings.Cut(text, "-")
	from, ok := parseClock(a)
	to, also := parseClock(b)
	const whole = 24 * 60
	switch {
	case !found || !ok || !also:
		return 0, 0, badWindow("has a time that is not between 00:00 and 24:00", "write both with two digits for the hour and two for the minute, as in 02:00-06:00")
	case from == whole:
		return 0, 0, badWindow("begins at 24:00", "begin it at 00:00 on the next day")
	case from == to:
		return 0, 0, badWindow("ends when it begins", "write 00:00-24:00 for the whole day")
	case to == 0:
		to = whole
	}
	return from, to, nil
}

func parseClock(s string) (minutes int16, ok bool) {
	if len(s) != len("00:00") || s[2] != ':' {
		return 0, false
	}
	hour, ok := twoDigits(s[:2])
	minute, also := twoDigits(s[3:])
	minutes = hour*60 + minute
	return minutes, ok && also && minute < 60 && minutes <= 24*60
}

func twoDigits(s string) (int16, bool) {
	tens, ones := s[0]-'0', s[1]-'0'
	return int16(tens)*10 + int16(ones), tens <= 9 && ones <= 9
}

// parseZone takes the names every machine agrees on. A machine's own zone is
// none of them, nor is a name in small letters, which only some file systems
// find.
func parseZone(name string) (string, error) {
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || part[0] < 'A' || part[0] > 'Z' {
			return "", badZone()
		}
	}
	if loc, err := time.LoadLocation(name); err != nil || loc == time.Local {
		return "", badZone()
	}
	return name, nil
}

func badZone() *Error {
	return badWindow("is in a time zone that is not known", "write a name of the IANA time zone database, such as Europe/Berlin or UTC")
}
