package e2e

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/dev/simulate"
	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/workflows"
)

// troubles are the bad days, at every vendor.
func troubles(t *testing.T, s *stack) {
	for _, v := range simulate.Providers() {
		for name, trouble := range map[string]func(*testing.T, *scenario){
			"the answer to mint is lost":          lostMint,
			"the vendor throttles":                throttled,
			"the vendor fails for a while":        failing,
			"two rotations at once":               twoAtOnce,
			"abort in the soak":                   abortInSoak,
			"extend and expedite in the soak":     extendAndExpedite,
			"the new key is never accepted":       neverAccepted,
			"the synthetic test says no":          testSaysNo,
			"the operation is terminated":         terminated,
			"rotated three times":                 threeTimes,
			"revoked for good":                    revokedForGood,
			"issue is approved by a second voice": approved,
			"somebody wrote the path by hand":     writtenByHand,
			"within the budget":                   withinBudget,
			"a freeze holds it":                   heldByFreeze,
			"the worker is stopped and started":   stoppedAndStarted,
		} {
			t.Run(v+"/"+name, func(t *testing.T) {
				t.Parallel()
				trouble(t, newScenario(t, s, v))
			})
		}
		t.Run(v+"/consumers never move", func(t *testing.T) {
			t.Parallel()
			consumersNeverMove(t, s, v)
		})
		t.Run(v+"/payloads are encrypted", func(t *testing.T) {
			t.Parallel()
			encrypted(t, s, v)
		})
		t.Run(v+"/consumers move", func(t *testing.T) {
			t.Parallel()
			consumersMove(t, s, v)
		})
		if reportsUse(v) {
			t.Run(v+"/the old key is still used", func(t *testing.T) {
				t.Parallel()
				stillUsed(t, newScenario(t, s, v))
			})
		}
	}
	t.Run("aws/abort with the old key switched off", func(t *testing.T) {
		t.Parallel()
		abortWhileOff(t, newScenario(t, s, "aws", func(sc *scenario) { sc.policy.DisabledSoak = keyturn.Duration(time.Hour) }))
	})
	t.Run("aws/expedite with the old key switched off", func(t *testing.T) {
		t.Parallel()
		expediteWhileOff(t, newScenario(t, s, "aws", func(sc *scenario) { sc.policy.DisabledSoak = keyturn.Duration(time.Hour) }))
	})
	t.Run("aws/a stranger has the second slot", func(t *testing.T) {
		t.Parallel()
		strangerInSlot(t, newScenario(t, s, "aws"))
	})
}

// reportsUse is false where the vendor keeps no record of use (Entra, Okta,
// Twilio), or one by the day (Google), which a test cannot wait for.
func reportsUse(v string) bool {
	switch v {
	case "entra", "okta", "twilio", "gcp":
		return false
	}
	return true
}

// saysWhen is false where a throttled answer does not say how long to wait.
func saysWhen(v string) bool {
	switch v {
	case "aws", "gcp", "stripe", "twilio":
		return false
	}
	return true
}

func lostMint(t *testing.T, sc *scenario) {
	sc.issued()
	sc.vendor.LoseMints(1)
	if res := sc.do(workflows.RotateKey); res.Outcome != workflows.Rotated {
		t.Errorf("%+v", res)
	}
	if minted := len(sc.ledger.IDs(fake.Minted)); minted != 3 {
		t.Errorf("%d keys were made, want 3: the first, the lost one, the new one", minted)
	}
	sc.promised(t)
}

func throttled(t *testing.T, sc *scenario) {
	sc.issued()
	sc.vendor.Throttle(1, 4*time.Second)
	began := time.Now()
	if res := sc.do(workflows.RotateKey); res.Outcome != workflows.Rotated {
		t.Errorf("%+v", res)
	}
	if took := time.Since(began); saysWhen(sc.vendor.Provider) && took < 4*time.Second {
		t.Errorf("it took %s: Retry-After was not honoured", took)
	}
	sc.promised(t)
}

