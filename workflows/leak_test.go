package workflows_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/tickets"
	"github.com/keyturn/keyturn/workflows"
)

// canSuspend makes the vendor one that can switch keys off.
func canSuspend(w *world) { w.provider = suspender{w.vendor} }

// dead fails unless the first generation is dead, the second in service, and the leak
// closed with the evidence.
func (l *leakWorld) dead(got registry.Leak) {
	l.t.Helper()
	l.whole(2)
	if got.State != registry.LeakDead || got.Key != l.key.ID || got.Generation != 1 || got.Match != leaks.ByValue {
		l.t.Errorf("%+v", got)
	}
	if !strings.Contains(got.Proof, "its value is refused") || got.Dead.IsZero() || got.Replaced.IsZero() || got.Closed.IsZero() {
		l.t.Errorf("the evidence: dead %s, replaced %s, %q", got.Dead, got.Replaced, got.Proof)
	}
	if err := l.vendor.Verify(l.t.Context(), "", l.value); keyturn.KindOf(err) != keyturn.Denied {
		l.t.Errorf("the leaked value: %v", err)
	}
}

func TestLeakedKeyIsReplaced(t *testing.T) {
	t.Parallel()
	l := newLeakWorld(t)
	found := l.found(func(f *leaks.Finding) { f.Public = true })
	got := l.answered(found.ID)
	l.dead(got)
	if got.Alive != string(leaks.Active) || got.Plan != keyturn.ReplaceFirst || !got.Killed.IsZero() {
		t.Errorf("it was found alive, and replaced first: %+v", got)
	}
	if s := l.begun[0]; !s.Now || !s.Urgent || !s.Hurry || s.Cause.Reason != "leak" {
		t.Errorf("a leak does not wait: %+v", s)
	}
	if l.scanner.closed["alert-1"] != leaks.Revoked {
		t.Errorf("the alert: %v", l.scanner.closed)
	}
	tk := l.tracker.all()
	if len(tk) != 1 || tk[0].state != tickets.Closed || !tk[0].Urgent || !strings.Contains(tk[0].Body, "acme/payments, .env:3") {
		t.Errorf("the ticket: %+v", tk)
	}
	told := l.told()
	if e := told[registry.LeakFound]; !strings.Contains(e.Detail, "where strangers see it; it works") {
		t.Errorf("told of: %q", e.Detail)
	}
	if e := told[registry.LeakClosed]; !strings.Contains(e.Detail, "consumers have another") {
		t.Errorf("told of the end: %q", e.Detail)
	}
	if !strings.Contains(got.Used, "offers no log") {
		t.Errorf("its use: %q", got.Used)
	}
	if len(l.pages) != 0 {
		t.Errorf("its owner is told by a notice: %v", l.pages)
	}
}

// TestKillFirst: the policy says that the leaked key is ended before it is replaced.
func TestKillFirst(t *testing.T) {
	t.Parallel()
	for name, change := range map[string][]func(*world){"switched off": {canSuspend}, "revoked": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLeakWorld(t, append(change, func(w *world) { w.key.Policy.OnLeak = keyturn.KillFirst })...)
			got := l.answered(l.found().ID)
			l.dead(got)
			if got.Killed.IsZero() || !got.Killed.Before(got.Replaced) {
				t.Errorf("ended at %s, replaced at %s", got.Killed, got.Replaced)
			}
			if e := l.told()[registry.Killed]; !strings.Contains(e.Detail, name) {
				t.Errorf("told of the end: %q", e.Detail)
			}
			if got.Alive != string(leaks.Inactive) {
				t.Errorf("the value was tried after it was ended: %q", got.Alive)
			}
		})
	}
}

// TestKilledWhenItTakesTooLong: consumers would have to move and do not.
func TestKilledWhenItTakesTooLong(t *testing.T) {
	t.Parallel()
	l := newLeakWorld(t, canSuspend)
	l.undone = 1000
	found := l.found()
	l.after(2*time.Hour, found.ID, func(*registry.Leak) {
		if k := l.leak(found.ID); k.Killed.IsZero() || k.Killed.Sub(k.At) < 30*time.Minute {
			t.Errorf("it was ended %s after it was found", k.Killed.Sub(k.At))
		}
		l.mu.Lock()
		l.undone = 0
		l.mu.Unlock()
	})
	got := l.answered(found.ID)
	l.dead(got)
	if l.told()[registry.LeakLate].ID == "" || got.Told != "late" {
		t.Error("security is told that it lives for too long")
	}
}

