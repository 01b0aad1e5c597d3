package workflows_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/secrets"
	"github.com/keyturn/keyturn/workflows"
)

// These are the cases in which people do the unexpected: each was once a way to
// lose a key or to leave one behind.

const day = 24 * time.Hour

// stageAs stages a value under an id, as manual supply --key-id does.
func (p *person) stageAs(value, id string) {
	p.w.t.Helper()
	k := p.w.stored()
	label := keyturn.Label(k.ID, k.Intent.Generation)
	if err := p.w.store.Destroy(p.w.t.Context(), k.Storage.Secret, keyturn.SecretVersion(label)); err != nil {
		p.w.t.Error(err)
	}
	_, err := p.w.store.Stage(p.w.t.Context(), k.Storage.Secret, secrets.Draft{Label: label, RemoteID: id, Value: keyturn.NewSecret(value), Created: p.w.Now()})
	if err != nil {
		p.w.t.Error(err)
	}
}

// issuedAs brings a key into service under the vendor's own id, or another.
func (w *world) issuedAs(id func(fake.Key) string) *person {
	w.t.Helper()
	p := &person{w: w}
	w.at(time.Hour, func() { k := p.make(1); p.stageAs(k.Secret, id(k)) })
	w.confirm(2*time.Hour, true, "")
	if res := w.run(workflows.IssueKey); res.Outcome != workflows.Issued {
		w.t.Fatalf("%+v", res)
	}
	w.restart()
	return p
}

func vendorsID(k fake.Key) string { return k.ID }

// read is what consumers read now.
func (w *world) read() string {
	w.t.Helper()
	ref := w.key.Storage.Secret
	now, err := w.store.Current(w.t.Context(), ref)
	if err != nil {
		w.t.Fatal(err)
	}
	v, err := w.store.Read(w.t.Context(), ref, now.Name)
	if err != nil {
		w.t.Fatal(err)
	}
	return v.Secret.Expose()
}

// finished fails unless the operation ended as wanted.
func (w *world) finished(flow any, want workflows.Outcome) workflows.Result {
	w.t.Helper()
	res := w.run(flow)
	if res.Outcome != want {
		w.t.Errorf("%+v, want %s", res, want)
	}
	return res
}

func TestOneIDForTwoGenerations(t *testing.T) {
	t.Parallel()
	w := newWorld(t, byHand)
	p := w.issuedAs(func(fake.Key) string { return "production key" })
	w.at(time.Hour, func() { p.stageAs(p.make(2).Secret, "production key") })
	w.confirm(2*time.Hour, false, "is that of generation 1")
	w.at(3*time.Hour, func() { p.stageAs(w.vendor.Value(p.made[2]), "production key 2") })
	w.confirm(4*time.Hour, true, "")
	w.at(30*time.Hour, func() { p.end(1) })
	w.confirm(31*time.Hour, true, "")
	w.finished(workflows.RotateKey, workflows.Rotated)
	p.whole(2)
}

// pat can be revoked in principle, but not under this configuration.
type pat struct{ portal }

var _ providers.Revoker = pat{}

func (pat) Revoke(context.Context, string, string) error {
	return keyturn.Errorf(keyturn.Unsupported, "pat", "not seen to")
}

func byHandAfterAll(w *world) { w.provider = pat{portal{w.vendor}} }

func TestAnEndThatOnlyTurnsOutToBeByHandIsTried(t *testing.T) {
	t.Parallel()
	w := newWorld(t, byHandAfterAll)
	p := w.issuedAs(vendorsID)
	w.at(time.Hour, func() { k := p.make(2); p.stageAs(k.Secret, k.ID) })
	w.confirm(2*time.Hour, true, "")
	w.confirm(29*time.Hour, false, "still works")
	w.at(30*time.Hour, func() { p.end(1) })
	w.confirm(31*time.Hour, true, "")
	if res := w.finished(workflows.RotateKey, workflows.Rotated); len(res.Unproven) != 0 {
		t.Errorf("%+v", res)
	}
	p.whole(2)
}

