package workflows_test

import (
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/testsuite"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/workflows"
)

// freeze forbids changes to the team's keys for a while.
func (w *world) freeze(from, until time.Duration) {
	w.t.Helper()
	rule := keyturn.CalendarRule{
		ID: "freeze-1", Kind: keyturn.Freeze, Team: "payments", From: w.Now().Add(from), Until: w.Now().Add(until),
		Reason: "the sale", Actor: "release", Created: w.Now(),
	}
	if err := w.registry.AddRule(w.t.Context(), rule); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) phase() workflows.Status {
	w.t.Helper()
	var s workflows.Status
	v, err := w.QueryWorkflow(workflows.QueryStatus)
	if err != nil || v.Get(&s) != nil {
		w.t.Errorf("no status: %v", err)
	}
	return s
}

// TestAFreezeHoldsEveryStep: an operation does not begin under a freeze, and
// one that is under way neither moves consumers nor ends the old key.
func TestAFreezeHoldsEveryStep(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		flow        any
		from, until time.Duration
		held        time.Duration // when it is held
		longest     time.Duration // and when it is over
	}{
		"issue":             {workflows.IssueKey, 0, 72 * time.Hour, time.Hour, 73 * time.Hour},
		"rotate, beginning": {workflows.RotateKey, 0, 72 * time.Hour, 71 * time.Hour, 97 * time.Hour},
		"rotate, ending":    {workflows.RotateKey, time.Hour, 72 * time.Hour, 48 * time.Hour, 73 * time.Hour},
		"revoke":            {workflows.RevokeKey, 0, 72 * time.Hour, time.Hour, 73 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, suspends)
			if name != "issue" {
				w.issued()
			}
			w.freeze(c.from, c.until)
			changes := len(w.vendor.Log())
			began := w.Now()
			w.at(c.held, func() {
				if s := w.phase(); s.Phase != workflows.Held || !strings.Contains(s.Detail, "the sale") || !s.Until.Equal(began.Add(c.until)) {
					t.Errorf("%+v", s)
				}
				if n := len(w.vendor.Log()); c.from == 0 && n != changes {
					t.Errorf("the vendor was asked for changes under a freeze: %+v", w.vendor.Log()[changes:])
				}
			})
			res := w.run(c.flow)
			if res.Outcome == workflows.RolledBack {
				t.Errorf("%+v", res)
			}
			if took := w.Now().Sub(began); took < c.until || took > c.longest {
				t.Errorf("it took %s", took)
			}
		})
	}
}

// TestTheKeysOwnWindow: the promotion waits for it, too.
func TestTheKeysOwnWindow(t *testing.T) {
	t.Parallel()
	window, err := keyturn.ParseWindow("Sun 02:00-03:00") // the world begins on a Thursday
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, func(w *world) { w.key.Policy.Windows = []keyturn.Window{window} })
	w.run(workflows.IssueKey)
	cur := w.stored().Current()
	if cur == nil || cur.Promoted.Weekday() != time.Sunday || cur.Promoted.Hour() != 2 {
		t.Errorf("promoted %+v", cur)
	}
}

// TestALeakIsNotHeld, and the history says what was overridden.
func TestALeakIsNotHeld(t *testing.T) {
	t.Parallel()
	w := newWorld(t, suspends).issued()
	w.freeze(0, 72*time.Hour)
	w.order.Now = true
	began := w.Now()
	if res := w.run(workflows.RotateKey); res.Outcome != workflows.Rotated {
		t.Errorf("%+v", res)
	}
	if took := w.Now().Sub(began); took > time.Minute {
		t.Errorf("it took %s", took)
	}
	said := false
	for e, err := range w.registry.History(t.Context(), w.key.ID) {
		if err != nil {
			t.Fatal(err)
		}
		said = said || e.What == registry.Began && strings.Contains(e.Detail, "the sale")
	}
	if !said {
		t.Error("the history does not say that a freeze was overridden")
	}
	w.whole(2)
}

// TestWordsWhileHeld: expedite looks again, and overrides only where that is
// asked for; abort ends it.
func TestWordsWhileHeld(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		word    string
		arg     workflows.Word
		lift    bool
		outcome workflows.Outcome
		atMost  time.Duration
	}{
		"expedite":          {workflows.UpdateExpedite, me, false, workflows.Rotated, 100 * time.Hour},
		"lifted, expedite":  {workflows.UpdateExpedite, me, true, workflows.Rotated, 30 * time.Hour},
		"lifted, unnoticed": {"", me, true, workflows.Rotated, 40 * time.Hour},
		"override":          {workflows.UpdateExpedite, workflows.Word{Actor: "test", Override: true}, false, workflows.Rotated, 30 * time.Hour},
		"abort":             {workflows.UpdateAbort, me, false, workflows.RolledBack, 3 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, suspends).issued()
			w.freeze(0, 72*time.Hour)
			if c.lift {
				w.at(time.Hour, func() {
					if err := w.registry.RemoveRule(t.Context(), "freeze-1"); err != nil {
						t.Error(err)
					}
				})
			}
			if c.word != "" {
				w.say(2*time.Hour, c.word, c.arg)
			}
			began := w.Now()
			res := w.run(workflows.RotateKey)
			took := w.Now().Sub(began)
			if res.Outcome != c.outcome || took > c.atMost {
				t.Errorf("after %s: %+v", took, res)
			}
			if c.outcome == workflows.Rotated && took < 24*time.Hour {
				t.Errorf("the word cut the overlap short: %s", took)
			}
			if name == "expedite" && took < 72*time.Hour {
				t.Errorf("expedite overrode the freeze: %s", took)
			}
		})
	}
}

// TestUndoingIsNotHeld: consumers are put back whatever the calendar says.
func TestUndoingIsNotHeld(t *testing.T) {
	t.Parallel()
	w := newWorld(t, suspends).issued()
	w.freeze(time.Hour, 72*time.Hour)
	w.say(2*time.Hour, workflows.UpdateAbort, me)
	began := w.Now()
	if res := w.run(workflows.RotateKey); res.Outcome != workflows.RolledBack {
		t.Errorf("%+v", res)
	}
	if took := w.Now().Sub(began); took > 3*time.Hour {
		t.Errorf("it took %s", took)
	}
	w.whole(1)
}

// TestExpediteDoesNotHurryAPerson: it would cut the soaks to come short.
func TestExpediteDoesNotHurryAPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t, byHand)
	p := w.issuedByHand()
	refused := false
	w.at(time.Minute, func() {
		w.UpdateWorkflow(workflows.UpdateExpedite, "hurry", &testsuite.TestUpdateCallback{
			OnReject: func(error) { refused = true }, OnAccept: func() {}, OnComplete: func(any, error) {},
		}, me)
	})
	w.at(time.Hour, p.supply)
	w.confirm(2*time.Hour, true, "")
	w.at(28*time.Hour, func() { p.end(1) })
	w.confirm(29*time.Hour, true, "")
	if res := w.run(workflows.RotateKey); res.Outcome != workflows.Rotated || !refused {
		t.Errorf("refused %t, %+v", refused, res)
	}
}
