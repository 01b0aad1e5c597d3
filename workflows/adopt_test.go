package workflows_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/client"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/secrets"
	"github.com/keyturn/keyturn/secrets/local"
	"github.com/keyturn/keyturn/workflows"
)

// found is a world with a key that somebody made by hand, its value where
// consumers read it, and the entry that was never issued.
func found(t *testing.T, change ...func(*world)) (*world, fake.Key) {
	t.Helper()
	w := newWorld(t, change...)
	k, err := w.vendor.Ledger.Mint("somebody", fake.Draft{Principal: "svc"})
	if err != nil {
		t.Fatal(err)
	}
	hand := w.store.(*writable).Store.(*local.Store)
	if err := hand.Put(t.Context(), w.key.Storage.Secret, secrets.Value{Secret: keyturn.NewSecret(k.Secret)}); err != nil {
		t.Fatal(err)
	}
	return w, k
}

// adopt runs AdoptKey to its end.
func (w *world) adopt(id string) workflows.Result {
	w.t.Helper()
	w.ExecuteWorkflow(workflows.AdoptKey, workflows.Adoption{Order: w.order, RemoteID: id})
	var res workflows.Result
	if err := w.GetWorkflowResult(&res); err != nil {
		w.t.Fatal(err)
	}
	return res
}

func (w *world) reads() keyturn.SecretVersion {
	w.t.Helper()
	v, err := w.store.Current(w.t.Context(), w.key.Storage.Secret)
	if err != nil {
		w.t.Fatal(err)
	}
	return v.Name
}

// TestAdoptThenRotate rotates a key whose value Keyturn did not write: undone after
// consumers were moved, and then to the end.
func TestAdoptThenRotate(t *testing.T) {
	t.Parallel()
	w, old := found(t)
	res := w.adopt(old.ID)
	if res.Outcome != workflows.Adopted || res.Generation != 1 || res.New.RemoteID != old.ID || res.Detail != "nothing shows that the value is this key's" {
		t.Fatalf("adopt: %+v", res)
	}
	if len(w.vendor.Log()) != 1 || w.reads() != "put:1" {
		t.Errorf("something was touched: %+v, consumers read %s", w.vendor.Log(), w.reads())
	}

	w.restart()
	w.say(time.Hour, workflows.UpdateAbort, me)
	moved := keyturn.SecretVersion("")
	w.RegisterDelayedCallback(func() { moved = w.reads() }, 30*time.Minute)
	if res := w.run(workflows.RotateKey); res.Outcome != workflows.RolledBack || res.Why != "aborted" {
		t.Fatalf("rotate, aborted: %+v", res)
	}
	if moved != "payments/g2" || w.reads() != "put:1" {
		t.Errorf("consumers read %s and then %s", moved, w.reads())
	}
	if live := w.vendor.Live(""); len(live) != 1 || live[0].ID != old.ID {
		t.Errorf("live at the vendor: %+v", live)
	}
	if cur := w.stored().Current(); cur == nil || cur.RemoteID != old.ID || cur.Version != "put:1" {
		t.Errorf("current is %+v", cur)
	}

	w.restart()
	if res := w.run(workflows.RotateKey); res.Outcome != workflows.Rotated || !cmp.Equal(res.Ended, []string{old.ID}) || res.Unproven != nil {
		t.Fatalf("rotate: %+v", res)
	}
	w.whole(3)
	if _, err := w.store.Read(t.Context(), w.key.Storage.Secret, "put:1"); keyturn.KindOf(err) != keyturn.NotFound {
		t.Errorf("the old value can still be read: %v", err)
	}
	if got := w.vendor.IDs(fake.Revoked); len(got) != 2 || got[1] != old.ID {
		t.Errorf("revoked %v, want %s last", got, old.ID)
	}
}

// TestAdoptIsRejected says why, and changes nothing.
func TestAdoptIsRejected(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		id     string
		change func(*world)
		why    string
		says   string
	}{
		"unknown": {"key_typo", func(*world) {}, "not_found", "test/a has no key key_typo of svc"},
		"refused": {"", func(w *world) { w.vendor.verify = keyturn.Errorf(keyturn.Denied, "v", "no") }, "denied", "and refused"},
		"aborted": {"", func(w *world) {
			w.vendor.verify = keyturn.Errorf(keyturn.Unavailable, "v", "down")
			w.say(5*time.Minute, workflows.UpdateAbort, me)
		}, "aborted", "aborted by an operator"},
		"cancelled": {"", func(w *world) {
			w.vendor.verify = keyturn.Errorf(keyturn.Unavailable, "v", "down")
			w.RegisterDelayedCallback(w.CancelWorkflow, 5*time.Minute)
		}, "cancelled", ""},
		"never answered": {"", func(w *world) { w.vendor.verify = keyturn.Errorf(keyturn.Unavailable, "v", "down") }, "unavailable", "down"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, k := found(t)
			c.change(w)
			if c.id == "" {
				c.id = k.ID
			}
			res := w.adopt(c.id)
			if res.Outcome != workflows.Rejected || res.Why != c.why || !strings.Contains(res.Detail, c.says) {
				t.Errorf("result %+v", res)
			}
			if s := w.stored(); len(s.Ledger) > 0 || s.Intent != nil || s.Revision != w.key.Revision {
				t.Errorf("the entry was changed: %+v", s)
			}
			w.vendor.verify = nil
			w.restart()
			if res := w.adopt(k.ID); res.Outcome != workflows.Adopted {
				t.Errorf("tried again: %+v", res)
			}
		})
	}
}