func failing(t *testing.T, sc *scenario) {
	sc.issued()
	sc.vendor.Faults.Set(fake.Rule{Status: http.StatusInternalServerError, Times: 3, Text: canary + "echo"})
	if res := sc.do(workflows.RotateKey); res.Outcome != workflows.Rotated {
		t.Errorf("%+v", res)
	}
	sc.promised(t)
}

func twoAtOnce(t *testing.T, sc *scenario) {
	sc.issued()
	var wg sync.WaitGroup
	runs := make([]client.WorkflowRun, 2)
	errs := make([]error, 2)
	for i := range runs {
		wg.Go(func() { runs[i], errs[i] = sc.begin(workflows.RotateKey) })
	}
	wg.Wait()
	refused := 0
	for i := range runs {
		var started *serviceerror.WorkflowExecutionAlreadyStarted
		if errors.As(errs[i], &started) {
			refused++
		} else if errs[i] != nil {
			t.Fatal(errs[i])
		} else {
			sc.await(runs[i])
		}
	}
	if refused != 1 {
		t.Errorf("%d of two rotations were refused, want 1", refused)
	}
	sc.promised(t)
}

// long lengthens the overlap so that there is time to say something.
func (sc *scenario) long() {
	sc.t.Helper()
	k := sc.key()
	k.Policy.Overlap = keyturn.Duration(time.Hour)
	k.Policy.QuietFor = keyturn.Duration(time.Millisecond)
	if _, err := sc.registry.Save(sc.t.Context(), *k, registry.Event{ID: "long/" + string(sc.id), Key: sc.id, What: registry.Applied, At: time.Now()}); err != nil {
		sc.t.Fatal(err)
	}
}

