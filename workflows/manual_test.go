package workflows_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/testsuite"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/secrets"
	"github.com/keyturn/keyturn/tickets"
	"github.com/keyturn/keyturn/workflows"
)

// portal is an issuer without an API for its keys. Values can be tried.
type portal struct{ v *vendor }

var _ providers.Verifier = portal{}

func (p portal) Info() providers.Info { return p.v.info }

func (p portal) Verify(ctx context.Context, id string, s keyturn.Secret) error {
	return p.v.Verify(ctx, id, s)
}

// blind is an issuer about which nothing can be found out.
type blind struct{ v *vendor }

func (b blind) Info() providers.Info { return b.v.info }

func byHand(w *world) { w.provider = portal{w.vendor} }

// person takes the steps by hand.
type person struct {
	w    *world
	made map[int]string // generation to the vendor's id
}

func (p *person) make(generation int) fake.Key {
	p.w.t.Helper()
	k, err := p.w.vendor.Ledger.Mint("person", fake.Draft{Principal: "svc"})
	if err != nil {
		p.w.t.Fatal(err)
	}
	if p.made == nil {
		p.made = map[int]string{}
	}
	p.made[generation] = k.ID
	return k
}

// supply makes a key and stages its value, as keyturn manual supply does.
func (p *person) supply() {
	k := p.w.stored()
	p.stage(p.make(k.Intent.Generation).Secret)
}

func (p *person) stage(value string) {
	p.w.t.Helper()
	k := p.w.stored()
	label := keyturn.Label(k.ID, k.Intent.Generation)
	if err := p.w.store.Destroy(p.w.t.Context(), k.Storage.Secret, keyturn.SecretVersion(label)); err != nil {
		p.w.t.Error(err)
	}
	_, err := p.w.store.Stage(p.w.t.Context(), k.Storage.Secret, secrets.Draft{
		Label: label, RemoteID: activities.HandID(k, k.Intent.Generation), Value: keyturn.NewSecret(value), Created: p.w.Now(),
	})
	if err != nil {
		p.w.t.Error(err)
	}
}

// end ends a generation's key at the issuer.
func (p *person) end(generation int) {
	if err := p.w.vendor.Ledger.Revoke("person", "svc", p.made[generation]); err != nil {
		p.w.t.Errorf("generation %d: %v", generation, err)
	}
}

// at does something after a while.
func (w *world) at(after time.Duration, do func()) { w.RegisterDelayedCallback(do, after) }

// confirm claims the step asked for, and checks what is answered.
func (w *world) confirm(after time.Duration, want bool, says string) {
	w.at(after, func() {
		w.UpdateWorkflow(workflows.UpdateConfirm, after.String(), &testsuite.TestUpdateCallback{
			OnReject: func(err error) { w.t.Errorf("the claim after %s was refused: %v", after, err) },
			OnAccept: func() {},
			OnComplete: func(v any, err error) {
				got, _ := v.(workflows.Verdict)
				if err != nil || got.Accepted != want || !strings.Contains(got.Why, says) {
					w.t.Errorf("after %s: %+v, %v; want accepted %t and %q", after, v, err, want, says)
				}
			},
		}, workflows.Claim{Word: me})
	})
}

// issuedByHand brings a key into service that a person makes.
func (w *world) issuedByHand() *person {
	w.t.Helper()
	p := &person{w: w}
	w.at(time.Hour, p.supply)
	w.confirm(2*time.Hour, true, "")
	if res := w.run(workflows.IssueKey); res.Outcome != workflows.Issued {
		w.t.Fatalf("%+v", res)
	}
	w.restart()
	return p
}

// wholeByHand fails unless exactly the person's key of a generation is live,
// and consumers read it.
func (p *person) whole(generation int) {
	w := p.w
	w.t.Helper()
	k := w.stored()
	cur := k.Current()
	if k.Intent != nil || len(k.Ledger) != 1 || cur == nil || cur.Generation != generation {
		w.t.Fatalf("the registry says intent %+v, ledger %+v; want generation %d", k.Intent, k.Ledger, generation)
	}
	live := w.vendor.Live("")
	if len(live) != 1 || live[0].ID != p.made[generation] {
		w.t.Errorf("live at the issuer: %+v, want %s", live, p.made[generation])
	}
	read, err := w.store.Current(w.t.Context(), k.Storage.Secret)
	if err != nil || read.Name != cur.Version {
		w.t.Errorf("consumers read %+v (%v), want %s", read, err, cur.Version)
	}
	v, err := w.store.Read(w.t.Context(), k.Storage.Secret, cur.Version)
	if err != nil || len(live) == 1 && v.Secret.Expose() != w.vendor.Value(live[0].ID) {
		w.t.Errorf("consumers read another value (%v)", err)
	}
}