func TestCallingOffWhatOnlyTurnsOutToBeByHand(t *testing.T) {
	t.Parallel()
	w := newWorld(t, byHandAfterAll)
	p := w.issuedAs(vendorsID)
	w.at(time.Hour, func() { k := p.make(2); p.stageAs(k.Secret, k.ID) })
	w.confirm(2*time.Hour, true, "")
	w.say(3*time.Hour, workflows.UpdateAbort, me)
	w.confirm(4*time.Hour, false, "still works")
	w.at(5*time.Hour, func() { p.end(2) })
	w.confirm(6*time.Hour, true, "")
	w.finished(workflows.RotateKey, workflows.RolledBack)
	p.whole(1)
}

// TestCallingOffWhenTheOldKeyIsDead goes forward instead: consumers are never
// put back on a dead value while a living one is at hand.
func TestCallingOffWhenTheOldKeyIsDead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*world)
		before func(*person)
	}{
		"the issuer replaces keys": {
			func(w *world) { w.vendor.info.MaxLive = 1 },
			func(p *person) { p.w.at(time.Hour, func() { p.end(1); p.supply() }) },
		},
		"it was rotated without Keyturn": {
			func(*world) {},
			func(p *person) { writeByHand(p.w, p.make(2).Secret); p.end(1) },
		},
		"it was ended in the overlap": {
			func(*world) {},
			func(p *person) {
				p.w.at(10*time.Minute, p.supply)
				p.w.confirm(20*time.Minute, true, "")
				p.w.at(time.Hour, func() { p.end(1) })
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, byHand, c.change)
			p := w.issuedByHand()
			c.before(p)
			w.say(2*time.Hour, workflows.UpdateAbort, me)
			w.finished(workflows.RotateKey, workflows.Rotated)
			p.whole(2)
		})
	}
}

// TestAFreezeDoesNotKeepConsumersCutOff: the issuer has ended the old key, so
// the promotion does not wait.
func TestAFreezeDoesNotKeepConsumersCutOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t, byHand, func(w *world) { w.vendor.info.MaxLive = 1 })
	p := w.issuedByHand()
	w.freeze(30*time.Minute, 72*time.Hour)
	w.at(time.Hour, func() { p.end(1); p.supply() })
	w.confirm(2*time.Hour, true, "")
	w.at(3*time.Hour, func() {
		if got := w.read(); got != w.vendor.Value(p.made[2]) {
			t.Error("consumers are left on a dead value")
		}
	})
	w.finished(workflows.RotateKey, workflows.Rotated)
	p.whole(2)
}

// TestCallingOffAnAcceptedValueThatWasWritten puts consumers back.
func TestCallingOffAnAcceptedValueThatWasWritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t, byHand)
	p := w.issuedByHand()
	w.freeze(30*time.Minute, 720*time.Hour) // so that it is accepted and not promoted
	w.at(time.Hour, func() { writeByHand(w, p.make(2).Secret) })
	w.confirm(2*time.Hour, true, "")
	w.say(3*time.Hour, workflows.UpdateAbort, me)
	w.at(4*time.Hour, func() { p.end(2) })
	w.confirm(5*time.Hour, true, "")
	w.finished(workflows.RotateKey, workflows.RolledBack)
	p.whole(1)
}

func TestAnOverrideHoldsFromThereOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t).issued()
	w.freeze(2*time.Hour, 72*time.Hour)
	w.say(3*time.Hour, workflows.UpdateExpedite, workflows.Word{Actor: "test", Override: true})
	began := w.Now()
	w.finished(workflows.RotateKey, workflows.Rotated)
	if took := w.Now().Sub(began); took > 4*time.Hour {
		t.Errorf("it took %s in spite of the override", took)
	}
}

// TestAValueIsNobodysID: the canary of the workflow tests finds it in payloads.
func TestAValueIsNobodysID(t *testing.T) {
	t.Parallel()
	w := newWorld(t, byHand)
	p := w.issuedByHand()
	w.at(time.Hour, func() {
		s, v := w.store.(*writable), p.make(2).Secret
		s.mu.Lock()
		defer s.mu.Unlock()
		s.n++
		s.value = &secrets.Value{RemoteID: "id of " + v, Secret: keyturn.NewSecret(v)}
	})
	w.confirm(2*time.Hour, true, "")
	w.at(40*time.Hour, func() { p.end(1) })
	w.confirm(41*time.Hour, true, "")
	w.finished(workflows.RotateKey, workflows.Rotated)
	p.whole(2)
	for e, err := range w.registry.History(t.Context(), w.key.ID) {
		if err != nil || strings.Contains(e.Detail, canary) {
			t.Errorf("the history says %+v, %v", e, err)
		}
	}
}