// say sends an update and waits for the answer.
func (sc *scenario) say(name string, arg any) error {
	h, err := sc.client.UpdateWorkflow(sc.t.Context(), client.UpdateWorkflowOptions{
		WorkflowID: workflows.KeyWorkflowID(sc.id), UpdateName: name, Args: []any{arg}, WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err != nil {
		return err
	}
	return h.Get(sc.t.Context(), nil)
}

func (sc *scenario) soaking(run func()) workflows.Result {
	sc.t.Helper()
	r, err := sc.begin(workflows.RotateKey)
	if err != nil {
		sc.t.Fatal(err)
	}
	sc.until("soaking", func() bool { return sc.status().Phase == workflows.Soaking })
	run()
	return sc.await(r)
}

func abortInSoak(t *testing.T, sc *scenario) {
	sc.issued()
	before := *sc.key().Current()
	sc.long()
	res := sc.soaking(func() {
		if err := sc.say(workflows.UpdateAbort, workflows.Word{}); err == nil {
			t.Error("a word of nobody was accepted")
		}
		if err := sc.say(workflows.UpdateAbort, workflows.Word{Actor: "e2e"}); err != nil {
			t.Error(err)
		}
	})
	if res.Outcome != workflows.RolledBack || res.Why != "aborted" {
		t.Errorf("%+v", res)
	}
	sc.promised(t)
	if now := sc.key().Current(); now.RemoteID != before.RemoteID {
		t.Errorf("consumers are on %s, want the old key %s", now.RemoteID, before.RemoteID)
	}
}

// whileOff says something while the old key is switched off and the activity
// waits for its soak to end.
func (sc *scenario) whileOff(update string) workflows.Result {
	sc.t.Helper()
	sc.issued()
	old := *sc.key().Current()
	run, err := sc.begin(workflows.RotateKey)
	if err != nil {
		sc.t.Fatal(err)
	}
	sc.until("the old key is switched off", func() bool {
		l, ok := sc.ledger.Find(old.RemoteID)
		return ok && !l.Enabled
	})
	if err := sc.say(update, workflows.Word{Actor: "e2e"}); err != nil {
		sc.t.Error(err)
	}
	return sc.await(run)
}

func abortWhileOff(t *testing.T, sc *scenario) {
	if res := sc.whileOff(workflows.UpdateAbort); res.Outcome != workflows.RolledBack || res.Why != "aborted" {
		t.Errorf("%+v", res)
	}
	sc.promised(t)
	if g := sc.key().Current().Generation; g != 1 {
		t.Errorf("consumers are on generation %d, want 1", g)
	}
}

func expediteWhileOff(t *testing.T, sc *scenario) {
	if res := sc.whileOff(workflows.UpdateExpedite); res.Outcome != workflows.Rotated {
		t.Errorf("%+v", res)
	}
	sc.promised(t)
}

func extendAndExpedite(t *testing.T, sc *scenario) {
	sc.issued()
	sc.long()
	res := sc.soaking(func() {
		first := sc.status().Until
		if err := sc.say(workflows.UpdateExtend, workflows.Extension{Word: workflows.Word{Actor: "e2e"}, For: keyturn.Duration(time.Hour)}); err != nil {
			t.Error(err)
		}
		if got := sc.status().Until.Sub(first); got != time.Hour {
			t.Errorf("extended by %s, want 1h", got)
		}
		if err := sc.say(workflows.UpdateExpedite, workflows.Word{Actor: "e2e"}); err != nil {
			t.Error(err)
		}
	})
	if res.Outcome != workflows.Rotated {
		t.Errorf("%+v", res)
	}
	sc.promised(t)
}

func neverAccepted(t *testing.T, sc *scenario) {
	sc.issued()
	before := *sc.key().Current()
	sc.vendor.RefuseVerification(1000)
	res := sc.do(workflows.RotateKey)
	if res.Outcome != workflows.RolledBack || res.Why != string(keyturn.Denied) {
		t.Errorf("%+v", res)
	}
	sc.vendor.Mend()
	sc.promised(t)
	if now := sc.key().Current(); now.RemoteID != before.RemoteID {
		t.Errorf("consumers are on %s, want the old key %s", now.RemoteID, before.RemoteID)
	}
	if res := sc.do(workflows.RotateKey); res.Outcome != workflows.Rotated {
		t.Errorf("the next rotation: %+v", res)
	}
	sc.promised(t)
}

func testSaysNo(t *testing.T, sc *scenario) {
	sc.issued()
	app := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.Header.Get("Authorization"), canary) {
			t.Error("the test did not carry the value")
		}
		w.WriteHeader(http.StatusUnauthorized)
	}))
	k := sc.key()
	k.Policy.Test = &keyturn.Test{HTTP: &keyturn.HTTPTest{URL: app, Headers: map[string]string{"Authorization": "Bearer {key}"}}}
	if _, err := sc.registry.Save(t.Context(), *k, registry.Event{ID: "test/" + string(sc.id), Key: sc.id, What: registry.Applied, At: time.Now()}); err != nil {
		t.Fatal(err)
	}
	if res := sc.do(workflows.RotateKey); res.Outcome != workflows.RolledBack {
		t.Errorf("%+v", res)
	}
	sc.promised(t)
}

// terminated: a terminate skips every compensation. The next rotation takes
// over what was left and finishes it.
func terminated(t *testing.T, sc *scenario) {
	sc.issued()
	sc.long()
	r, err := sc.begin(workflows.RotateKey)
	if err != nil {
		t.Fatal(err)
	}
	sc.until("soaking", func() bool { return sc.status().Phase == workflows.Soaking })
	if err := sc.client.TerminateWorkflow(t.Context(), r.GetID(), r.GetRunID(), "e2e"); err != nil {
		t.Fatal(err)
	}
	if n := len(sc.ledger.Live(sc.vendor.Principal())); n != 2 {
		t.Fatalf("%d keys live after the terminate, want 2", n)
	}
	res := sc.do(workflows.RotateKey, func(o *workflows.Order) { o.Now = true })
	if res.Outcome != workflows.Rotated {
		t.Errorf("%+v", res)
	}
	sc.promised(t)
}

