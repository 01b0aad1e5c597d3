package workflows_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/testsuite"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/workflows"
)

// suspends makes the provider one that can switch keys off.
func suspends(w *world) { w.provider = suspender{w.vendor} }

// unlabelled makes the provider one that keeps no labels and few keys, like AWS.
func unlabelled(w *world) {
	w.vendor.info.Labels, w.vendor.info.MaxLive, w.vendor.info.Settle = false, 2, 15*time.Second
	w.vendor.Ledger = fake.NewLedger(fake.Options{ValuePrefix: canary, Now: func() time.Time { return w.Now() }, MaxPerPrincipal: 2})
	w.provider = suspender{w.vendor}
}

func TestIssueThenRotate(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*world){"labels": func(*world) {}, "suspends": suspends, "no labels": unlabelled} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, change).issued()
			w.whole(1)
			old := w.stored().Current().RemoteID
			began := w.Now()
			res := w.run(workflows.RotateKey)
			if res.Outcome != workflows.Rotated || res.Generation != 2 || len(res.Ended) != 1 || res.Ended[0] != old || len(res.Unproven) != 0 {
				t.Errorf("%+v", res)
			}
			if took := w.Now().Sub(began); took < 24*time.Hour {
				t.Errorf("the overlap was %s, want a day by default", took)
			}
			w.whole(2)
			k := w.stored()
			if k.Rotated.Before(began) || k.Expires.Sub(k.Rotated) < 170*24*time.Hour || k.Current().Fingerprints.HMSL == "" {
				t.Errorf("rotated %s, expires %s, fingerprints %+v", k.Rotated, k.Expires, k.Current().Fingerprints)
			}
		})
	}
}

func TestLostMints(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*world){"labels": func(*world) {}, "no labels": unlabelled} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, change).issued()
			w.vendor.loseMint = 2
			if res := w.run(workflows.RotateKey); res.Outcome != workflows.Rotated {
				t.Errorf("%+v", res)
			}
			w.whole(2)
			if n := len(w.vendor.IDs(fake.Minted)); n != 4 {
				t.Errorf("%d keys were made, want 4", n)
			}
		})
	}
}

func TestRefusedKeyIsRolledBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, suspends).issued()
	w.vendor.verify = keyturn.Errorf(keyturn.Denied, "vendor: verify", "refused")
	res := w.run(workflows.RotateKey)
	if res.Outcome != workflows.RolledBack || res.Why != string(keyturn.Denied) {
		t.Errorf("%+v", res)
	}
	w.whole(1)
	w.vendor.verify = nil
	w.restart()
	// The failed attempt does not give its number back, so that what it left
	// behind is never mistaken for the next one's.
	if res := w.run(workflows.RotateKey); res.Outcome != workflows.Rotated || res.Generation != 3 {
		t.Errorf("%+v", res)
	}
	w.whole(3)
}

func TestVendorsTextAndPanicsStayHome(t *testing.T) {
	t.Parallel()
	for name, break_ := range map[string]func(*vendor){
		"text":  func(v *vendor) { v.verify = errors.New("vendor says: bad token " + canary) },
		"panic": func(v *vendor) { v.panics = "unexpected token " + canary },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t).issued()
			break_(w.vendor)
			res := w.run(workflows.RotateKey) // what is not understood is tried for a day
			if res.Outcome != workflows.RolledBack || strings.Contains(res.Detail, canary) {
				t.Errorf("%+v", res)
			}
		})
	}
}

func TestAbort(t *testing.T) {
	t.Parallel()
	for name, at := range map[string]time.Duration{
		"in the soak":                   time.Hour,
		"with the old key switched off": 24*time.Hour + 5*time.Minute,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, suspends).issued()
			w.say(at, workflows.UpdateAbort, me)
			res := w.run(workflows.RotateKey)
			if res.Outcome != workflows.RolledBack || res.Why != "aborted" {
				t.Errorf("%+v", res)
			}
			w.whole(1)
		})
	}
}

func TestAbortIsRefusedOnceTheWayBackIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t).issued()
	// The revocation was written down and then the vendor said no, for an hour.
	for range 6 {
		w.vendor.revoke = append(w.vendor.revoke, keyturn.Errorf(keyturn.Denied, "vendor: revoke", "no"))
	}
	refused := false
	w.RegisterDelayedCallback(func() {
		w.UpdateWorkflow(workflows.UpdateAbort, "too-late", &testsuite.TestUpdateCallback{
			OnReject: func(error) { refused = true }, OnAccept: func() {}, OnComplete: func(any, error) {},
		}, me)
	}, 24*time.Hour+time.Minute)
	res := w.run(workflows.RotateKey)
	if !refused {
		t.Error("abort was accepted")
	}
	if res.Outcome != workflows.Rotated {
		t.Errorf("%+v", res)
	}
	w.whole(2)
}

