package activities_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/people"
	"github.com/keyturn/keyturn/registry"
)

func TestALeaversKeysAreHandedOverAndReplaced(t *testing.T) {
	t.Parallel()
	w := newLeaverWorld(t)
	w.owned("own", "payments", "Ana@Example.com")
	w.owned("alias", "search", "a.alias@example.com")
	w.owned("other", "payments", "ben@example.com")
	w.owned("path", "payments", "ben@example.com", func(k *keyturn.Key) { k.Storage.Secret.Path = "secret/people/ana/token" })
	w.owned("almost", "payments", "ben@example.com", func(k *keyturn.Key) { k.Storage.Secret.Path = "secret/people/anastasia/token" })
	w.owned("made", "payments", "ben@example.com")
	w.owned("remade", "payments", "ben@example.com")
	w.made("made", 0)
	w.made("remade", -60*24*time.Hour)
	d := w.left()
	in := activities.Departure{ID: d.ID}
	if got := do[activities.ConfirmDepartureResult](w, w.leavers.ConfirmDeparture, in); !got.Left {
		t.Error("who is not active has left")
	}
	got := do[activities.EndSessionsResult](w, w.leavers.EndSessions, in)
	if diff := cmp.Diff([]string{"okta: sessions"}, got.Ended); diff != "" {
		t.Error(diff)
	}
	if again := do[activities.EndSessionsResult](w, w.leavers.EndSessions, in); len(w.okta.ended) != 1 || len(again.Ended) != 1 {
		t.Errorf("ended %d times", len(w.okta.ended))
	}
	for range 2 { // a worker may die after any of them
		if got := do[activities.SelectKeysResult](w, w.leavers.SelectKeys, in); got.Keys != 4 {
			t.Errorf("selected %d keys, want 4: %v", got.Keys, w.states(d.ID))
		}
	}
	want := map[keyturn.KeyID]registry.BatchState{"own": registry.BatchDone, "alias": registry.BatchDone, "path": registry.BatchDone, "made": registry.BatchDone}
	if diff := cmp.Diff(want, w.states(d.ID)); diff != "" {
		t.Error(diff)
	}
	if got := do[activities.HandOverResult](w, w.leavers.HandOver, in); got.Handed != 2 || got.Heirless != 0 {
		t.Errorf("%+v", got)
	}
	for id, heir := range map[string]string{"own": "lead@example.com", "alias": "boss@example.com", "other": "ben@example.com"} {
		if k, _ := w.registry.Get(t.Context(), keyturn.KeyID(id)); k.Owner.Person != heir {
			t.Errorf("%s went to %s, want %s", id, k.Owner.Person, heir)
		}
	}
	if got := do[activities.SelectKeysResult](w, w.leavers.SelectKeys, in); got.Keys != 4 {
		t.Errorf("what was handed over is still replaced; selected %d", got.Keys)
	}
	p := do[activities.DepartureProgress](w, w.leavers.WatchDeparture, activities.WatchDepartureInput{ID: d.ID, Until: w.now.Add(time.Minute)})
	if diff := cmp.Diff(activities.DepartureProgress{Keys: 4, Done: 4}, p); diff != "" {
		t.Error(diff)
	}
	if got := do[activities.CloseDepartureResult](w, w.leavers.CloseDeparture, activities.CloseDepartureInput{ID: d.ID}); !got.Closed {
		t.Error("it is not closed")
	}
	b, err := w.registry.Batch(t.Context(), d.ID)
	if err != nil || b.Overlap != keyturn.Duration(15*time.Minute) || !b.Urgent || b.Reason != "offboarding" {
		t.Errorf("%+v, %v", b, err)
	}
	if d = w.departure(d.ID); d.State != registry.DepartureDone || d.Handed.IsZero() || d.Sessions.IsZero() || d.Replaced.IsZero() || d.Directory != "okta" {
		t.Errorf("%+v", d)
	}
}

// made has the leaver supply a key's value by hand, some time from now.
func (w *leaverWorld) made(id string, at time.Duration) {
	w.t.Helper()
	k, err := w.registry.Get(w.t.Context(), keyturn.KeyID(id))
	if err != nil {
		w.t.Fatal(err)
	}
	w.saves++
	e := registry.Event{ID: "made/" + id, Key: k.ID, What: registry.Supplied, Actor: leaver, At: w.now.Add(at)}
	if _, err := w.registry.Save(w.t.Context(), k, e); err != nil {
		w.t.Fatal(err)
	}
}

