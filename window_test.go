package keyturn_test

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the tests mean the same on every machine

	"github.com/keyturn/keyturn"
)

func window(t testing.TB, text string) keyturn.Window {
	t.Helper()
	w, err := keyturn.ParseWindow(text)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return w
}

func at(t testing.TB, text string) time.Time {
	t.Helper()
	when, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return when
}

func TestParseWindow(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Sat-Sun 02:00-06:00 Europe/Berlin":              "Sat-Sun 02:00-06:00 Europe/Berlin",
		"22:00-04:00":                                    "22:00-04:00 UTC",
		"Mon,Wed,Fri 09:00-17:30 America/New_York":       "Mon,Wed,Fri 09:00-17:30 America/New_York",
		"Sat 00:00-24:00 UTC":                            "Sat 00:00-24:00 UTC",
		"Sat 00:00-24:00":                                "Sat 00:00-24:00 UTC",
		"22:00-00:00":                                    "22:00-24:00 UTC",
		"Mon-Sun 01:00-02:00":                            "01:00-02:00 UTC",
		"Fri-Mon 01:00-02:00":                            "Fri-Mon 01:00-02:00 UTC",
		"Sun,Mon,Sat,Mon 01:00-02:00":                    "Sat-Mon 01:00-02:00 UTC",
		"Wed,Tue 01:00-02:00 Etc/GMT+1":                  "Tue-Wed 01:00-02:00 Etc/GMT+1",
		"Sun-Sun 23:59-00:01 America/Port-au-Prince":     "Sun 23:59-00:01 America/Port-au-Prince",
		"Sat 02:00-06:00 America/Argentina/Rio_Gallegos": "Sat 02:00-06:00 America/Argentina/Rio_Gallegos",
	} {
		w := window(t, text)
		if got := w.String(); got != want {
			t.Errorf("%q prints as %q, want %q", text, got, want)
		}
		if again := window(t, w.String()); again != w {
			t.Errorf("%q, read again, is %v", text, again)
		}
	}
	if window(t, "Sat 02:00-06:00") != window(t, "Sat-Sat 02:00-06:00 UTC") {
		t.Error("the same window written in two ways differs")
	}
	if window(t, "Sat 02:00-06:00") == window(t, "Sat 02:00-06:00 Europe/Berlin") {
		t.Error("windows of two zones are the same")
	}
}

func TestParseWindowErrors(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                      "has no times where they belong; write it as in Sat-Sun",
		"Sat":                                   "has no times",
		"always":                                "has no times",
		"Europe/Berlin Sat 02:00-06:00":         "has no times",
		"Sat - Sun 02:00-06:00":                 "has more in it",
		"Sat 02:00 - 06:00":                     "has more in it than days, times and a time zone; write it as in Sat-Sun 02:00-06:00 Europe/Berlin, with one space between them",
		"Sat 02:00-06:00 Europe/Berlin UTC":     "has more in it",
		"Sat 02:00-06:00 ":                      "has more in it",
		"Sat  02:00-06:00":                      "has more in it",
		"Samstag 02:00-06:00":                   "names a day that is none of Mon, Tue, Wed, Thu, Fri, Sat, Sun; write days as in",
		"sat 02:00-06:00":                       "names a day",
		"Saturday 02:00-06:00":                  "names a day",
		"Sat- 02:00-06:00":                      "names a day",
		"-Sat 02:00-06:00":                      "names a day",
		"Sat, 02:00-06:00":                      "names a day",
		"Mon-Wed-Fri 02:00-06:00":               "names a day",
		"Sat 2:00-06:00":                        "has a time that is not between 00:00 and 24:00; write both with two digits",
		"Sat 02:00":                             "has a time that is not",
		"Sat 02:00-24:01":                       "has a time that is not",
		"Sat 02:60-03:00":                       "has a time that is not",
		"Sat 25:00-26:00":                       "has a time that is not",
		"2am-6am":                               "has a time that is not",
		"Sat 02.00-06.00":                       "has a time that is not",
		"Sat 0a:00-06:00":                       "has a time that is not",
		"Sat 02:00-06:00:00":                    "has a time that is not",
		"Sat 24:00-02:00":                       "begins at 24:00; begin it at 00:00 on the next day",
		"Sat 02:00-02:00":                       "ends when it begins; write 00:00-24:00",
		"Sat 00:00-00:00":                       "ends when it begins",
		"Sat 02:00-06:00 Europe/Bremen":         "is in a time zone that is not known; write a name of the IANA time zone database",
		"Sat 02:00-06:00 europe/berlin":         "is in a time zone",
		"Sat 02:00-06:00 Local":                 "is in a time zone",
		"Sat 02:00-06:00 +02:00":                "is in a time zone",
		"Sat 02:00-06:00 Europe/../Europe/Rome": "is in a time zone",
		"Sat 02:00-06:00 Europe/":               "is in a time zone",
	} {
		w, err := keyturn.ParseWindow(text)
		var e *keyturn.Error
		if !errors.As(err, &e) || e.Kind != keyturn.Invalid || !strings.HasPrefix(e.Message, want) || !strings.Contains(e.Message, "; ") || !w.IsZero() {
			t.Errorf("%q: window %v, error %v; want %q", text, w, err, want)
		}
	}
}

