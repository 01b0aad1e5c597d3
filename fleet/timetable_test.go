package fleet_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/fleet"
)

func begin() time.Time { return time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC) }

func keyOf(team string) *keyturn.Key {
	return &keyturn.Key{ID: keyturn.KeyID("key-" + team), Owner: keyturn.Owner{Team: team}, Scope: keyturn.Scope{Provider: "aws", Account: "1"}}
}

func freeze(team string, from, until time.Time) keyturn.CalendarRule {
	return keyturn.CalendarRule{ID: "freeze", Kind: keyturn.Freeze, Team: team, From: from, Until: until, Reason: "release", Actor: "a", Created: begin()}
}

func TestTimetableHoldsTheGap(t *testing.T) {
	t.Parallel()
	table := fleet.NewTimetable(begin(), begin().Add(time.Minute), 20*time.Second, nil)
	var got []time.Duration
	for range 3 {
		at, placing := table.Place(keyOf("a"), begin())
		if placing != fleet.Placed || table.Full() != (len(got) == 2) {
			t.Fatalf("%s, full %v", placing, table.Full())
		}
		got = append(got, at.Sub(begin()))
	}
	if d := cmp.Diff([]time.Duration{0, 20 * time.Second, 40 * time.Second}, got); d != "" {
		t.Error(d)
	}
	if _, placing := table.Place(keyOf("a"), begin()); placing != fleet.Full {
		t.Errorf("a fourth is %s", placing)
	}
}

func TestTimetableObeysTheCalendar(t *testing.T) {
	t.Parallel()
	end := begin().Add(10 * time.Minute)
	table := fleet.NewTimetable(begin(), end, time.Minute, []keyturn.CalendarRule{
		freeze("late", begin(), begin().Add(150*time.Second)),
		freeze("never", begin(), time.Time{}),
		freeze("after", begin(), end),
	})
	for _, c := range []struct {
		team     string
		earliest time.Duration
		want     time.Duration
		placing  fleet.Placing
	}{
		{"late", 0, 3 * time.Minute, fleet.Placed},
		{"never", 0, 0, fleet.Held},
		{"after", 0, 0, fleet.Held},
		{"free", 0, 0, fleet.Placed},
		{"free", 150 * time.Second, 4 * time.Minute, fleet.Placed}, // the third minute is taken
		{"late", 0, 5 * time.Minute, fleet.Placed},
		{"free", 0, time.Minute, fleet.Placed}, // what was left free before is found
		{"free", time.Hour, 0, fleet.Full},
	} {
		at, placing := table.Place(keyOf(c.team), begin().Add(c.earliest))
		if placing != c.placing || placing == fleet.Placed && at.Sub(begin()) != c.want {
			t.Errorf("%s from %s: %s at %s, want %s at %s", c.team, c.earliest, placing, at.Sub(begin()), c.placing, c.want)
		}
	}
}

// TestTimetableFillsUp places as many keys as there are slots, in a window in
// which half of the time is frozen for half of them.
func TestTimetableFillsUp(t *testing.T) {
	t.Parallel()
	const slots = 100_000
	gap := 36 * time.Millisecond
	end := begin().Add(slots * gap)
	half := begin().Add(slots / 2 * gap)
	table := fleet.NewTimetable(begin(), end, gap, []keyturn.CalendarRule{freeze("late", begin(), half)})
	taken := map[time.Time]bool{}
	for i := range slots {
		team := "free"
		if i%2 == 0 {
			team = "late"
		}
		at, placing := table.Place(keyOf(team), begin())
		if placing != fleet.Placed || taken[at] || team == "late" && at.Before(half) {
			t.Fatalf("key %d of team %s: %s at %s, taken before: %v", i, team, placing, at, taken[at])
		}
		taken[at] = true
	}
	if !table.Full() {
		t.Error("as many keys as slots do not fill it")
	}
}

func TestTimetableWithoutTime(t *testing.T) {
	t.Parallel()
	table := fleet.NewTimetable(begin(), begin(), time.Second, nil)
	if _, placing := table.Place(keyOf("a"), begin()); placing != fleet.Full || !table.Full() {
		t.Errorf("a window of no time has room: %s", placing)
	}
}

func TestCanariesFirst(t *testing.T) {
	t.Parallel()
	var keys []keyturn.Key
	for i, team := range []string{"a", "a", "b", "a", "c", "b"} {
		k := keyOf(team)
		k.ID = keyturn.KeyID(fmt.Sprint(i))
		keys = append(keys, *k)
	}
	ordered, n := fleet.CanariesFirst(keys)
	var got []string
	for _, k := range ordered {
		got = append(got, string(k.ID))
	}
	if d := cmp.Diff([]string{"0", "2", "4", "1", "3", "5"}, got); d != "" || n != 3 {
		t.Errorf("%d canaries, order %v", n, got)
	}
}