func TestAdoptNeedsTheLock(t *testing.T) {
	t.Parallel()
	w, k := found(t)
	w.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: "adopt/payments", TaskQueue: "q"})
	w.ExecuteWorkflow(workflows.AdoptKey, workflows.Adoption{Order: w.order, RemoteID: k.ID})
	if err := w.GetWorkflowError(); err == nil || !strings.Contains(err.Error(), "key/payments") {
		t.Errorf("got error %v", err)
	}
}

// TestMends holds what findings of reconcile tell people to do.
func TestMends(t *testing.T) {
	t.Parallel()
	t.Run("a key that is gone is replaced by rotating it", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t).issued()
		if err := w.vendor.Ledger.Revoke("somebody", "svc", w.stored().Current().RemoteID); err != nil {
			t.Fatal(err)
		}
		if res := w.run(workflows.RotateKey); res.Outcome != workflows.Rotated {
			t.Fatalf("rotate: %+v", res)
		}
		w.whole(2)
	})
	t.Run("a key that is switched off is replaced by rotating it", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, func(w *world) { w.provider = suspender{w.vendor} }).issued()
		if err := w.vendor.SetEnabled("somebody", "svc", w.stored().Current().RemoteID, false); err != nil {
			t.Fatal(err)
		}
		if res := w.run(workflows.RotateKey); res.Outcome != workflows.Rotated {
			t.Fatalf("rotate: %+v", res)
		}
		w.whole(2)
	})
	t.Run("two entries get a key each, the second within the overlap of the first", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t).issued()
		shared := *w.stored().Current()
		twin := *w.stored()
		twin.ID, twin.Revision, twin.Storage.Secret.Path = "twin", 0, "secret/twin"
		twin.Ledger = []keyturn.Issued{shared}
		twin.Ledger[0].Version = "put:1"
		if err := w.store.(*writable).Store.(*local.Store).Put(t.Context(), twin.Storage.Secret, secrets.Value{Secret: keyturn.NewSecret(w.vendor.Value(shared.RemoteID))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.registry.Save(t.Context(), twin, registry.Event{ID: "twin", Key: "twin", What: registry.Applied, At: w.Now()}); err != nil {
			t.Fatal(err)
		}
		if res := w.run(workflows.RotateKey); res.Outcome != workflows.Rotated {
			t.Fatalf("rotate: %+v", res)
		}
		w.order.Key = "twin"
		w.key.ID, w.key.Storage.Secret = "twin", twin.Storage.Secret
		w.restart()
		if res := w.run(workflows.RotateKey); res.Outcome != workflows.Rotated {
			t.Fatalf("rotate the other: %+v", res)
		}
		if live := w.vendor.Live(""); len(live) != 2 {
			t.Errorf("live at the vendor: %+v", live)
		}
	})
	t.Run("a key whose value is lost can be ended", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t).issued()
		empty(w)
		if res := w.run(workflows.RevokeKey); res.Outcome != workflows.Revoked || len(res.Unproven) != 1 || len(w.vendor.Live("")) != 0 {
			t.Fatalf("revoke: %+v", res)
		}
	})
	t.Run("a path that holds another value, or none, keeps a rotation from beginning", func(t *testing.T) {
		t.Parallel()
		for name, spoil := range map[string]func(*world){
			"another": func(w *world) { writeByHand(w, canary+"other") },
			"none":    empty,
		} {
			w := newWorld(t).issued()
			spoil(w)
			if res := w.run(workflows.RotateKey); res.Outcome != workflows.RolledBack || res.Why != "conflict" {
				t.Errorf("%s: rotate: %+v", name, res)
			}
		}
	})
}

// empty leaves consumers of the key nothing to read.
func empty(w *world) {
	w.t.Helper()
	k := *w.stored()
	k.Storage.Secret.Path = "secret/empty"
	if _, err := w.registry.Save(w.t.Context(), k, registry.Event{ID: "moved", Key: k.ID, What: registry.Applied, At: w.Now()}); err != nil {
		w.t.Fatal(err)
	}
}