// TestNeverKilled: the policy, or a person, says that it is not to be ended before it
// is replaced.
func TestNeverKilled(t *testing.T) {
	t.Parallel()
	for name, hold := range map[string]func(*leakWorld) func(*registry.Leak){
		"policy": func(l *leakWorld) func(*registry.Leak) {
			l.keep(func(k *keyturn.Key) { k.Policy.OnLeak = keyturn.ReplaceOnly })
			return func(*registry.Leak) {}
		},
		"person": func(*leakWorld) func(*registry.Leak) {
			return func(l *registry.Leak) { l.Word, l.Worder = registry.LeakHold, "ana" }
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLeakWorld(t, canSuspend)
			l.undone = 1000
			edit := hold(l)
			found := l.found()
			edit(&found)
			if _, err := l.registry.SaveLeak(t.Context(), found); err != nil {
				t.Fatal(err)
			}
			l.after(3*time.Hour, found.ID, func(*registry.Leak) {
				l.mu.Lock()
				l.undone = 0
				l.mu.Unlock()
			})
			got := l.answered(found.ID)
			l.dead(got)
			if !got.Killed.IsZero() {
				t.Errorf("it was ended at %s", got.Killed)
			}
		})
	}
}

// TestAnIDEndsNothing: whoever knows a key's id must not be able to have it ended.
func TestAnIDEndsNothing(t *testing.T) {
	t.Parallel()
	l := newLeakWorld(t, canSuspend, func(w *world) { w.key.Policy.OnLeak = keyturn.KillFirst })
	l.undone = 1000
	found := l.found()
	found.Match = leaks.ByID
	if _, err := l.registry.SaveLeak(t.Context(), found); err != nil {
		t.Fatal(err)
	}
	l.after(3*time.Hour, found.ID, func(n *registry.Leak) {
		if !n.Killed.IsZero() || !n.KillAt.IsZero() {
			t.Errorf("ended at %s, to be ended at %s", n.Killed, n.KillAt)
		}
		l.mu.Lock()
		l.undone = 0
		l.mu.Unlock()
	})
	if got := l.answered(found.ID); got.State != registry.LeakDead || !got.Killed.IsZero() {
		t.Errorf("%+v", got)
	}
	l.whole(2)
}

// TestAlertThatComesLater: the value is dead, and a scanner tells of it once more.
func TestAlertThatComesLater(t *testing.T) {
	t.Parallel()
	l := newLeakWorld(t)
	found := l.found()
	l.RegisterDelayedCallback(func() { l.found(func(f *leaks.Finding) { f.Event, f.Alert = "e-2", "alert-2" }) }, 10*time.Minute)
	l.dead(l.answered(found.ID))
	if l.scanner.closed["alert-1"] != leaks.Revoked || l.scanner.closed["alert-2"] != leaks.Revoked {
		t.Errorf("the alerts: %v", l.scanner.closed)
	}
}

// TestEndedKeyThatWorks: the registry says that a generation has ended, and its value
// works. Nothing is closed before a person has it ended.
func TestEndedKeyThatWorks(t *testing.T) {
	t.Parallel()
	l := newLeakWorld(t, canSuspend)
	old := l.stored().Ledger[0]
	l.order.Now = true
	if res := l.run(workflows.RotateKey); res.Outcome != "rotated" {
		t.Fatalf("%+v", res)
	}
	l.vendor.revive(old.RemoteID)
	l.restartLeak()
	found := l.found()
	l.after(2*time.Hour, found.ID, func(n *registry.Leak) {
		if n.State != registry.LeakOpen || !n.Stray || len(l.begun) != 0 {
			t.Errorf("it works: %+v", n)
		}
		n.Word, n.Worder = registry.LeakKill, "ana"
	})
	got := l.answered(found.ID)
	if got.State != registry.LeakDead || !strings.Contains(got.Proof, "refuses the value") {
		t.Errorf("%+v", got)
	}
}

// TestBusyKeyIsHurried: another operation holds the key.
func TestBusyKeyIsHurried(t *testing.T) {
	t.Parallel()
	l := newLeakWorld(t)
	l.busy = true
	l.dead(l.answered(l.found().ID))
	if len(l.begun) < 2 {
		t.Errorf("it is begun again once the other has ended: %d", len(l.begun))
	}
}

// TestKilledKeyIsNeverGoneBackTo: the leaked key is ended while a rotation is under way
// that then fails.
func TestKilledKeyIsNeverGoneBackTo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, canSuspend).issued()
	kill := func() {
		k := w.stored()
		k.Issue(1).Killed = w.Now()
		if _, err := w.registry.Save(t.Context(), *k, registry.Event{ID: "kill", Key: k.ID, What: registry.Noted, At: w.Now()}); err != nil {
			t.Error(err)
		}
		if err := w.vendor.SetEnabled("test", k.Scope.Principal, k.Issue(1).RemoteID, false); err != nil {
			t.Error(err)
		}
	}
	w.RegisterDelayedCallback(kill, time.Hour) // in the overlap
	w.say(2*time.Hour, "abort", me)
	res := w.run(workflows.RotateKey)
	if res.Outcome != "rotated" {
		t.Errorf("there is nothing to go back to: %+v", res)
	}
	w.whole(2)
}