func threeTimes(t *testing.T, sc *scenario) {
	sc.issued()
	for n := range 3 {
		if res := sc.do(workflows.RotateKey); res.Outcome != workflows.Rotated || res.Generation != n+2 || len(res.Unproven) > 0 {
			t.Fatalf("rotation %d: %+v", n+1, res)
		}
	}
	sc.promised(t)
	if revoked := len(sc.ledger.IDs(fake.Revoked)); revoked != 3 {
		t.Errorf("%d keys revoked, want 3", revoked)
	}
}

func revokedForGood(t *testing.T, sc *scenario) {
	sc.issued()
	sc.wire.arm(0, false)
	res := sc.do(workflows.RevokeKey)
	if res.Outcome != workflows.Revoked || len(res.Ended) != 1 || len(res.Unproven) != 0 {
		t.Errorf("%+v", res)
	}
	if live := sc.ledger.Live(sc.vendor.Principal()); len(live) != 0 {
		t.Errorf("still live: %+v", live)
	}
	if k := sc.key(); k.Retired.IsZero() || k.Intent != nil || len(k.Ledger) != 0 {
		t.Errorf("the registry says %+v", k)
	}
	if again := sc.do(workflows.RotateKey); again.Outcome != workflows.RolledBack || again.Why != string(keyturn.Invalid) {
		t.Errorf("rotating a dead key: %+v", again)
	}
}

// stoppedAndStarted: a rollout of the worker in the middle of a rotation.
func stoppedAndStarted(t *testing.T, sc *scenario) {
	sc.issued()
	sc.long()
	res := sc.soaking(func() {
		if status := sc.stopGently(); status != 0 {
			t.Errorf("a worker that was asked to stop ended with status %d", status)
		}
		sc.start()
		if err := sc.say(workflows.UpdateExpedite, workflows.Word{Actor: "e2e"}); err != nil {
			t.Error(err)
		}
	})
	if res.Outcome != workflows.Rotated {
		t.Errorf("%+v", res)
	}
	sc.promised(t)
}

func approved(t *testing.T, sc *scenario) {
	run, err := sc.begin(workflows.IssueKey, func(o *workflows.Order) { o.Approval = true })
	if err != nil {
		t.Fatal(err)
	}
	sc.until("asking for approval", func() bool { return sc.status().Phase == workflows.AwaitingApproval })
	if n := len(sc.ledger.IDs(fake.Minted)); n != 0 {
		t.Errorf("%d keys made before anybody approved", n)
	}
	if err := sc.say(workflows.UpdateExpedite, workflows.Word{Actor: "e2e"}); err == nil {
		t.Error("expedite was accepted in place of an approval")
	}
	if err := sc.say(workflows.UpdateApprove, workflows.Word{Actor: "second"}); err != nil {
		t.Fatal(err)
	}
	if res := sc.await(run); res.Outcome != workflows.Issued {
		t.Errorf("%+v", res)
	}
	sc.promised(t)
}

func writtenByHand(t *testing.T, sc *scenario) {
	sc.issued()
	if _, err := sc.vaultAPI.KVv2("secret").Put(t.Context(), sc.path, map[string]any{"key": "hand-made", "key_id": "x"}); err != nil {
		t.Fatal(err)
	}
	res := sc.do(workflows.RotateKey)
	if res.Outcome != workflows.RolledBack || res.Why != string(keyturn.Conflict) {
		t.Errorf("%+v", res)
	}
	if keyID, value, _, _ := sc.consumed(t.Context(), sc.path); value != "hand-made" || keyID != "x" {
		t.Error("what somebody wrote by hand was overwritten")
	}
}

func strangerInSlot(t *testing.T, sc *scenario) {
	sc.issued()
	stranger, err := sc.ledger.Mint("somebody", fake.Draft{Principal: sc.vendor.Principal()})
	if err != nil {
		t.Fatal(err)
	}
	res := sc.do(workflows.RotateKey)
	if res.Outcome != workflows.RolledBack || res.Why != string(keyturn.Exhausted) {
		t.Errorf("%+v", res)
	}
	sc.promised(t, stranger.ID)
}

// heldByFreeze: nothing is made under a freeze.
func heldByFreeze(t *testing.T, sc *scenario) {
	heldPart(t, sc)
	sc.promised(t)
}