func TestRotateByHand(t *testing.T) {
	t.Parallel()
	w := newWorld(t, byHand)
	p := w.issuedByHand()
	w.at(time.Hour, p.supply)
	w.confirm(2*time.Hour, true, "")
	w.at(28*time.Hour, func() { p.end(1) }) // asked after an overlap of a day
	w.confirm(29*time.Hour, true, "")
	res := w.run(workflows.RotateKey)
	if res.Outcome != workflows.Rotated || len(res.Ended) != 1 || len(res.Unproven) != 0 {
		t.Errorf("%+v", res)
	}
	p.whole(2)
	all := w.tracker.all()
	if len(all) != 2 { // one for issuing, one for rotating
		t.Fatalf("%d tickets", len(all))
	}
	for _, tk := range all {
		if tk.state != tickets.Closed || !strings.Contains(tk.Body, "keyturn manual supply payments") || strings.Contains(tk.Body, canary) {
			t.Errorf("%+v", tk)
		}
	}
}

// TestClaimsAreChecked: nothing is believed because somebody says it.
func TestClaimsAreChecked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, byHand)
	p := w.issuedByHand()
	old := w.vendor.Value(w.vendor.Live("")[0].ID)
	w.confirm(1*time.Hour, false, "no new value is stored")
	w.at(2*time.Hour, func() { p.stage(old) })
	w.confirm(3*time.Hour, false, "generation 1 and not a new one")
	w.at(4*time.Hour, func() { p.stage("a typing error") })
	w.confirm(5*time.Hour, false, "tried and refused")
	w.at(6*time.Hour, p.supply)
	w.confirm(7*time.Hour, true, "")
	w.confirm(34*time.Hour, false, "still works")
	w.at(35*time.Hour, func() { p.end(1) })
	w.confirm(36*time.Hour, true, "")
	if res := w.run(workflows.RotateKey); res.Outcome != workflows.Rotated {
		t.Errorf("%+v", res)
	}
	p.whole(2)
	refused := 0
	for e, err := range w.registry.History(t.Context(), w.key.ID) {
		if err != nil {
			t.Fatal(err)
		}
		if e.What == registry.Refused {
			refused++
		}
	}
	if refused != 4 {
		t.Errorf("%d refusals are in the history, want 4", refused)
	}
}

// TestATicketClosedWithoutTheWork is opened again with the reason.
func TestATicketClosedWithoutTheWork(t *testing.T) {
	t.Parallel()
	w := newWorld(t, byHand)
	p := w.issuedByHand()
	news := func(after time.Duration, delivery string) {
		w.at(after, func() { w.SignalWorkflow(workflows.SignalTicket, workflows.TicketNews{Delivery: delivery}) })
	}
	open := func(after time.Duration, what string) {
		w.at(after, func() {
			for _, tk := range w.tracker.all() {
				if strings.HasPrefix(tk.Key, "rotate/") && (tk.state != tickets.Open || !strings.Contains(tk.texts[len(tk.texts)-1], what)) {
					t.Errorf("after %s: %s, %q", after, tk.state, tk.texts)
				}
			}
		})
	}
	news(30*time.Minute, "early") // nothing has happened
	w.at(time.Hour, w.tracker.close)
	news(2*time.Hour, "a")
	news(2*time.Hour, "a") // twice
	open(3*time.Hour, "no new value is stored")
	w.at(4*time.Hour, p.supply)
	w.at(5*time.Hour, w.tracker.close)
	news(6*time.Hour, "b")
	open(31*time.Hour, "revoke the old key")
	w.at(32*time.Hour, w.tracker.close)
	news(33*time.Hour, "c")
	open(34*time.Hour, "still works")
	w.at(35*time.Hour, func() { p.end(1); w.tracker.close() })
	news(36*time.Hour, "d")
	if res := w.run(workflows.RotateKey); res.Outcome != workflows.Rotated {
		t.Errorf("%+v", res)
	}
	p.whole(2)
}

