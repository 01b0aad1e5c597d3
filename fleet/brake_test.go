package fleet_test

import (
	"strings"
	"testing"
	"time"

	"github.com/keyturn/keyturn/fleet"
	"github.com/keyturn/keyturn/registry"
)

// ended makes outcomes, newest first, of a word: f failed, x cannot end, s
// succeeded, a was aborted by a person. They are a minute apart.
func ended(word string) []registry.Outcome {
	var out []registry.Outcome
	for i, c := range word {
		o := registry.Outcome{What: registry.Completed, At: begin().Add(-time.Duration(i) * time.Minute)}
		switch c {
		case 'f':
			o.What, o.Why = registry.RolledBack, "denied"
		case 'x':
			o.What, o.Why = registry.Failing, "denied"
		case 'a':
			o.What, o.Why = registry.RolledBack, "aborted"
		}
		out = append(out, o)
	}
	return out
}

func TestBrake(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		word  string
		since time.Duration // before the newest
		trips bool
	}{
		{"nothing has ended", "", time.Hour, false},
		{"too few to tell", "fffffffff", time.Hour, false},
		{"all of the least failed", "ffffffffff", time.Hour, true},
		{"all of the least cannot end", "xxxxxxxxxx", time.Hour, true},
		{"a fifth of them", "ffssssssss", time.Hour, false},
		{"more than a fifth", "fffsssssss", time.Hour, true},
		{"calling off is no failure", "fff" + strings.Repeat("a", 20) + "ss", time.Hour, false},
		{"before it was resumed", "s" + strings.Repeat("f", 40), 30 * time.Second, false},
		{"since it was resumed", strings.Repeat("f", 10) + strings.Repeat("s", 40), 10*time.Minute - time.Second, true},
		{"longer ago than the last fifty", strings.Repeat("s", 50) + strings.Repeat("f", 50), 24 * time.Hour, false},
	} {
		why, trips := fleet.Brake{}.Trips(ended(c.word), begin().Add(-c.since))
		if trips != c.trips || trips != strings.Contains(why, "because of denied") {
			t.Errorf("%s: trips %v (%q), want %v", c.name, trips, why, c.trips)
		}
	}
}

// TestBrakeForgivesWhatStoodStill: what began before the account was resumed is
// undone only now.
func TestBrakeForgivesWhatStoodStill(t *testing.T) {
	t.Parallel()
	resumed := begin().Add(-time.Hour)
	for began, trips := range map[time.Duration]bool{-time.Minute: false, time.Minute: true} {
		outcomes := ended(strings.Repeat("f", 20))
		for i := range outcomes {
			outcomes[i].Began = resumed.Add(began)
		}
		if _, got := (fleet.Brake{}).Trips(outcomes, resumed); got != trips {
			t.Errorf("begun %s from then: trips %v, want %v", began, got, trips)
		}
	}
}

func TestBrakeAsConfigured(t *testing.T) {
	t.Parallel()
	b := fleet.Brake{Share: 0.5, Last: 4, Least: 2}
	for word, want := range map[string]bool{"f": false, "ff": true, "fs": false, "ffss": false, "fffs": true, "ssssff": false} {
		if _, trips := b.Trips(ended(word), time.Time{}); trips != want {
			t.Errorf("%q trips: %v, want %v", word, trips, want)
		}
	}
}
