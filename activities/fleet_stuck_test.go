package activities_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/registry"
)

// begun gives a key an operation that began some time ago.
func (w *fleetWorld) begun(op keyturn.Operation, ago time.Duration, manual *keyturn.Manual) func(*keyturn.Key) {
	return func(k *keyturn.Key) {
		k.Intent = &keyturn.Intent{Run: "run", Operation: op, Began: w.now.Add(-ago), Manual: manual}
	}
}

func (w *fleetWorld) watch() activities.WatchStuckResult {
	w.t.Helper()
	var many *activities.Fleet
	var out activities.WatchStuckResult
	val, err := w.ExecuteActivity(many.WatchStuck, activities.WatchStuckInput{})
	if err == nil {
		err = val.Get(&out)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

func TestWatchStuck(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	w := newFleetWorld(t)
	w.add("1", "idle", "a", 0)
	w.add("1", "young", "a", 0, w.begun(keyturn.Rotate, 59*time.Minute, nil))
	w.add("1", "cut-off", "a", 0, w.begun(keyturn.Rotate, 2*time.Hour, nil), func(k *keyturn.Key) {
		k.Intent.Reason, k.Intent.Now, k.Intent.Batch = "leak", true, "b-1"
	})
	w.add("1", "cut-off-revoke", "a", 0, w.begun(keyturn.Revoke, 2*time.Hour, nil))
	w.add("1", "waiting", "a", 0, w.begun(keyturn.Rotate, 8*day, nil)) // 7 days, and its overlap twice
	w.add("1", "stuck", "a", 0, w.begun(keyturn.Rotate, 10*day, nil))
	w.add("1", "by-hand", "a", 0, w.begun(keyturn.Rotate, 40*day, &keyturn.Manual{Step: keyturn.SupplyValue, Asked: w.now}))
	for _, id := range []keyturn.KeyID{"waiting", "stuck", "by-hand"} {
		w.engine.open[id] = true
	}
	if d := cmp.Diff(activities.WatchStuckResult{Underway: 5, Resumed: 2, Stuck: 1}, w.watch()); d != "" {
		t.Error(d)
	}
	for _, s := range w.engine.started {
		if s.Key.ID == "cut-off" && (!s.Now || s.Batch != "b-1" || s.Cause.Reason != "leak") {
			t.Errorf("what was asked for is forgotten: %+v", s)
		}
	}
	ops := map[keyturn.KeyID]keyturn.Operation{}
	for _, s := range w.engine.started {
		ops[s.Key.ID] = s.Operation
	}
	if d := cmp.Diff(map[keyturn.KeyID]keyturn.Operation{"cut-off": keyturn.Rotate, "cut-off-revoke": keyturn.Revoke}, ops); d != "" {
		t.Error(d)
	}
	if got := w.found(); len(got) != 1 || got[0].Key != "stuck" || got[0].Owner.Team != "a" || got[0].Mend != "see what it waits for: keyturn watch stuck" {
		t.Errorf("findings: %+v", got)
	}
	w.now = w.now.Add(30 * time.Second)
	k, err := w.registry.Get(t.Context(), "stuck")
	if err != nil {
		t.Fatal(err)
	}
	k.Intent = nil
	w.save(k, registry.Event{What: registry.Completed})
	if got := w.watch(); got.Stuck != 0 || got.Resumed != 0 || len(w.found()) != 0 {
		t.Errorf("after it has ended: %+v, findings %+v", got, w.found())
	}
}

func (w *fleetWorld) found() (out []registry.Finding) {
	w.t.Helper()
	for f, err := range w.registry.Findings(w.t.Context(), registry.FindingFilter{}) {
		if err != nil {
			w.t.Fatal(err)
		}
		out = append(out, f)
	}
	return out
}