// TestAValueWrittenToThePath is adopted, and a bad one taken back.
func TestAValueWrittenToThePath(t *testing.T) {
	t.Parallel()
	w := newWorld(t, byHand)
	p := w.issuedByHand()
	write := func(after time.Duration, value func() string) {
		w.at(after, func() { writeByHand(w, value()) })
	}
	write(time.Hour, func() string { return "a typing error" })
	w.confirm(2*time.Hour, false, "tried and refused")
	w.at(3*time.Hour, func() { // consumers are back on the old value
		read, err := w.store.Current(t.Context(), w.key.Storage.Secret)
		if err != nil || read.Name != w.stored().Current().Version {
			t.Errorf("consumers read %+v, %v", read, err)
		}
	})
	write(4*time.Hour, func() string { return p.make(2).Secret })
	w.confirm(5*time.Hour, true, "")
	w.at(40*time.Hour, func() { p.end(1) })
	w.confirm(41*time.Hour, true, "")
	if res := w.run(workflows.RotateKey); res.Outcome != workflows.Rotated {
		t.Errorf("%+v", res)
	}
	p.whole(2)
}

// TestTheSLALadder: owner, team and security are told in turn, the breach is
// recorded, and the step is still waited for.
func TestTheSLALadder(t *testing.T) {
	t.Parallel()
	w := newWorld(t, byHand, func(w *world) { w.key.Policy.SLA = keyturn.Duration(4 * 24 * time.Hour) })
	p := w.issuedByHand()
	missed := func(after time.Duration, want bool) {
		w.at(after, func() {
			if m := w.stored().Intent.Manual; m.Missed != want {
				t.Errorf("after %s: missed %t, want %t", after, m.Missed, want)
			}
		})
	}
	w.say(day, workflows.UpdateExtend, workflows.Extension{Word: me, For: keyturn.Duration(2 * day)}) // due on day 6
	missed(5*day, false)
	missed(7*day, true)
	w.at(20*day, p.supply)
	w.confirm(20*day+time.Hour, true, "")
	w.at(22*day, func() { p.end(1) })
	w.confirm(22*day+time.Hour, true, "")
	if res := w.run(workflows.RotateKey); res.Outcome != workflows.Rotated {
		t.Errorf("%+v", res)
	}
	p.whole(2)
	told := map[string]time.Time{}
	var began time.Time
	for e, err := range w.registry.History(t.Context(), w.key.ID) {
		if err != nil {
			t.Fatal(err)
		}
		switch e.What {
		case registry.Began:
			began = e.At
		case registry.Reminded, registry.Overdue, registry.Escalated:
			told[e.What] = e.At
		}
	}
	for what, want := range map[string]time.Duration{registry.Reminded: 3 * day, registry.Overdue: 6 * day, registry.Escalated: 9 * day} {
		if got := told[what].Sub(began).Round(time.Minute); got != want {
			t.Errorf("%s after %s, want %s", what, got, want)
		}
	}
	notices, err := w.registry.ClaimNotices(t.Context(), w.Now(), time.Hour, 100)
	if err != nil {
		t.Fatal(err)
	}
	audience := map[string][]registry.Audience{}
	for _, n := range notices {
		audience[n.Event.What] = append(audience[n.Event.What], n.To)
	}
	if len(audience[registry.Reminded]) != 1 || len(audience[registry.Overdue]) != 2 || len(audience[registry.Escalated]) != 3 {
		t.Errorf("told: %v", audience)
	}
}

// TestCancelBeforeAndAfterSupply: nothing is left behind, and a key that was
// made for it is ended by a person.
func TestCancelBeforeAndAfterSupply(t *testing.T) {
	t.Parallel()
	for name, supplied := range map[string]bool{"before": false, "after": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, byHand)
			p := w.issuedByHand()
			if supplied {
				w.at(time.Hour, p.supply)
				w.confirm(2*time.Hour, true, "")
				w.confirm(5*time.Hour, false, "still works")
				w.at(6*time.Hour, func() { p.end(2) })
				w.confirm(7*time.Hour, true, "")
			}
			w.say(4*time.Hour, workflows.UpdateAbort, me)
			res := w.run(workflows.RotateKey)
			if res.Outcome != workflows.RolledBack || res.Why != "aborted" {
				t.Errorf("%+v", res)
			}
			p.whole(1)
			for _, tk := range w.tracker.all() {
				if tk.state != tickets.Closed {
					t.Errorf("%+v", tk)
				}
			}
		})
	}
}

// TestAValueSuppliedAndNeverChecked is ended with the operation it was made for.
func TestAValueSuppliedAndNeverChecked(t *testing.T) {
	t.Parallel()
	for name, supply := range map[string]func(*person){
		"staged":  (*person).supply,
		"written": func(p *person) { writeByHand(p.w, p.make(2).Secret) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, byHand)
			p := w.issuedByHand()
			w.at(time.Hour, func() { supply(p) })
			w.say(2*time.Hour, workflows.UpdateAbort, me)
			w.at(3*time.Hour, func() { p.end(2) })
			w.confirm(4*time.Hour, true, "")
			if res := w.run(workflows.RotateKey); res.Outcome != workflows.RolledBack {
				t.Errorf("%+v", res)
			}
			p.whole(1)
		})
	}
}