func TestExpediteAndExtend(t *testing.T) {
	t.Parallel()
	w := newWorld(t, suspends).issued()
	began := w.Now()
	w.say(time.Hour, workflows.UpdateExpedite, me)
	w.run(workflows.RotateKey)
	if took := w.Now().Sub(began); took > 2*time.Hour {
		t.Errorf("an expedited rotation took %s", took)
	}
	w.whole(2)
	w.restart()
	began = w.Now()
	w.say(time.Hour, workflows.UpdateExtend, workflows.Extension{Word: me, For: keyturn.Duration(48 * time.Hour)})
	w.run(workflows.RotateKey)
	if took := w.Now().Sub(began); took < 72*time.Hour {
		t.Errorf("an extended rotation took only %s", took)
	}
	w.whole(3)
}

func TestExtendTheSecondSoak(t *testing.T) {
	t.Parallel()
	w := newWorld(t, suspends).issued()
	began := w.Now()
	w.say(24*time.Hour+5*time.Minute, workflows.UpdateExtend, workflows.Extension{Word: me, For: keyturn.Duration(5 * time.Hour)})
	w.run(workflows.RotateKey)
	if took := w.Now().Sub(began); took < 29*time.Hour {
		t.Errorf("it took only %s", took)
	}
	w.whole(2)
}

func TestADeathThatCannotBeTriedIsSaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t).issued()
	old := w.stored().Current().RemoteID
	w.vendor.verify = keyturn.Errorf(keyturn.Unsupported, "vendor: verify", "not for this kind of key")
	res := w.run(workflows.RotateKey)
	if res.Outcome != workflows.Rotated || len(res.Unproven) != 1 || res.Unproven[0] != old {
		t.Errorf("%+v", res)
	}
	w.whole(2)
}

func TestNowSkipsTheSoak(t *testing.T) {
	t.Parallel()
	w := newWorld(t, suspends).issued()
	w.order.Now = true
	began := w.Now()
	w.run(workflows.RotateKey)
	if took := w.Now().Sub(began); took > time.Minute {
		t.Errorf("it took %s", took)
	}
	w.whole(2)
}

func TestAKeyInUseIsNotRevoked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, suspends).issued()
	old := w.stored().Current().RemoteID
	var use func()
	use = func() { // every ten minutes, for a week
		w.vendor.Use(old)
		if w.Now().Before(w.stored().Created.AddDate(0, 0, 9)) {
			w.RegisterDelayedCallback(use, 10*time.Minute)
		}
	}
	w.RegisterDelayedCallback(use, time.Minute)
	asked := false
	w.RegisterDelayedCallback(func() {
		v, err := w.QueryWorkflow(workflows.QueryStatus)
		var s workflows.Status
		if err != nil || v.Get(&s) != nil {
			t.Errorf("no status: %v", err)
		}
		asked = s.Phase == workflows.NeedsHuman
		if k, ok := w.vendor.Find(old); !ok || !k.Enabled {
			t.Error("a key in use was ended")
		}
	}, 5*24*time.Hour)
	w.say(6*24*time.Hour, workflows.UpdateExpedite, me)
	if res := w.run(workflows.RotateKey); res.Outcome != workflows.Rotated {
		t.Errorf("%+v", res)
	}
	if !asked {
		t.Error("nobody was asked")
	}
	w.whole(2)
}

func TestTheOverlapOutlastsTheVendorsLag(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) { w.vendor.info.UsageLag = 48 * time.Hour }).issued()
	old := w.stored().Current().RemoteID
	w.RegisterDelayedCallback(func() { w.vendor.Use(old) }, time.Minute) // the last use, and it shows late
	began := w.Now()
	if res := w.run(workflows.RotateKey); res.Outcome != workflows.Rotated {
		t.Errorf("%+v", res)
	}
	if took := w.Now().Sub(began); took < 49*time.Hour {
		t.Errorf("it took %s, the vendor's record runs 48h behind", took)
	}
	w.whole(2)
}

func TestAStrangersKeyIsLeftAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, unlabelled).issued()
	stranger, err := w.vendor.Ledger.Mint("somebody", fake.Draft{Principal: "svc"})
	if err != nil {
		t.Fatal(err)
	}
	res := w.run(workflows.RotateKey)
	if res.Outcome != workflows.RolledBack || res.Why != string(keyturn.Exhausted) {
		t.Errorf("%+v", res)
	}
	if _, ok := w.vendor.Find(stranger.ID); !ok {
		t.Error("the stranger's key is gone")
	}
}

func TestAStrangersKeyInTheWindowIsNotTakenForOurs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, unlabelled).issued()
	w.vendor.loseMint = 1
	// Somebody uses the key that appeared: it cannot be the one whose value
	// was lost.
	w.RegisterDelayedCallback(func() {
		for _, k := range w.vendor.Live("svc") {
			w.vendor.Use(k.ID)
		}
	}, time.Second)
	// It is left alone until a person has said whose it is, here by removing it.
	w.RegisterDelayedCallback(func() {
		if n := len(w.vendor.IDs(fake.Revoked)); n != 0 {
			t.Errorf("%d keys were revoked", n)
		}
		for _, k := range w.vendor.Live("svc") {
			if w.stored().Remote(k.ID) == nil {
				_ = w.vendor.Ledger.Revoke("somebody", "svc", k.ID)
			}
		}
	}, 2*time.Hour)
	res := w.run(workflows.RotateKey)
	if res.Outcome != workflows.RolledBack || res.Why != string(keyturn.Conflict) {
		t.Errorf("%+v", res)
	}
	w.whole(1)
}

func TestRevokeAndItsAbort(t *testing.T) {
	t.Parallel()
	w := newWorld(t, suspends).issued()
	w.say(5*time.Minute, workflows.UpdateAbort, me)
	if res := w.run(workflows.RevokeKey); res.Outcome != workflows.RolledBack {
		t.Errorf("%+v", res)
	}
	w.whole(1)
	w.restart()
	if res := w.run(workflows.RevokeKey); res.Outcome != workflows.Revoked || len(res.Ended) != 1 || len(res.Unproven) != 0 {
		t.Errorf("%+v", res)
	}
	if n := len(w.vendor.Live("")); n != 0 || w.stored().Retired.IsZero() {
		t.Errorf("%d keys live, retired %s", n, w.stored().Retired)
	}
}

func TestApproval(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]workflows.Outcome{
		workflows.UpdateApprove: workflows.Issued, workflows.UpdateReject: workflows.Rejected, workflows.UpdateAbort: workflows.Rejected, "": workflows.Rejected,
	} {
		t.Run(word, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.order.Approval = true
			if word != "" {
				w.say(time.Hour, word, workflows.Word{Actor: "second"})
			}
			if res := w.run(workflows.IssueKey); res.Outcome != want {
				t.Errorf("%+v", res)
			}
			if n := len(w.vendor.IDs(fake.Minted)); (n == 1) != (want == workflows.Issued) {
				t.Errorf("%d keys made", n)
			}
		})
	}
}

func TestNobodyApprovesTheirOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.order.Approval = true
	refused := false
	w.RegisterDelayedCallback(func() {
		w.UpdateWorkflow(workflows.UpdateApprove, "own", &testsuite.TestUpdateCallback{
			OnReject: func(error) { refused = true }, OnAccept: func() {}, OnComplete: func(any, error) {},
		}, workflows.Word{Actor: w.order.Cause.Actor})
	}, time.Hour)
	if res := w.run(workflows.IssueKey); res.Outcome != workflows.Rejected || !refused {
		t.Errorf("refused %t, %+v", refused, res)
	}
}

// TestApprovalCannotBeLeftOut: the entry asks for it, whatever the order says.
func TestApprovalCannotBeLeftOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) { w.key.Policy.Approval = true })
	if res := w.run(workflows.IssueKey); res.Outcome != workflows.RolledBack || res.Why != string(keyturn.Invalid) {
		t.Errorf("%+v", res)
	}
	if n := len(w.vendor.IDs(fake.Minted)); n != 0 {
		t.Errorf("%d keys made without approval", n)
	}
}

func TestEveryRunLeavesItsOwnEvents(t *testing.T) {
	t.Parallel()
	w := newWorld(t).issued()
	for range 2 {
		w.run(workflows.RotateKey)
		w.restart()
	}
	completed := 0
	for e, err := range w.registry.History(t.Context(), w.key.ID) {
		if err != nil {
			t.Fatal(err)
		}
		if e.What == registry.Completed {
			completed++
		}
	}
	if completed != 3 {
		t.Errorf("%d operations completed, the history says, want 3", completed)
	}
}