func TestWhoIsBackHasNotLeft(t *testing.T) {
	t.Parallel()
	w := newLeaverWorld(t)
	w.okta.put(people.Person{ID: "u1", Email: leaver, Active: true})
	d := w.left()
	if got := do[activities.ConfirmDepartureResult](w, w.leavers.ConfirmDeparture, activities.Departure{ID: d.ID}); got.Left {
		t.Error("the directory has them as active")
	}
	if d = w.departure(d.ID); d.State != registry.DepartureStayed || d.Closed.IsZero() {
		t.Errorf("%+v", d)
	}
	sure := w.left(func(d *registry.Departure) { d.Origin, d.Event, d.Sure = activities.OriginOperator, "x", true })
	if got := do[activities.ConfirmDepartureResult](w, w.leavers.ConfirmDeparture, activities.Departure{ID: sure.ID}); !got.Left {
		t.Error("a person's word counts")
	}
}

func TestADirectoryThatIsDownConfirmsNothing(t *testing.T) {
	t.Parallel()
	w := newLeaverWorld(t)
	w.okta.down = true
	d := w.left()
	if _, err := try[activities.ConfirmDepartureResult](w, w.leavers.ConfirmDeparture, activities.Departure{ID: d.ID}); err == nil {
		t.Error("nobody was asked")
	}
	if _, err := try[activities.EndSessionsResult](w, w.leavers.EndSessions, activities.Departure{ID: d.ID}); err == nil || !w.departure(d.ID).Sessions.IsZero() {
		t.Error("nothing was ended")
	}
}

// TestADirectoryThatIsDownHidesNothing: what it knows of them may be missing, so the
// selection says that it is not all.
func TestADirectoryThatIsDownHidesNothing(t *testing.T) {
	t.Parallel()
	w := newLeaverWorld(t)
	w.owned("own", "payments", leaver)
	w.owned("alias", "payments", "a.alias@example.com")
	w.okta.down = true
	d := w.left()
	if got := do[activities.SelectKeysResult](w, w.leavers.SelectKeys, activities.Departure{ID: d.ID}); got.Keys != 1 || !got.Partial {
		t.Errorf("%+v", got)
	}
	if got := w.states(d.ID)["own"]; got != registry.BatchDone {
		t.Errorf("it is not replaced while the directory is down: %s", got)
	}
	w.okta.down = false
	if got := do[activities.SelectKeysResult](w, w.leavers.SelectKeys, activities.Departure{ID: d.ID}); got.Keys != 2 || got.Partial {
		t.Errorf("%+v", got)
	}
	if got := w.states(activities.DepartureBatch(d.ID, 2))["alias"]; got != registry.BatchDone {
		t.Errorf("what is found later is not replaced: %s", got)
	}
}

func TestEventsJoin(t *testing.T) {
	t.Parallel()
	w := newLeaverWorld(t)
	first := w.left()
	if again := w.left(); again.ID != first.ID {
		t.Error("the same event is the same departure")
	}
	other := w.left(func(d *registry.Departure) {
		d.Origin, d.Event, d.Email = activities.OriginComparison, "e-2", " ANA@example.com"
	})
	if other.ID != first.ID {
		t.Error("another event joins the one that is open")
	}
	do[activities.CloseDepartureResult](w, w.leavers.CloseDeparture, activities.CloseDepartureInput{ID: first.ID})
	n := len(w.offboards)
	if late := w.left(); late.ID != first.ID || len(w.offboards) != n {
		t.Error("an event that is delivered again after all is done changes nothing")
	}
	w.okta.put(people.Person{ID: "u1", Email: leaver, Active: true})
	do[activities.LookAtPersonResult](w, w.leavers.LookAtPerson, activities.LookAtPersonInput{Directory: "okta", ID: "u1", Event: "back"})
	if _, err := w.registry.Gone(t.Context(), leaver); keyturn.KindOf(err) != keyturn.NotFound {
		t.Errorf("who is back is not gone: %v", err)
	}
	w.okta.put(people.Person{ID: "u1", Email: leaver})
	next := do[activities.LookAtPersonResult](w, w.leavers.LookAtPerson, activities.LookAtPersonInput{Directory: "okta", ID: "u1", Event: "e-9"})
	if next.Departure == "" || next.Departure == first.ID {
		t.Errorf("who leaves once more has left once more, got %q", next.Departure)
	}
}