// TestNoWayBackOnceTheOldKeyMayBeDead.
func TestNoWayBackOnceTheOldKeyMayBeDead(t *testing.T) {
	t.Parallel()
	w := newWorld(t, byHand)
	p := w.issuedByHand()
	w.at(time.Hour, p.supply)
	w.confirm(2*time.Hour, true, "")
	refused := false
	w.at(30*time.Hour, func() {
		w.UpdateWorkflow(workflows.UpdateAbort, "late", &testsuite.TestUpdateCallback{
			OnReject: func(error) { refused = true }, OnAccept: func() {}, OnComplete: func(any, error) {},
		}, me)
	})
	w.at(31*time.Hour, w.CancelWorkflow)
	w.at(40*time.Hour, func() { p.end(1) })
	w.confirm(41*time.Hour, true, "")
	if res := w.run(workflows.RotateKey); res.Outcome != workflows.Rotated || !refused {
		t.Errorf("refused %t, %+v", refused, res)
	}
	p.whole(2)
}

// TestAnIssuerThatReplaces ends the old key when it makes the new one: there is
// no overlap, nothing to end by hand, and no way back.
func TestAnIssuerThatReplaces(t *testing.T) {
	t.Parallel()
	w := newWorld(t, byHand, func(w *world) { w.vendor.info.MaxLive = 1 })
	p := w.issuedByHand()
	w.at(time.Hour, func() { p.end(1); p.supply() })
	w.confirm(2*time.Hour, true, "")
	began := w.Now()
	if res := w.run(workflows.RotateKey); res.Outcome != workflows.Rotated || len(res.Unproven) != 0 {
		t.Errorf("%+v", res)
	}
	if took := w.Now().Sub(began); took > 3*time.Hour {
		t.Errorf("it took %s", took)
	}
	p.whole(2)
}

// TestWhatNobodyCanTry is said, not hidden.
func TestWhatNobodyCanTry(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) { w.provider = blind{w.vendor} })
	p := w.issuedByHand()
	w.at(time.Hour, p.supply)
	w.confirm(2*time.Hour, true, "")
	w.at(28*time.Hour, func() { p.end(1) })
	w.confirm(29*time.Hour, true, "")
	if res := w.run(workflows.RotateKey); res.Outcome != workflows.Rotated || len(res.Unproven) != 1 {
		t.Errorf("%+v", res)
	}
	p.whole(2)
}

func TestRevokeByHand(t *testing.T) {
	t.Parallel()
	w := newWorld(t, byHand)
	p := w.issuedByHand()
	w.confirm(time.Hour, false, "still works")
	w.at(2*time.Hour, func() { p.end(1) })
	w.confirm(3*time.Hour, true, "")
	if res := w.run(workflows.RevokeKey); res.Outcome != workflows.Revoked || len(res.Ended) != 1 {
		t.Errorf("%+v", res)
	}
	if n := len(w.vendor.Live("")); n != 0 || w.stored().Retired.IsZero() {
		t.Errorf("%d keys live", n)
	}
}

// TestADeletedTicket is opened anew when something is next asked for, and a
// tracker that is down is waited for.
func TestADeletedTicketAndATrackerThatIsDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, byHand)
	p := w.issuedByHand()
	w.tracker.down = true
	w.at(3*time.Hour, func() { w.tracker.mu.Lock(); w.tracker.down = false; w.tracker.mu.Unlock() })
	w.at(4*time.Hour, func() {
		for _, tk := range w.tracker.all() {
			tk.deleted = strings.HasPrefix(tk.Key, "rotate/")
		}
		w.SignalWorkflow(workflows.SignalTicket, workflows.TicketNews{Delivery: "deleted"})
	})
	w.at(5*time.Hour, p.supply)
	w.confirm(6*time.Hour, true, "")
	w.at(32*time.Hour, func() { p.end(1) })
	w.confirm(33*time.Hour, true, "")
	if res := w.run(workflows.RotateKey); res.Outcome != workflows.Rotated {
		t.Errorf("%+v", res)
	}
	p.whole(2)
	if n := len(w.tracker.all()); n != 3 {
		t.Errorf("%d tickets, want one for issuing and two for rotating", n)
	}
}
