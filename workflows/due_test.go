package workflows_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/workflows"
)

// TestWhatIsNotDueAnyMoreIsLeftAlone begins a rotation that was planned while the
// key was due, after it was rotated by hand.
func TestWhatIsNotDueAnyMoreIsLeftAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t).issued()
	before := *w.stored()
	w.order.IfDue = true
	if res := w.run(workflows.RotateKey); res.Outcome != workflows.NotDue || res.Generation != 0 {
		t.Errorf("%+v", res)
	}
	if d := cmp.Diff(before, *w.stored()); d != "" {
		t.Errorf("the key was changed: %s", d)
	}
	w.whole(1)
	if got, err := w.registry.Outcomes(t.Context(), issuer, 10); err != nil || len(got) != 1 || got[0].What != registry.Completed {
		t.Errorf("it counts as an operation that ended: %+v, %v", got, err)
	}
}

func TestWhatIsDueIsRotated(t *testing.T) {
	t.Parallel()
	w := newWorld(t).issued()
	k := *w.stored()
	k.Rotated = w.Now().AddDate(0, 0, -91)
	if _, err := w.registry.Save(t.Context(), k, registry.Event{ID: "age", Key: k.ID, What: registry.Noted, At: w.Now()}); err != nil {
		t.Fatal(err)
	}
	w.order.IfDue = true
	if res := w.run(workflows.RotateKey); res.Outcome != workflows.Rotated {
		t.Errorf("%+v", res)
	}
	w.whole(2)
}

// TestBatchOfAnOperation moves the batch on with the operation's end.
func TestBatchOfAnOperation(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fail bool
		want registry.BatchState
	}{"rotated": {false, registry.BatchDone}, "rolled back": {true, registry.BatchFailed}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t).issued()
			b := registry.Batch{ID: "b-1", Selector: "team=payments", Reason: "leak", Actor: "test", At: w.Now()}
			if err := w.registry.AddBatch(t.Context(), b, []keyturn.KeyID{w.key.ID}); err != nil {
				t.Fatal(err)
			}
			w.order.Batch = b.ID
			if c.fail {
				w.say(time.Hour, workflows.UpdateAbort, me)
			}
			w.run(workflows.RotateKey)
			for got, err := range w.registry.BatchKeys(t.Context(), b.ID, "", "") {
				if err != nil || got.State != c.want || c.fail != (got.Why == "aborted") {
					t.Errorf("%+v, %v; want %s", got, err, c.want)
				}
			}
		})
	}
}