func TestWhatIsInTheWayIsTriedAgain(t *testing.T) {
	t.Parallel()
	w := newLeaverWorld(t)
	for _, id := range []string{"busy", "replaced", "paused", "free"} {
		w.owned(id, "payments", leaver)
	}
	w.inTheWay = map[keyturn.KeyID]string{"busy": activities.SkipBusy, "replaced": activities.SkipReplaced, "paused": activities.SkipPaused}
	d := w.left()
	do[activities.SelectKeysResult](w, w.leavers.SelectKeys, activities.Departure{ID: d.ID})
	watch := func() activities.DepartureProgress {
		return do[activities.DepartureProgress](w, w.leavers.WatchDeparture, activities.WatchDepartureInput{ID: d.ID, Until: w.now})
	}
	watch()
	if diff := cmp.Diff(activities.DepartureProgress{Keys: 4, Done: 1, Settled: 1, Failed: 2}, watch()); diff != "" {
		t.Error(diff)
	}
	if w.now = w.now.Add(6 * time.Minute); watch().Underway != 2 {
		t.Error("they are to be tried again")
	}
	if !slices.Equal(w.hurried, []keyturn.KeyID{"busy"}) {
		t.Errorf("hurried %v", w.hurried)
	}
	w.inTheWay, w.now = nil, w.now.Add(25*time.Hour)
	if p := watch(); !p.Late {
		t.Errorf("the SLA is over: %+v", p)
	}
	if diff := cmp.Diff([]string{"late-departure"}, w.findings()); diff != "" {
		t.Error(diff)
	}
	waiting, _, err := w.registry.CountNotices(t.Context())
	if err != nil || waiting == 0 {
		t.Errorf("nobody is told: %d, %v", waiting, err)
	}
	if p := watch(); !p.Finished() {
		t.Errorf("%+v", p)
	}
	do[activities.CloseDepartureResult](w, w.leavers.CloseDeparture, activities.CloseDepartureInput{ID: d.ID})
	if got := w.findings(); len(got) > 0 {
		t.Errorf("it is done: %v", got)
	}
}

func TestKeysOfNobody(t *testing.T) {
	t.Parallel()
	w := newLeaverWorld(t)
	w.okta.put(people.Person{ID: "u1", Email: leaver}) // without a manager
	w.owned("own", "search", leaver)
	d := w.left()
	in := activities.Departure{ID: d.ID}
	got := do[activities.HandOverResult](w, w.leavers.HandOver, in)
	if got.Heirless != 1 || got.Handed != 0 {
		t.Errorf("%+v", got)
	}
	if out := do[activities.CloseDepartureResult](w, w.leavers.CloseDeparture, activities.CloseDepartureInput{ID: d.ID, Heirless: got.Heirless}); out.Closed {
		t.Error("a key without an owner keeps it open")
	}
	if diff := cmp.Diff([]string{"no-successor"}, w.findings()); diff != "" {
		t.Error(diff)
	}
	now := w.departure(d.ID)
	now.Successor = "carla@example.com"
	if _, err := w.registry.SaveDeparture(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	if got := do[activities.HandOverResult](w, w.leavers.HandOver, in); got.Handed != 1 {
		t.Errorf("%+v", got)
	}
}

func TestNobodyWhoLeftIsGivenKeys(t *testing.T) {
	t.Parallel()
	w := newLeaverWorld(t)
	w.owned("own", "payments", leaver)
	w.okta.put(people.Person{ID: "u2", Email: "lead@example.com"})
	w.okta.put(people.Person{ID: "u1", Email: leaver}) // without a manager
	w.leavers.Rules.Teams = map[string]activities.TeamRule{"payments": {OnCall: "lead@example.com"}}
	w.leavers.Rules.Fallback = "everybody@example.com" // which is nobody's own
	do[activities.HandOverResult](w, w.leavers.HandOver, activities.Departure{ID: w.left().ID})
	if k, _ := w.registry.Get(t.Context(), "own"); k.Owner.Person != "everybody@example.com" {
		t.Errorf("it went to %s", k.Owner.Person)
	}
}
