package workflows_test

import (
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/workflows"
)

// TestAnUrgentRotation: what a leaver could have seen is replaced under a freeze, and
// the old value works for as long as the order allows and not for as long as the key's
// policy would.
func TestAnUrgentRotation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, suspends).issued()
	w.freeze(0, 72*time.Hour)
	w.order.Urgent, w.order.Overlap = true, keyturn.Duration(15*time.Minute)
	began := w.Now()
	if res := w.run(workflows.RotateKey); res.Outcome != workflows.Rotated {
		t.Errorf("%+v", res)
	}
	if took := w.Now().Sub(began); took < 15*time.Minute || took > time.Hour {
		t.Errorf("it took %s, want the overlap of 15 minutes and little more", took)
	}
	w.whole(2)
}

// TestAnOverlapIsNeverLonger: an order may shorten what the policy allows, and not
// lengthen it.
func TestAnOverlapIsNeverLonger(t *testing.T) {
	t.Parallel()
	w := newWorld(t).issued()
	w.order.Overlap = keyturn.Duration(30 * 24 * time.Hour)
	began := w.Now()
	w.run(workflows.RotateKey)
	if took := w.Now().Sub(began); took > 26*time.Hour {
		t.Errorf("it took %s, and the policy allows a day", took)
	}
}

// TestAnUrgentTicket: a key without an API that a leaver could have seen is asked for
// with the tracker's high priority.
func TestAnUrgentTicket(t *testing.T) {
	t.Parallel()
	for _, urgent := range []bool{false, true} {
		w := newWorld(t, byHand)
		w.order.Urgent = urgent
		w.at(time.Minute, func() { w.CancelWorkflow() })
		w.run(workflows.IssueKey)
		if len(w.tracker.tickets) != 1 {
			t.Fatalf("%d tickets", len(w.tracker.tickets))
		}
		for _, tk := range w.tracker.tickets {
			if tk.Urgent != urgent {
				t.Errorf("the ticket is urgent: %v, want %v", tk.Urgent, urgent)
			}
		}
	}
}
