package dispatch_test

import (
	"strings"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/notices/dispatch"
	"github.com/keyturn/keyturn/registry"
)

// TestQuietHours asks when a notice of a moment is told.
func TestQuietHours(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	night := dispatch.QuietHours{From: "20:00", To: "07:00", Zone: "Europe/Berlin", Weekends: true}
	noon := dispatch.QuietHours{From: "12:00", To: "13:30", Zone: "Europe/Berlin"}
	toHalfPastTwo := dispatch.QuietHours{From: "20:00", To: "02:30", Zone: "Europe/Berlin"}
	fromHalfPastTwo := dispatch.QuietHours{From: "02:30", To: "07:00", Zone: "Europe/Berlin"}
	w := newWorld(t)
	for name, c := range map[string]struct {
		hours   dispatch.QuietHours
		happens string // by the clock in Berlin
		told    string // likewise; digests are off
	}{
		"by day":                            {hours: night, happens: "2026-11-24 10:00", told: "2026-11-24 10:00"},
		"at night":                          {hours: night, happens: "2026-11-24 22:15", told: "2026-11-25 07:00"},
		"as the night begins":               {hours: night, happens: "2026-11-24 20:00", told: "2026-11-25 07:00"},
		"as it ends":                        {hours: night, happens: "2026-11-25 07:00", told: "2026-11-25 07:00"},
		"in the small hours":                {hours: night, happens: "2026-11-25 03:00", told: "2026-11-25 07:00"},
		"on Friday night":                   {hours: night, happens: "2026-11-27 21:00", told: "2026-11-30 07:00"},
		"on Saturday at noon":               {hours: night, happens: "2026-11-28 12:00", told: "2026-11-30 07:00"},
		"on Sunday at night":                {hours: night, happens: "2026-11-29 23:59", told: "2026-11-30 07:00"},
		"weekends only":                     {hours: dispatch.QuietHours{Zone: "Europe/Berlin", Weekends: true}, happens: "2026-11-28 12:00", told: "2026-11-30 00:00"},
		"a quiet lunch":                     {hours: noon, happens: "2026-11-24 12:10", told: "2026-11-24 13:30"},
		"after lunch":                       {hours: noon, happens: "2026-11-24 13:30", told: "2026-11-24 13:30"},
		"the night the clock goes ahead":    {hours: night, happens: "2027-03-27 23:00", told: "2027-03-29 07:00"},
		"weekday after the clock went back": {hours: night, happens: "2026-10-25 21:00", told: "2026-10-26 07:00"},
		// 02:30 does not exist on 2027-03-28: after 01:59 comes 03:00.
		"the end is skipped": {hours: toHalfPastTwo, happens: "2027-03-27 22:00", told: "2027-03-28 03:00"},
		"the begin is not":   {hours: fromHalfPastTwo, happens: "2027-03-28 03:00", told: "2027-03-28 07:00"},
	} {
		config := standard()
		config.QuietHours, config.Digest = &c.hours, new(keyturn.Duration)
		d := w.dispatcher(config)
		at, _ := time.ParseInLocation("2006-01-02 15:04", c.happens, berlin)
		want, _ := time.ParseInLocation("2006-01-02 15:04", c.told, berlin)
		w.set(at)
		w.happen(2, registry.Completed)
		if want.After(at) {
			w.once(d)
			w.set(want.Add(-time.Second))
			w.once(d)
			if n := len(w.mail.take()); n != 0 {
				t.Errorf("%s: %d messages before %s", name, n, c.told)
			}
		}
		w.set(want)
		w.once(d)
		if n := len(w.mail.take()); n != 1 {
			t.Errorf("%s: %d messages at %s, want one", name, n, c.told)
		}
	}
}

// TestHourThatComesTwice: on 2026-10-25 the clock in Berlin shows 02:30 twice.
// Quiet hours end the first time.
func TestHourThatComesTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := standard()
	c.Digest, c.QuietHours = new(keyturn.Duration), &dispatch.QuietHours{From: "20:00", To: "02:30", Zone: "Europe/Berlin"}
	d := w.dispatcher(c)
	w.set(time.Date(2026, 10, 24, 22, 0, 0, 0, time.UTC))
	w.happen(1, registry.Completed)
	w.set(time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC)) // 02:30 for the first time
	w.once(d)
	w.mail.one(t)
}

// TestNightIsOneDigest: what happens in a night is told in the morning, in one
// message, and urgent things at night.
func TestNightIsOneDigest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := standard()
	c.QuietHours = &dispatch.QuietHours{From: "20:00", To: "07:00", Zone: "Europe/Berlin", Weekends: true}
	d := w.dispatcher(c)
	w.set(time.Date(2026, 11, 27, 19, 30, 0, 0, time.UTC)) // Friday, 20:30
	for w.clock().Before(time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)) {
		w.happen(5, registry.Completed)
		w.once(d)
		w.pass(5 * time.Hour)
	}
	e := w.event(registry.Stuck)
	e.Urgent = true
	w.happens(alicesKey("urgent"), e)
	w.once(d)
	if m := w.mail.one(t); !m.Urgent {
		t.Error("what is not urgent came in the night")
	}
	w.set(time.Date(2026, 11, 30, 6, 1, 0, 0, time.UTC)) // Monday, 07:01
	w.once(d)
	m := w.mail.one(t)
	if n := len(m.Notices); n != w.serial-1 {
		t.Errorf("the digest is about %d of %d", n, w.serial-1)
	}
	if at := m.At.UTC().Format(time.DateTime); at != "2026-11-30 06:00:00" {
		t.Errorf("it is of %s", at)
	}
}

// TestTimesInTheirZone: a message tells times as its readers' clocks do.
func TestTimesInTheirZone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := standard()
	c.QuietHours = &dispatch.QuietHours{From: "20:00", To: "07:00", Zone: "Europe/Berlin"}
	w.happens(alicesKey("payments-stripe"), w.event(registry.Completed))
	w.toNextSlot()
	w.once(w.dispatcher(c))
	if m := w.mail.one(t); !strings.Contains(m.Text, "2026-11-24 11:20 CET") {
		t.Errorf("the time is another:\n%s", m.Text)
	}
}
