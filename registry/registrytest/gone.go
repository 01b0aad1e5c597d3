package registrytest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// goneAndReturned asks who is gone after each thing that can happen.
func goneAndReturned(t *testing.T, s registry.Store) {
	gone := func(what, want string) {
		t.Helper()
		d, err := s.Gone(t.Context(), leaver)
		if want == "" {
			wantKind(t, err, keyturn.NotFound)
		} else if err != nil || d.ID != want {
			t.Fatalf("%s: gone by %q, error %v; want %s", what, d.ID, err, want)
		}
	}
	back := func() {
		t.Helper()
		if err := s.Returned(t.Context(), leaver, start().Add(2*time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	back()
	gone("nobody left", "")
	first := depart(t, s, departure("d1", "1"), true)
	gone("an open one", "d1")
	back()
	gone("an open one, though they were seen", "d1")
	closeDeparture(t, s, first, registry.DepartureStayed)
	gone("one who stayed", "")
	closeDeparture(t, s, depart(t, s, departure("d2", "2"), true), registry.DepartureDone)
	gone("one that is done", "d2")
	closeDeparture(t, s, depart(t, s, departure("d3", "3"), true), registry.DepartureStayed)
	gone("one that is done, before one who stayed", "d2")
	closeDeparture(t, s, depart(t, s, departure("d4", "4"), true), registry.DepartureDone)
	gone("the last of two", "d4")
	other := departure("of another", "5")
	other.Email = "carol@example.com"
	closeDeparture(t, s, depart(t, s, other, true), registry.DepartureDone)
	before, err := s.Departure(t.Context(), "d4")
	if err != nil {
		t.Fatal(err)
	}
	back()
	back()
	gone("somebody who is back", "")
	wantDeparture(t, s, "a departure of somebody who is back", before)
	if d, err := s.Gone(t.Context(), "carol@example.com"); err != nil || d.ID != "of another" {
		t.Errorf("another is gone by %q, error %v", d.ID, err)
	}
	closeDeparture(t, s, depart(t, s, departure("d6", "6"), true), registry.DepartureDone)
	gone("somebody who left again", "d6")

	wantKind(t, s.Returned(t.Context(), "", start()), keyturn.Invalid)
	wantKind(t, s.Returned(t.Context(), leaver, time.Time{}), keyturn.Invalid)
	wantKind(t, s.Returned(t.Context(), "nu\x00l", start()), keyturn.Invalid)
	gone("after words that were refused", "d6")
}

func wantSeen(t *testing.T, s registry.Store, email, directory string, at time.Time) {
	t.Helper()
	gotDirectory, gotAt, err := s.Seen(t.Context(), email)
	if err != nil || gotDirectory != directory || gotAt != at {
		t.Fatalf("%s was seen by %q at %v, error %v; want %q at %v", email, gotDirectory, gotAt, err, directory, at)
	}
}

// sightings keep the latest moment, whatever comes late.
func sightings(t *testing.T, s registry.Store) {
	saw := func(directory string, at time.Time, emails ...string) {
		t.Helper()
		if err := s.Saw(t.Context(), directory, emails, at); err != nil {
			t.Fatal(err)
		}
	}
	unseen := func(email string) {
		t.Helper()
		_, _, err := s.Seen(t.Context(), email)
		wantKind(t, err, keyturn.NotFound)
	}
	unseen("a@example.com")
	saw("okta", start())
	precise := start().Add(123456789).In(time.FixedZone("", 3600))
	saw("okta", precise, "a@example.com", "b@example.com", "a@example.com")
	wantSeen(t, s, "a@example.com", "okta", start().Add(123456*time.Microsecond))
	saw("entra", start().Add(time.Hour), "b@example.com", "c@example.com")
	saw("okta", start().Add(time.Minute), "b@example.com")
	wantSeen(t, s, "a@example.com", "okta", start().Add(123456*time.Microsecond))
	wantSeen(t, s, "b@example.com", "entra", start().Add(time.Hour))
	wantSeen(t, s, "c@example.com", "entra", start().Add(time.Hour))

	late := start().Add(2 * time.Hour)
	for name, err := range map[string]error{
		"no directory": s.Saw(t.Context(), "", []string{"a@example.com"}, late),
		"never":        s.Saw(t.Context(), "okta", []string{"a@example.com"}, time.Time{}),
		"NUL":          s.Saw(t.Context(), "okta", []string{"a@example.com", "nu\x00l"}, late),
		"not UTF-8":    s.Saw(t.Context(), "okta", []string{"a@example.com", "caf\xe9"}, late),
	} {
		t.Log(name, err)
		wantKind(t, err, keyturn.Invalid)
	}
	wantSeen(t, s, "a@example.com", "okta", start().Add(123456*time.Microsecond))
}

// manySightings are recorded at once, twice, as a comparison of a large directory
// does.
func manySightings(t *testing.T, s registry.Store) {
	emails := make([]string, 100_000)
	for i := range emails {
		emails[i] = fmt.Sprintf("person-%05d@example.com", i)
	}
	for i, directory := range []string{"okta", "entra"} {
		at := start().Add(time.Duration(i) * time.Hour)
		began := time.Now()
		if err := s.Saw(t.Context(), directory, emails, at); err != nil {
			t.Fatal(err)
		}
		t.Log(len(emails), "in", time.Since(began))
		for _, email := range []string{emails[0], emails[77_777], emails[len(emails)-1]} {
			wantSeen(t, s, email, directory, at)
		}
		slices.Reverse(emails)
	}
}
