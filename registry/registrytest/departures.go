package registrytest

import (
	"fmt"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

const leaver = "alice@example.com"

// departure is one as it is said: of leaver, by an event of okta.
func departure(id, event string) registry.Departure {
	return registry.Departure{ID: id, Email: leaver, Origin: "okta", Event: event, Actor: "scim", At: start(), Reason: "deactivated"}
}

// depart says that somebody left, and wants it to open a departure or not.
func depart(t *testing.T, s registry.Store, d registry.Departure, open bool) registry.Departure {
	t.Helper()
	got, opened, err := s.Depart(t.Context(), d)
	if err != nil || opened != open {
		t.Fatalf("Depart %s: opened is %v, error %v; want %v", d.ID, opened, err, open)
	}
	return got
}

func saveDeparture(t *testing.T, s registry.Store, d registry.Departure) registry.Departure {
	t.Helper()
	saved, err := s.SaveDeparture(t.Context(), d)
	if err != nil {
		t.Fatalf("SaveDeparture %s: %v", d.ID, err)
	}
	return saved
}

func closeDeparture(t *testing.T, s registry.Store, d registry.Departure, state registry.DepartureState) registry.Departure {
	t.Helper()
	d.State, d.Closed = state, start().Add(time.Hour)
	return saveDeparture(t, s, d)
}

func wantDeparture(t *testing.T, s registry.Store, what string, want registry.Departure) {
	t.Helper()
	got, err := s.Departure(t.Context(), want.ID)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	diff(t, what, got, want)
}

func departureIDs(t *testing.T, s registry.Store, f registry.DepartureFilter) []string {
	t.Helper()
	var ids []string
	for d, err := range s.Departures(t.Context(), f) {
		if err != nil {
			t.Fatalf("Departures %+v: %v", f, err)
		}
		ids = append(ids, d.ID)
	}
	return ids
}

// departuresLive opens one, changes all that may change, and ends it. What may
// not change does not, whatever a caller says.
func departuresLive(t *testing.T, s registry.Store) {
	said := departure("d1", "1")
	said.State, said.Revision, said.Sure = registry.DepartureDone, 9, true
	said.Aliases = []string{"al@example.com", "a.lee@example.com"}
	said.At = said.At.Add(123456789).In(time.FixedZone("", 3600))
	want := said
	want.State, want.Revision, want.At = registry.DepartureOpen, 1, start().Add(123456*time.Microsecond)
	diff(t, "as it was opened", depart(t, s, said, true), want)
	wantDeparture(t, s, "as stored", want)

	late := start().Add(time.Hour + 123456789)
	next := registry.Departure{
		ID: "d1", Email: "other@example.com", Aliases: []string{"other"}, Origin: "other", Event: "other", Actor: "other", At: late, Reason: "other",
		State: registry.DepartureDone, Directory: "okta", Successor: "bob@example.com", Batch: "b1", Ended: []string{"2 sessions", "a grant"},
		Sessions: late, Handed: late.Add(time.Hour), Replaced: late.Add(2 * time.Hour), Closed: late.In(time.FixedZone("", 3600)), Note: "left well", Revision: 1,
	}
	micro := func(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
	want.State, want.Sure, want.Directory, want.Successor, want.Batch = next.State, false, next.Directory, next.Successor, next.Batch
	want.Ended, want.Note, want.Revision = next.Ended, next.Note, 2
	want.Sessions, want.Handed, want.Replaced, want.Closed = micro(late), micro(next.Handed), micro(next.Replaced), micro(late)
	diff(t, "as saved", saveDeparture(t, s, next), want)
	wantDeparture(t, s, "as stored after that", want)

	_, err := s.SaveDeparture(t.Context(), next)
	wantKind(t, err, keyturn.Conflict) // stale
	again := want
	again.State = registry.DepartureOpen
	_, err = s.SaveDeparture(t.Context(), again)
	wantKind(t, err, keyturn.Conflict) // never opened again
	wantDeparture(t, s, "after saves that were refused", want)
	want.Note = "the ticket is closed"
	saveDeparture(t, s, want)
	want.Revision = 3
	wantDeparture(t, s, "with a note from after its end", want)
}

// joinedDepartures: what is said of somebody who is leaving joins, and what was
// said before is known for ever.
func joinedDepartures(t *testing.T, s registry.Store) {
	first := depart(t, s, departure("d1", "1"), true)
	joining := departure("d2", "2")
	joining.Actor, joining.At, joining.Reason = "bob@example.com", start().Add(time.Minute), "said otherwise"
	for range 2 {
		diff(t, "what was joined", depart(t, s, joining, false), first)
	}
	diff(t, "what was said before", depart(t, s, departure("d3", "1"), false), first)
	_, err := s.Departure(t.Context(), "d2")
	wantKind(t, err, keyturn.NotFound)

	other := departure("d4", "2")
	other.Email, other.Origin = "carol@example.com", "entra"
	depart(t, s, other, true)
	done := closeDeparture(t, s, first, registry.DepartureDone)
	for _, event := range []string{"1", "2"} {
		diff(t, "what was said before it ended", depart(t, s, departure("d5", event), false), done)
	}
	strange := departure("d5", "1")
	strange.Email = "erin@example.com"
	diff(t, "what was said before, of another address", depart(t, s, strange, false), done)
	depart(t, s, departure("d6", "3"), true)
	heard := func(id string) (all []registry.Heard) {
		t.Helper()
		for h, err := range s.Heard(t.Context(), id) {
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, h)
		}
		return all
	}
	diff(t, "how the first was heard of", heard("d1"), []registry.Heard{
		{Origin: "okta", Event: "1", Actor: "scim", At: start()}, {Origin: "okta", Event: "2", Actor: "bob@example.com", At: start().Add(time.Minute)},
	})
	diff(t, "how another was", heard("d4"), []registry.Heard{{Origin: "entra", Event: "2", Actor: "scim", At: start()}})
	diff(t, "how the next was", heard("d6"), []registry.Heard{{Origin: "okta", Event: "3", Actor: "scim", At: start()}})
	diff(t, "how one was that there is not", heard("nobody"), []registry.Heard(nil))
}

// departurePages come newest first, as they were recorded, over several pages.
func departurePages(t *testing.T, s registry.Store) {
	const n = 1103
	for i := range n {
		d := departure(fmt.Sprintf("d%04d", i), fmt.Sprint(i))
		d.At = d.At.Add(-time.Duration(i) * time.Minute) // no order is to come from it
		if i%2 == 0 {
			d.Email = "carol@example.com"
		}
		d = depart(t, s, d, true)
		if i < n-2 {
			closeDeparture(t, s, d, []registry.DepartureState{registry.DepartureDone, registry.DepartureStayed}[i%2])
		}
	}
	for name, c := range map[string]struct {
		f           registry.DepartureFilter
		want        int
		first, last string
	}{
		"all":           {registry.DepartureFilter{}, n, "d1102", "d0000"},
		"some":          {registry.DepartureFilter{Limit: 501}, 501, "d1102", "d0602"},
		"one":           {registry.DepartureFilter{Limit: 1}, 1, "d1102", "d1102"},
		"open":          {registry.DepartureFilter{State: registry.DepartureOpen}, 2, "d1102", "d1101"},
		"stayed":        {registry.DepartureFilter{State: registry.DepartureStayed}, 550, "d1099", "d0001"},
		"of an address": {registry.DepartureFilter{Email: leaver}, 551, "d1101", "d0001"},
		"both":          {registry.DepartureFilter{Email: leaver, State: registry.DepartureOpen}, 1, "d1101", "d1101"},
	} {
		got := departureIDs(t, s, c.f)
		if len(got) != c.want || got[0] != c.first || got[len(got)-1] != c.last {
			t.Errorf("%s: %d from %s to %s, want %d from %s to %s", name, len(got), got[0], got[len(got)-1], c.want, c.first, c.last)
		}
	}
	diff(t, "of nobody", departureIDs(t, s, registry.DepartureFilter{Email: "nobody@example.com"}), []string(nil))
}