// TestDismissedLeak: a person says that nothing is to be done.
func TestDismissedLeak(t *testing.T) {
	t.Parallel()
	l := newLeakWorld(t)
	found := l.found()
	found.State, found.Dismissal, found.Worder, found.Note = registry.LeakDismissed, string(leaks.FalsePositive), "ana", "a test fixture"
	if _, err := l.registry.SaveLeak(t.Context(), found); err != nil {
		t.Fatal(err)
	}
	got := l.answered(found.ID)
	if got.State != registry.LeakDismissed || got.Closed.IsZero() || len(l.begun) != 0 {
		t.Errorf("%+v", got)
	}
	if l.scanner.closed["alert-1"] != leaks.FalsePositive {
		t.Errorf("the alert: %v", l.scanner.closed)
	}
	l.whole(1)
}

// TestDeadAlready: the value is that of a generation that ended long ago.
func TestDeadAlready(t *testing.T) {
	t.Parallel()
	l := newLeakWorld(t)
	l.order.Now = true
	if res := l.run(workflows.RotateKey); res.Outcome != "rotated" {
		t.Fatalf("%+v", res)
	}
	l.restartLeak()
	got := l.answered(l.found().ID)
	l.closedAtOnce(got)
}

// closedAtOnce fails unless a leak was closed without anything being done.
func (l *leakWorld) closedAtOnce(got registry.Leak) {
	l.t.Helper()
	if got.State != registry.LeakDead || got.Generation != 1 || len(l.begun) != 0 || !strings.Contains(got.Proof, "its value is refused") {
		l.t.Errorf("%+v", got)
	}
	l.whole(2)
}

// TestAlertThatCannotBeClosed keeps nothing from being closed here.
func TestAlertThatCannotBeClosed(t *testing.T) {
	t.Parallel()
	l := newLeakWorld(t)
	l.scanner.err = keyturn.Errorf(keyturn.Denied, "scanner: close", "the token may not")
	got := l.answered(l.found().ID)
	l.dead(got)
	if !strings.Contains(got.Note, "the token may not") {
		t.Errorf("a person is to know: %q", got.Note)
	}
}

var _ activities.LeakEngine = (*leakWorld)(nil)

// byValue is a vendor that ends a key by its value only, as GitHub does a personal
// token.
type byValue struct{ *vendor }

func (byValue) Revoke(context.Context, string, string) error {
	return keyturn.Errorf(keyturn.Unsupported, "vendor: revoke", "not for this kind of key")
}

func (b byValue) RevokeValue(_ context.Context, s keyturn.Secret) error {
	k, ok := b.FindSecret(s.Expose())
	if !ok {
		return keyturn.Errorf(keyturn.NotFound, "vendor: revoke value", "none of ours")
	}
	return b.vendor.Revoke(context.Background(), k.Principal, k.ID)
}

// TestKillByValue: the vendor's kill switch takes nothing but the value.
func TestKillByValue(t *testing.T) {
	t.Parallel()
	l := newLeakWorld(t, func(w *world) {
		w.provider = byValue{w.vendor}
		w.key.Policy.OnLeak = keyturn.KillFirst
	})
	got := l.answered(l.found().ID)
	l.dead(got)
	if e := l.told()[registry.Killed]; !strings.Contains(e.Detail, "revoked by its value") || got.Killed.IsZero() {
		t.Errorf("told of the end: %q", e.Detail)
	}
}

// TestNoWayToEnd: nobody but a person can end it. They are told, and the key is replaced
// all the same as far as that goes.
func TestNoWayToEnd(t *testing.T) {
	t.Parallel()
	l := newLeakWorld(t, func(w *world) { w.key.Policy.OnLeak = keyturn.KillFirst })
	l.vendor.mu.Lock()
	l.vendor.revoke = []error{keyturn.Errorf(keyturn.Denied, "vendor: revoke", "the credential may not")}
	l.vendor.mu.Unlock()
	got := l.answered(l.found().ID)
	l.dead(got)
	if e := l.told()[registry.LeakLate]; !strings.Contains(e.Detail, "could not be: the credential may not") || !got.Killed.IsZero() {
		t.Errorf("told %q, ended at %s", e.Detail, got.Killed)
	}
}