func TestWindowText(t *testing.T) {
	t.Parallel()
	type holder struct {
		W  keyturn.Window   `json:"w,omitzero"`
		Ws []keyturn.Window `json:"ws,omitempty"`
	}
	in := holder{Ws: []keyturn.Window{window(t, "Sat 02:00-06:00 Europe/Berlin"), window(t, "22:00-04:00")}}
	b, err := json.Marshal(in)
	if want := `{"ws":["Sat 02:00-06:00 Europe/Berlin","22:00-04:00 UTC"]}`; err != nil || string(b) != want {
		t.Fatalf("JSON %s, error %v", b, err)
	}
	var out holder
	if err := json.Unmarshal(b, &out); err != nil || !out.W.IsZero() || len(out.Ws) != 2 || out.Ws[0] != in.Ws[0] || out.Ws[1] != in.Ws[1] {
		t.Errorf("read back as %v, error %v", out, err)
	}
	if err := json.Unmarshal([]byte(`{"w":""}`), &out); err == nil {
		t.Error("no text is a window")
	}
	var none keyturn.Window
	if b, err := none.MarshalText(); err == nil {
		t.Errorf("the zero window is written as %q", b)
	}
	if now := at(t, "2026-01-03T03:00:00Z"); none.Open(now) || !none.Next(now).IsZero() || none.String() != "" {
		t.Error("the zero window opens")
	}
}

func TestWindowOpen(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		window, at string
		open       bool
		next       string // "" is at itself
	}{
		// 2026-01-03 is a Saturday.
		{"Sat 02:00-06:00", "2026-01-03T01:59:59Z", false, "2026-01-03T02:00:00Z"},
		{"Sat 02:00-06:00", "2026-01-03T02:00:00Z", true, ""},
		{"Sat 02:00-06:00", "2026-01-03T05:59:59Z", true, ""},
		{"Sat 02:00-06:00", "2026-01-03T06:00:00Z", false, "2026-01-10T02:00:00Z"},
		{"Sat 02:00-06:00 Europe/Berlin", "2026-01-03T00:30:00Z", false, "2026-01-03T01:00:00Z"},
		{"Sat 02:00-06:00 America/New_York", "2026-01-03T07:30:00Z", true, ""},
		{"Mon 00:00-02:00 Asia/Tokyo", "2026-01-04T15:30:00Z", true, ""}, // still Sunday in UTC
		// Over midnight, and over the week's end.
		{"22:00-04:00", "2026-01-03T21:59:00Z", false, "2026-01-03T22:00:00Z"},
		{"22:00-04:00", "2026-01-03T23:59:00Z", true, ""},
		{"22:00-04:00", "2026-01-04T03:59:00Z", true, ""},
		{"22:00-04:00", "2026-01-04T04:00:00Z", false, "2026-01-04T22:00:00Z"},
		{"Sat 22:00-04:00", "2026-01-04T03:00:00Z", true, ""},
		{"Sat 22:00-04:00", "2026-01-03T03:00:00Z", false, "2026-01-03T22:00:00Z"},
		{"Sat 22:00-04:00", "2026-01-04T22:00:00Z", false, "2026-01-10T22:00:00Z"},
		{"Sun 22:00-04:00", "2026-01-05T03:00:00Z", true, ""},
		{"Sat 00:00-24:00", "2026-01-03T23:59:59.999Z", true, ""},
		{"Sat 00:00-24:00", "2026-01-04T00:00:00Z", false, "2026-01-10T00:00:00Z"},
		{"Sat-Sun 00:00-24:00", "2026-01-04T00:00:00Z", true, ""},
		{"Sat 02:00-06:00", "2026-01-03T01:59:59.5Z", false, "2026-01-03T02:00:00Z"},
		// Berlin puts clocks forward on 2026-03-29, 02:00 to 03:00 (01:00 UTC).
		{"Sun 02:15-02:45 Europe/Berlin", "2026-03-29T00:59:00Z", false, "2026-04-05T00:15:00Z"},
		{"Sun 02:15-02:45 Europe/Berlin", "2026-03-29T01:15:00Z", false, "2026-04-05T00:15:00Z"},
		{"Sun 02:30-04:00 Europe/Berlin", "2026-03-29T00:59:59Z", false, "2026-03-29T01:00:00Z"}, // the clock jumps into it
		{"Sun 01:00-04:00 Europe/Berlin", "2026-03-29T01:59:59Z", true, ""},
		{"Sun 01:00-04:00 Europe/Berlin", "2026-03-29T02:00:00Z", false, "2026-04-04T23:00:00Z"},
		// Berlin puts them back on 2026-10-25, 03:00 to 02:00 (01:00 UTC).
		{"Sun 02:15-02:45 Europe/Berlin", "2026-10-25T00:20:00Z", true, ""},
		{"Sun 02:15-02:45 Europe/Berlin", "2026-10-25T00:45:00Z", false, "2026-10-25T01:15:00Z"}, // again
		{"Sun 02:15-02:45 Europe/Berlin", "2026-10-25T01:45:00Z", false, "2026-11-01T01:15:00Z"},
		{"Sun 01:30-02:30 Europe/Berlin", "2026-10-25T00:30:00Z", false, "2026-10-25T01:00:00Z"}, // the clock jumps back into it
		// Beirut puts them forward at midnight: 2026-03-29 begins at 01:00.
		{"Sun 00:00-00:30 Asia/Beirut", "2026-03-28T21:59:00Z", false, "2026-04-04T21:00:00Z"},
		{"Sat 23:00-01:30 Asia/Beirut", "2026-03-28T22:10:00Z", true, ""},
		// Kathmandu is 5:45 ahead.
		{"06:00-06:15 Asia/Kathmandu", "2026-01-03T00:15:00Z", true, ""},
	} {
		w, when := window(t, c.window), at(t, c.at)
		want := when
		if c.next != "" {
			want = at(t, c.next)
		}
		if got := w.Open(when); got != c.open {
			t.Errorf("%s at %s: open is %v", c.window, c.at, got)
		}
		if got := w.Next(when); !got.Equal(want) || got.Location() != time.UTC {
			t.Errorf("%s at %s: opens %s, want %s", c.window, c.at, got, want)
		}
	}
}

