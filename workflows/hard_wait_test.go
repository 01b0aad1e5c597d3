package workflows_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/testsuite"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/secrets"
	"github.com/keyturn/keyturn/tickets"
	"github.com/keyturn/keyturn/workflows"
)

// TestALostWebhookAfterAllReminders: the closed ticket is noticed within a day.
func TestALostWebhookAfterAllReminders(t *testing.T) {
	t.Parallel()
	w := newWorld(t, byHand)
	p := w.issuedByHand()
	w.at(20*day, func() { p.supply(); w.tracker.close() })
	w.at(21*day+time.Hour, func() {
		if w.stored().Issue(2) == nil {
			t.Error("nobody has looked at the ticket for a day")
		}
	})
	w.at(23*day, func() { p.end(1); w.tracker.close() })
	w.finished(workflows.RotateKey, workflows.Rotated)
	p.whole(2)
}

// TestCutOffThenRevoked ends both keys and leaves neither a value nor a ticket.
func TestCutOffThenRevoked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, byHand)
	p := w.issuedByHand()
	w.SetWorkflowRunTimeout(3 * time.Hour)
	w.at(time.Hour, p.supply)
	w.ExecuteWorkflow(workflows.RotateKey, w.order)
	w.restart()
	w.at(10*time.Minute, func() { p.end(1) })
	w.confirm(20*time.Minute, false, "still works")
	w.at(30*time.Minute, func() { p.end(2) })
	w.confirm(40*time.Minute, true, "")
	w.finished(workflows.RevokeKey, workflows.Revoked)
	w.closed()
	_, err := w.store.Find(t.Context(), w.key.Storage.Secret, "payments/g2")
	if len(w.vendor.Live("")) != 0 || err == nil {
		t.Errorf("live %+v; the value is still staged: %t", w.vendor.Live(""), err == nil)
	}
}

// closed fails if a ticket is left open.
func (w *world) closed() {
	w.t.Helper()
	for _, tk := range w.tracker.all() {
		if tk.state != tickets.Closed && !tk.deleted {
			w.t.Errorf("ticket %s is left %s", tk.Key, tk.state)
		}
	}
}

// TestCutOffThenRotated needs no person any more, and closes the ticket.
func TestCutOffThenRotated(t *testing.T) {
	t.Parallel()
	w := newWorld(t, byHand)
	p := w.issuedByHand()
	w.SetWorkflowRunTimeout(10 * time.Hour)
	w.at(time.Hour, p.supply)
	w.confirm(2*time.Hour, true, "")
	w.ExecuteWorkflow(workflows.RotateKey, w.order)
	p.end(1)
	w.restart()
	w.finished(workflows.RotateKey, workflows.Rotated)
	w.closed()
	p.whole(2)
}

// TestAStepCanBeTakenWhileTheTrackerIsDown, and is answered soon.
func TestAStepCanBeTakenWhileTheTrackerIsDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, byHand)
	p := w.issuedByHand()
	w.tracker.down = true
	w.at(time.Hour, p.supply)
	answered := time.Time{}
	began := w.Now()
	w.at(2*time.Hour, func() {
		w.UpdateWorkflow(workflows.UpdateConfirm, "a", &testsuite.TestUpdateCallback{
			OnReject: func(err error) { t.Error(err) }, OnAccept: func() {}, OnComplete: func(any, error) { answered = w.Now() },
		}, workflows.Claim{Word: me})
	})
	w.at(100*time.Hour, func() { w.tracker.mu.Lock(); w.tracker.down = false; w.tracker.mu.Unlock() })
	w.at(200*time.Hour, func() { p.end(1) })
	w.confirm(201*time.Hour, true, "")
	w.finished(workflows.RotateKey, workflows.Rotated)
	if took := answered.Sub(began); took > 150*time.Minute {
		t.Errorf("the claim was answered after %s", took)
	}
	p.whole(2)
	w.closed()
}

// TestAPathWrittenAgainMeanwhile is a reason to try again, not the end.
func TestAPathWrittenAgainMeanwhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t, byHand)
	p := w.issuedByHand()
	inner := w.store.(*writable)
	w.store = &raced{writable: inner}
	w.restart()
	w.at(time.Hour, func() {
		inner.mu.Lock()
		defer inner.mu.Unlock()
		inner.n++
		inner.value = &secrets.Value{Secret: keyturn.NewSecret("a typing error")}
	})
	w.confirm(2*time.Hour, false, "somebody else wrote the path")
	w.confirm(3*time.Hour, false, "tried and refused")
	w.at(4*time.Hour, p.supply)
	w.confirm(5*time.Hour, true, "")
	w.at(40*time.Hour, func() { p.end(1) })
	w.confirm(41*time.Hour, true, "")
	w.finished(workflows.RotateKey, workflows.Rotated)
	p.whole(2)
}

// raced is a store whose first promotion meets somebody else's write.
type raced struct {
	*writable
	n int
}

func (r *raced) Promote(ctx context.Context, ref keyturn.SecretRef, from, to keyturn.SecretVersion) error {
	if r.written() != nil && r.n == 0 {
		r.n++
		return keyturn.Errorf(keyturn.Conflict, "promote", "somebody else wrote the path")
	}
	return r.writable.Promote(ctx, ref, from, to)
}

