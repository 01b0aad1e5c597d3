package activities_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/people"
	"github.com/keyturn/keyturn/registry"
)

func (w *leaverWorld) compare() activities.CompareDirectoriesResult {
	w.t.Helper()
	return do[activities.CompareDirectoriesResult](w, w.leavers.CompareDirectories, activities.CompareDirectoriesInput{})
}

func TestLeaversNobodyAnnouncedAreFound(t *testing.T) {
	t.Parallel()
	w := newLeaverWorld(t)
	w.okta.put(people.Person{ID: "u8", Email: "vanishes@example.com", Active: true})
	w.owned("a", "payments", leaver)
	w.owned("b", "payments", "lead@example.com")
	w.owned("c", "payments", "nobody@example.com")
	w.owned("d", "payments", "Vanishes@example.com")
	if diff := cmp.Diff(activities.CompareDirectoriesResult{Owners: 4, Leavers: 1, Unknown: 1}, w.compare()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"unknown-owner"}, w.findings()); diff != "" {
		t.Error(diff)
	}
	w.now = w.now.AddDate(0, 0, 1)
	delete(w.okta.people, "vanishes@example.com")
	// The first is worked on, and no news: many who are would not be believed.
	if diff := cmp.Diff(activities.CompareDirectoriesResult{Owners: 4, Leavers: 1, Unknown: 1, Resumed: 1}, w.compare()); diff != "" {
		t.Error("somebody who was there and is not any more has left", diff)
	}
	if _, err := w.registry.Gone(t.Context(), "vanishes@example.com"); err != nil {
		t.Error(err)
	}
}

func TestOneDirectoryHasThemActive(t *testing.T) {
	t.Parallel()
	w := newLeaverWorld(t)
	w.owned("a", "payments", leaver)
	other := &directory{people: map[string]people.Person{leaver: {ID: "x", Email: leaver, Active: true}}}
	w.leavers.Directories["list"] = other
	if got := w.compare(); got.Leavers != 0 {
		t.Errorf("%+v", got)
	}
	other.down = true
	if _, err := try[activities.CompareDirectoriesResult](w, w.leavers.CompareDirectories, activities.CompareDirectoriesInput{}); err == nil {
		t.Error("whoever may be active in a directory that is down has not left")
	}
}

func TestTooManyLeaversAreNotBelieved(t *testing.T) {
	t.Parallel()
	w := newLeaverWorld(t)
	for i := range 11 {
		email := fmt.Sprintf("p%d@example.com", i)
		w.okta.put(people.Person{ID: fmt.Sprint("p", i), Email: email})
		w.owned(fmt.Sprint("key-", i), "payments", email)
	}
	if diff := cmp.Diff(activities.CompareDirectoriesResult{Owners: 11, Withheld: 11}, w.compare()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"too-many-leavers"}, w.findings()); diff != "" {
		t.Error(diff)
	}
	w.leavers.Rules.MostLeavers, w.now = 11, w.now.Add(time.Hour)
	if got := w.compare(); got.Leavers != 11 || len(w.findings()) != 0 {
		t.Errorf("%+v, %v", got, w.findings())
	}
}

func TestNewsOfWhomADirectoryKnowsNoMore(t *testing.T) {
	t.Parallel()
	w := newLeaverWorld(t)
	look := func(id, event string) activities.LookAtPersonResult {
		return do[activities.LookAtPersonResult](w, w.leavers.LookAtPerson, activities.LookAtPersonInput{Directory: "okta", ID: id, Event: event})
	}
	if got := look("u9", "e"); !got.Gone {
		t.Errorf("%+v", got)
	}
	got := look("u1", "e")
	if d := w.departure(got.Departure); d.Email != leaver || d.Origin != "okta" || len(w.offboards) != 1 {
		t.Errorf("%+v", d)
	}
	if again := look("u1", "e"); again.Departure != got.Departure {
		t.Error("the same news is the same departure")
	}
	if got := look("u2", "f"); got != (activities.LookAtPersonResult{}) {
		t.Errorf("who is active has not left: %+v", got)
	}
	w.down = true
	w.okta.put(people.Person{ID: "u2", Email: "lead@example.com"})
	if _, err := try[activities.LookAtPersonResult](w, w.leavers.LookAtPerson, activities.LookAtPersonInput{Directory: "okta", ID: "u2", Event: "g"}); err == nil {
		t.Error("nobody works on it")
	}
	w.down = false
	if got := look("u2", "g"); len(w.offboards) != 3 || w.departure(got.Departure).State != registry.DepartureOpen {
		t.Errorf("%v", w.offboards)
	}
}

// TestWhoIsBackMayOwnKeys: they came back while their departure was open, so that
// nothing could be noted then.
func TestWhoIsBackMayOwnKeys(t *testing.T) {
	t.Parallel()
	w := newLeaverWorld(t)
	d := w.left()
	w.okta.put(people.Person{ID: "u1", Email: leaver, Active: true})
	if got := w.compare(); got.Back != 0 {
		t.Errorf("the departure is open: %+v", got)
	}
	do[activities.CloseDepartureResult](w, w.leavers.CloseDeparture, activities.CloseDepartureInput{ID: d.ID})
	if got := w.compare(); got.Back != 1 {
		t.Errorf("%+v", got)
	}
	if _, err := w.registry.Gone(t.Context(), leaver); keyturn.KindOf(err) != keyturn.NotFound {
		t.Errorf("they are back: %v", err)
	}
	if got := w.compare(); got.Back != 0 {
		t.Errorf("it is noted once: %+v", got)
	}
}