// zones are those whose clocks do something unusual: at midnight, by half an
// hour, against the sun, four times a year, never.
var zones = []string{
	"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Beirut", "America/Santiago", "Africa/Casablanca",
	"Pacific/Chatham", "Asia/Kolkata", "Europe/Dublin", "Africa/Cairo", "America/Havana",
}

// randomWindow makes a window and a second opinion on when it is open, from
// nothing but what a clock and a calendar on the wall show.
func randomWindow(t *testing.T, r *rand.Rand) (keyturn.Window, func(time.Time) bool) {
	t.Helper()
	names := []string{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"}
	clock := func(m int) string { return time.Date(2000, 1, 1, 0, m, 0, 0, time.UTC).Format("15:04") }
	var days []string
	for len(days) == 0 {
		for _, n := range names {
			if r.IntN(3) == 0 {
				days = append(days, n)
			}
		}
	}
	from := r.IntN(24 * 60)
	length := 1 + r.IntN(24*60-1)
	if r.IntN(2) == 0 { // near the hours in which clocks are changed
		from, length = r.IntN(4*60), 1+r.IntN(90)
	}
	zone := zones[r.IntN(len(zones))]
	begins, ends := clock(from), clock(from+length)
	loc, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	before := map[string]string{}
	for i, n := range names {
		before[n] = names[(i+6)%7]
	}
	on := func(day string) bool { return strings.Contains(strings.Join(days, ","), day) }
	open := func(at time.Time) bool {
		day, now, _ := strings.Cut(at.In(loc).Format("Mon 15:04"), " ")
		if ends == "00:00" || begins < ends {
			return on(day) && begins <= now && (ends == "00:00" || now < ends)
		}
		return on(day) && begins <= now || on(before[day]) && now < ends
	}
	return window(t, strings.Join(days, ",")+" "+begins+"-"+ends+" "+zone), open
}

// nearChange is a random minute, often in a week in which some clock changes.
func nearChange(r *rand.Rand) time.Time {
	changes := []string{"2026-03-08", "2026-03-29", "2026-04-05", "2026-09-06", "2026-10-25", "2026-11-01", "2027-02-07", "2027-03-14"}
	base, _ := time.Parse(time.DateOnly, changes[r.IntN(len(changes))])
	return base.Add(time.Duration(r.IntN(6*24*60)-4*24*60) * time.Minute)
}

// TestWindowAgainstEveryMinute compares Open and Next with a look at every
// minute.
func TestWindowAgainstEveryMinute(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 40 {
		w, open := randomWindow(t, r)
		start := nearChange(r)
		next := w.Next(start)
		if next.Before(start) || next.Sub(start) > 15*24*time.Hour {
			t.Fatalf("%s at %s: opens %s", w, start, next)
		}
		for m := start; !m.After(next); m = m.Add(time.Minute) {
			if got, want := w.Open(m), open(m); got != want || want != m.Equal(next) {
				t.Fatalf("%s from %s: opens %s; at %s it is open %v, a look at the clock says %v", w, start, next, m, got, want)
			}
		}
		for range 200 { // and while it is open, and after
			m := next.Add(time.Duration(r.IntN(3*24*60)) * time.Minute)
			if got, want := w.Open(m), open(m); got != want {
				t.Fatalf("%s at %s: open is %v, a look at the clock says %v", w, m, got, want)
			}
		}
	}
}

func BenchmarkWindowNext(b *testing.B) {
	w, now := window(b, "Sat 02:00-06:00 Europe/Berlin"), at(b, "2026-03-01T00:00:00Z")
	for b.Loop() {
		w.Next(now)
	}
}
