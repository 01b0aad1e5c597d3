package activities_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/registry"
)

// sweep sweeps accounts as the workflow does, each call with what is left.
func (w *fleetWorld) sweep(c activities.SweepConfig, accounts ...string) activities.SweepAccountsResult {
	w.t.Helper()
	out, err := w.trySweep(c, accounts...)
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

func (w *fleetWorld) trySweep(c activities.SweepConfig, accounts ...string) (out activities.SweepAccountsResult, err error) {
	in := activities.SweepAccountsInput{Config: c, Until: w.now.Add(time.Duration(c.WithDefaults().Window))}
	for _, a := range accounts {
		in.Accounts = append(in.Accounts, of(a))
	}
	var many *activities.Fleet
	val, err := w.ExecuteActivity(many.SweepAccounts, in)
	if err == nil {
		err = val.Get(&out)
	}
	return out, err
}

// TestSweepStartsWhatIsDue has one key for each reason to leave it alone.
func TestSweepStartsWhatIsDue(t *testing.T) {
	t.Parallel()
	w := newFleetWorld(t)
	w.serve("1", 5)
	w.add("1", "due", "a", time.Hour)
	w.add("1", "not-due", "a", -time.Hour)
	w.add("1", "busy", "a", time.Hour, func(k *keyturn.Key) { k.Intent = &keyturn.Intent{Run: "r", Operation: keyturn.Rotate} })
	w.add("1", "locked", "a", time.Hour)
	w.engine.open["locked"] = true
	w.add("1", "unissued", "a", time.Hour, func(k *keyturn.Key) { k.Ledger = nil })
	w.add("1", "failed", "a", time.Hour)
	w.ended("failed", registry.RolledBack, "denied", 5*time.Hour)
	w.add("1", "failed-long-ago", "a", time.Hour)
	w.ended("failed-long-ago", registry.RolledBack, "denied", 7*time.Hour)
	w.add("1", "recovered", "a", time.Hour)
	w.ended("recovered", registry.RolledBack, "denied", 2*time.Hour)
	w.ended("recovered", registry.Completed, "", time.Hour)
	w.add("1", "frozen", "cold", time.Hour)
	if err := w.registry.AddRule(t.Context(), keyturn.CalendarRule{ID: "freeze-1", Kind: keyturn.Freeze, Team: "cold", Reason: "release", Actor: "a", Created: w.now}); err != nil {
		t.Fatal(err)
	}
	w.add("2", "elsewhere", "a", time.Hour) // no worker serves it
	w.serve("3", 5)
	w.add("3", "paused", "a", time.Hour)
	if err := w.registry.SetPause(t.Context(), registry.Pause{Issuer: of("3"), Reason: "incident", Actor: "a", At: w.now}); err != nil {
		t.Fatal(err)
	}
	got := w.sweep(activities.SweepConfig{}, "1", "2", "3")
	want := activities.SweepTally{
		Accounts: 3, Due: 10, Started: 3, Canaries: 1, Busy: 2, Unissued: 1, Recent: 1, Held: 1, Unserved: 1, Paused: 1,
	}
	if d := cmp.Diff(want, got.Tally); d != "" {
		t.Error(d)
	}
	for _, s := range w.engine.started {
		if !s.IfDue || s.Operation != keyturn.Rotate || s.Cause.Reason != "scheduled" || s.Batch != "" || s.Now || s.Hurry {
			t.Errorf("%s is started as %+v", s.Key.ID, s)
		}
	}
}

// TestSweepSpreads fills a window: canaries first, then the longest due, never
// closer together than the rate allows, and no more than fit behind the canaries.
func TestSweepSpreads(t *testing.T) {
	t.Parallel()
	w := newFleetWorld(t)
	w.serve("1", 1) // a rotation each 5 seconds: 12 in a minute
	for i := range 20 {
		w.add("1", fmt.Sprintf("k%02d", i), fmt.Sprint("team", i%2), time.Duration(100-i)*time.Hour)
	}
	got := w.sweep(activities.SweepConfig{Window: keyturn.Duration(time.Minute)}, "1")
	if d := cmp.Diff(activities.SweepTally{Accounts: 1, Due: 20, Started: 10, Canaries: 2, Full: 10}, got.Tally); d != "" {
		t.Error(d)
	}
	taken := map[time.Duration]bool{}
	for i := range 10 {
		id := fmt.Sprintf("k%02d", i)
		after := w.engine.after(id)
		if after < 0 || after%(5*time.Second) != 0 || taken[after] {
			t.Errorf("%s begins after %s, taken before: %v", id, after, taken[after])
		}
		taken[after] = true
		if canary := i < 2; canary != (after < 20*time.Second) {
			t.Errorf("%s begins after %s; canaries go 20s ahead", id, after)
		}
	}
	if w.engine.after("k00") != 0 || w.engine.after("k01") != 5*time.Second || w.engine.after("k02") != 20*time.Second {
		t.Errorf("canaries begin after %s and %s, the next after %s", w.engine.after("k00"), w.engine.after("k01"), w.engine.after("k02"))
	}
}

// TestSweepWaitsForTheCalendar delays a key to the end of a freeze.
func TestSweepWaitsForTheCalendar(t *testing.T) {
	t.Parallel()
	w := newFleetWorld(t)
	w.serve("1", 5)
	w.add("1", "late", "cold", time.Hour)
	w.add("1", "free", "warm", time.Hour)
	rule := keyturn.CalendarRule{ID: "freeze-1", Kind: keyturn.Freeze, Team: "cold", Until: w.now.Add(30 * time.Minute), Reason: "release", Actor: "a", Created: w.now}
	if err := w.registry.AddRule(t.Context(), rule); err != nil {
		t.Fatal(err)
	}
	w.sweep(activities.SweepConfig{}, "1")
	if late, free := w.engine.after("late"), w.engine.after("free"); late != 30*time.Minute || free > time.Second {
		t.Errorf("the frozen key begins after %s, the other after %s", late, free)
	}
}

// TestSweepCapsTeams counts over all accounts of a sweep, and reads on for teams
// that are below theirs.
func TestSweepCapsTeams(t *testing.T) {
	t.Parallel()
	w := newFleetWorld(t)
	for _, account := range []string{"1", "2"} {
		w.serve(account, 5)
		for i := range 10 {
			w.add(account, fmt.Sprintf("big-%s-%d", account, i), "big", 2*time.Hour)
		}
		w.add(account, "small-"+account, "small", time.Hour)
	}
	got := w.sweep(activities.SweepConfig{PerTeam: 4}, "1", "2")
	want := activities.SweepAccountsResult{
		Tally: activities.SweepTally{Accounts: 2, Due: 22, Started: 6, Canaries: 3, Capped: 16},
		Teams: map[string]int{"big": 4, "small": 2},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	val, err := w.ExecuteActivity((*activities.Fleet)(nil).SweepAccounts, activities.SweepAccountsInput{
		Config: activities.SweepConfig{PerTeam: 4}, Accounts: []keyturn.Issuer{of("1")}, Until: w.now.Add(time.Hour), Teams: got.Teams,
	})
	var again activities.SweepAccountsResult
	if err == nil {
		err = val.Get(&again)
	}
	if err != nil || again.Tally.Started != 0 {
		t.Errorf("what was counted before is not: %+v, %v", again, err)
	}
}

// TestSweepIsSafeToRepeat cuts a sweep off in the middle.
func TestSweepIsSafeToRepeat(t *testing.T) {
	t.Parallel()
	w := newFleetWorld(t)
	w.serve("1", 5)
	for i := range 50 {
		w.add("1", fmt.Sprintf("k%02d", i), "a", time.Hour)
	}
	w.engine.fail = 20
	if _, err := w.trySweep(activities.SweepConfig{}, "1"); err == nil {
		t.Fatal("a lost connection is no error")
	}
	got := w.sweep(activities.SweepConfig{}, "1").Tally
	if len(w.engine.started) != 50 || got.Started+got.Busy != 50 || got.Busy < 20 {
		t.Errorf("%d of 50 are started, tally %+v", len(w.engine.started), got)
	}
}

// TestSweepRemembersFailures although much has ended since.
func TestSweepRemembersFailures(t *testing.T) {
	t.Parallel()
	w := newFleetWorld(t)
	w.serve("1", 5)
	w.add("1", "failed", "a", time.Hour)
	w.ended("failed", registry.RolledBack, "denied", 40*time.Minute)
	var changes []registry.Change
	for i := range 2100 {
		k := keyturn.Key{ID: keyturn.KeyID(fmt.Sprintf("k%04d", i)), Scope: keyturn.Scope{Provider: "aws", Account: "1"}}
		changes = append(changes, registry.Change{Key: k, Event: registry.Event{ID: fmt.Sprint("done/", i), What: registry.Completed, Actor: "test", At: w.now}})
	}
	if err := w.registry.SaveAll(t.Context(), changes); err != nil {
		t.Fatal(err)
	}
	if got := w.sweep(activities.SweepConfig{}, "1").Tally; got.Recent != 1 || got.Started != 0 {
		t.Errorf("%+v", got)
	}
}

// TestSweepLeavesACrowd: where keys of a principal exclude each other, or nobody
// can tell, the longest due goes ahead, and none while another is under way.
func TestSweepLeavesACrowd(t *testing.T) {
	t.Parallel()
	w := newFleetWorld(t)
	w.serve("1", 5)
	w.serve("2", 5)
	as := func(principal string, intent *keyturn.Intent) func(*keyturn.Key) {
		return func(k *keyturn.Key) { k.Scope.Principal, k.Intent = principal, intent }
	}
	rotate := func(i keyturn.Intent) *keyturn.Intent {
		i.Run, i.Operation, i.Began = "r", keyturn.Rotate, w.now
		return &i
	}
	w.add("1", "b", "a", 3*time.Hour, as("quiet", nil))
	w.add("1", "a", "a", 2*time.Hour, as("quiet", nil))
	w.add("1", "c", "b", 2*time.Hour, as("quiet", nil))
	w.add("1", "d", "a", time.Hour, as("exclusive", nil))
	w.add("1", "e", "a", -time.Hour, as("exclusive", rotate(keyturn.Intent{Exclusive: true, Minting: w.now})))
	w.add("1", "f", "a", time.Hour, as("revoking", nil))
	w.add("1", "g", "a", -time.Hour, as("revoking", rotate(keyturn.Intent{}))) // which makes no key
	w.add("1", "h", "a", time.Hour, as("labelled", nil))
	w.add("1", "i", "a", time.Hour, as("labelled", nil))
	w.add("1", "j", "a", -time.Hour, as("labelled", rotate(keyturn.Intent{Minting: w.now})))
	w.add("1", "k", "a", time.Hour, as("by hand", nil))
	w.add("1", "l", "a", time.Hour, as("by hand", nil))
	w.add("1", "m", "a", -time.Hour, as("by hand", rotate(keyturn.Intent{ByHand: true})))
	w.add("1", "n", "a", time.Hour)
	w.add("1", "o", "a", time.Hour)
	w.add("2", "p", "a", time.Hour, as("exclusive", nil)) // of another account
	want := activities.SweepTally{Accounts: 2, Due: 12, Started: 8, Canaries: 2, Crowded: 4}
	if d := cmp.Diff(want, w.sweep(activities.SweepConfig{}, "1", "2").Tally); d != "" {
		t.Error(d)
	}
	var got []string
	for _, s := range w.engine.started {
		got = append(got, string(s.Key.ID))
	}
	slices.Sort(got)
	if d := cmp.Diff([]string{"b", "h", "i", "k", "l", "n", "o", "p"}, got); d != "" {
		t.Error(d)
	}
	// What was started has not begun, and is still the longest due.
	if again := w.sweep(activities.SweepConfig{}, "1", "2").Tally; again.Started != 0 || again.Crowded != 4 {
		t.Errorf("a second sweep: %+v", again)
	}
}

// TestSweepTallyAdds forgets no count.
func TestSweepTallyAdds(t *testing.T) {
	t.Parallel()
	var sum, one, want activities.SweepTally
	for i := range reflect.TypeFor[activities.SweepTally]().NumField() {
		reflect.ValueOf(&one).Elem().Field(i).SetInt(int64(i + 1))
		reflect.ValueOf(&want).Elem().Field(i).SetInt(int64(2 * (i + 1)))
	}
	sum.Add(one)
	sum.Add(one)
	if d := cmp.Diff(want, sum); d != "" {
		t.Error(d)
	}
}