// TestAClockThatIsBehind: a worker that thinks the window is not open yet is
// asked again now and then, not as fast as it can answer.
func TestAClockThatIsBehind(t *testing.T) {
	t.Parallel()
	w := newWorld(t).issued()
	w.freeze(-time.Hour, 2*time.Hour)
	w.skew = 5 * time.Minute
	w.restart()
	n := 0
	w.SetOnActivityCompletedListener(func(*activity.Info, converter.EncodedValue, error) { n++ })
	w.finished(workflows.RotateKey, workflows.Rotated)
	if n > 60 {
		t.Errorf("%d activities", n)
	}
}

// TestAnUnreadableValueAtThePath is taken back.
func TestAnUnreadableValueAtThePath(t *testing.T) {
	t.Parallel()
	w := newWorld(t, byHand)
	p := w.issuedByHand()
	s := w.store.(*writable)
	w.store = unreadable{s}
	w.restart()
	w.at(time.Hour, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.n++
		s.value = &secrets.Value{}
	})
	w.confirm(2*time.Hour, false, "write it to the field key")
	w.say(3*time.Hour, workflows.UpdateAbort, me)
	w.finished(workflows.RotateKey, workflows.RolledBack)
	p.whole(1)
}

// unreadable holds what was written to another field than key.
type unreadable struct{ *writable }

func (u unreadable) Read(ctx context.Context, ref keyturn.SecretRef, v keyturn.SecretVersion) (secrets.Value, error) {
	if u.written() != nil && v == u.name() {
		return secrets.Value{}, keyturn.Errorf(keyturn.Invalid, "read", "no text in the field key")
	}
	return u.writable.Read(ctx, ref, v)
}

// TestATicketOpenedAtTheEnd asks for the end and not for a new key.
func TestATicketOpenedAtTheEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t, byHand)
	p := w.issuedByHand()
	w.at(time.Hour, p.supply)
	w.confirm(2*time.Hour, true, "")
	w.at(3*time.Hour, func() {
		for _, tk := range w.tracker.all() {
			tk.deleted = strings.HasPrefix(tk.Key, "rotate/")
		}
	})
	w.at(28*time.Hour, func() {
		for _, tk := range w.tracker.all() {
			if strings.HasSuffix(tk.Key, "/again") && (!strings.Contains(tk.Body, "revoke the old key") || strings.Contains(tk.Body, "Mint")) {
				t.Errorf("it asks for:\n%s", tk.Body)
			}
		}
		p.end(1)
	})
	w.confirm(29*time.Hour, true, "")
	w.finished(workflows.RotateKey, workflows.Rotated)
	w.closed()
}

// TestAnotherValueAfterAcceptance is not taken for the accepted one.
func TestAnotherValueAfterAcceptance(t *testing.T) {
	t.Parallel()
	w := newWorld(t, byHand)
	p := w.issuedByHand()
	w.freeze(30*time.Minute, 72*time.Hour)
	w.at(time.Hour, p.supply)
	w.confirm(2*time.Hour, true, "")
	w.at(3*time.Hour, func() { p.stage("what somebody had at the prompt for long") })
	w.at(100*time.Hour, func() { p.end(2) })
	w.confirm(101*time.Hour, true, "")
	res := w.finished(workflows.RotateKey, workflows.RolledBack)
	if !strings.Contains(res.Detail, "another value") {
		t.Errorf("%+v", res)
	}
	p.whole(1)
}

// TestMoreTimeMeansTheRemindersAgain.
func TestMoreTimeMeansTheRemindersAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, byHand, func(w *world) { w.key.Policy.SLA = keyturn.Duration(4 * day) })
	p := w.issuedByHand()
	w.say(5*day, workflows.UpdateExtend, workflows.Extension{Word: me, For: keyturn.Duration(10 * day)}) // due on day 14
	w.at(13*day, func() {
		if w.stored().Intent.Manual.Missed {
			t.Error("the new date counts as missed before it has come")
		}
	})
	w.at(15*day, func() {
		if !w.stored().Intent.Manual.Missed {
			t.Error("the new date was missed, and that is not recorded")
		}
	})
	w.at(16*day, p.supply)
	w.confirm(16*day+time.Hour, true, "")
	w.at(18*day, func() { p.end(1) })
	w.confirm(18*day+time.Hour, true, "")
	w.finished(workflows.RotateKey, workflows.Rotated)
	overdue := 0
	for e, err := range w.registry.History(t.Context(), w.key.ID) {
		if err != nil {
			t.Fatal(err)
		}
		if e.What == registry.Overdue {
			overdue++
		}
	}
	if overdue != 2 {
		t.Errorf("%d times overdue, want once for each date", overdue)
	}
}

// TestWhoDidItIsRecorded: the history names the person and not who asked.
func TestWhoDidItIsRecorded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, byHand)
	p := &person{w: w}
	w.at(time.Hour, p.supply)
	w.at(2*time.Hour, func() {
		w.UpdateWorkflow(workflows.UpdateConfirm, "bob", &testsuite.TestUpdateCallback{
			OnReject: func(err error) { t.Error(err) }, OnAccept: func() {}, OnComplete: func(any, error) {},
		}, workflows.Claim{Word: workflows.Word{Actor: "bob"}})
	})
	w.finished(workflows.IssueKey, workflows.Issued)
	for e, err := range w.registry.History(t.Context(), w.key.ID) {
		if err != nil || e.What == registry.Supplied && e.Actor != "bob" || e.What == registry.Completed && e.Actor != "test" {
			t.Errorf("%+v, %v", e, err)
		}
	}
}
