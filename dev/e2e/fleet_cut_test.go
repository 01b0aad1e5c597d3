package e2e

import (
	"bytes"
	"testing"
	"time"

	"go.temporal.io/api/workflowservice/v1"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/servertest"
	"github.com/keyturn/keyturn/workflows"
)

// TestSweepIsCutOff kills the workers and the Temporal server in the middle of a
// sweep and of the rotations it started, lets the next sweep come on top, and
// asks that every due key be rotated exactly once and no other be touched.
func TestSweepIsCutOff(t *testing.T) {
	const due, idle = 30, 5 // keys of each account
	aws, datadog := account("aws", due+idle, 20), account("datadog", 0, 20)
	r := newRig(t, onSQLite, servertest.StartVault(t), aws, datadog)
	g := newGate(t, r.server.address)
	r.address = g.address
	r.start(2)
	sw := &sweptKeys{rig: r}
	for _, a := range r.accounts {
		ids := r.entries(a, due+idle)
		r.issue(a, ids)
		sw.due, sw.idle = append(sw.due, ids[:due]...), append(sw.idle, ids[due:]...)
	}
	r.overdue(sw.due)
	sw.remember()
	later := sw.plan(aws, datadog)

	config := activities.SweepConfig{Window: keyturn.Duration(30 * time.Second)}
	first := r.sweep("sweep-1", config)
	sw.cut(g, "the worker dies in the middle of starting them", fuse{method: "StartWorkflowExecution", n: 12, after: true, blow: r.crash})
	sw.cut(g, "Temporal dies in the middle of starting them", fuse{method: "StartWorkflowExecution", n: 12, blow: r.server.crash})
	sw.cut(g, "the worker dies when all are started", fuse{method: "RespondActivityTaskCompleted", match: sweptAccounts, n: 1, blow: r.crash})
	sw.counted("the first sweep", r.swept(first), len(later))

	second := r.sweep("sweep-2", config)
	sw.cut(g, "the worker dies in the middle of rotations", fuse{method: "RespondActivityTaskCompleted", n: 20, blow: r.crash})
	sw.cut(g, "Temporal dies in the middle of rotations", fuse{method: "RespondActivityTaskCompleted", n: 20, after: true, blow: r.server.crash})
	sw.counted("the second sweep", r.swept(second), len(later))
	for _, s := range later {
		if begun, err := sw.launcher().Begin(t.Context(), s); err != nil || begun.What != activities.Hurried {
			t.Fatalf("%s: %s, %v", s.Key.ID, begun.What, err)
		}
	}
	r.until("every due key is rotated", time.Minute, func() bool {
		busy, err := r.registry.Count(t.Context(), registry.Filter{Busy: true})
		left, errDue := r.registry.Count(t.Context(), registry.Filter{DueBefore: time.Now()})
		return err == nil && errDue == nil && busy == 0 && left == 0
	})
	if tally := r.swept(r.sweep("sweep-3", config)); tally.Due != 0 || tally.Started != 0 {
		t.Errorf("nothing is due any more, and a sweep says %+v", tally)
	}
	sw.rotatedOnce()
}

// sweptAccounts recognises the answer of SweepAccounts.
func sweptAccounts(req any) bool {
	for _, p := range req.(*workflowservice.RespondActivityTaskCompletedRequest).GetResult().GetPayloads() {
		if bytes.HasPrefix(p.Data, []byte(`{"tally"`)) {
			return true
		}
	}
	return false
}

// sweptKeys are the keys of a rig that are due, and those that are not.
type sweptKeys struct {
	*rig
	due, idle []keyturn.KeyID
	revisions map[keyturn.KeyID]int64 // of those that are not due
}

func (s *sweptKeys) remember() {
	s.revisions = map[keyturn.KeyID]int64{}
	for _, id := range s.idle {
		s.revisions[id] = s.key(id).Revision
	}
}

func (s *sweptKeys) launcher() workflows.Launcher {
	return workflows.Launcher{Client: s.client, Namespace: namespace, Queue: s.queue, Now: time.Now}
}

// plan has a person ask for one due key of each account, an hour from now: it is
// busy until then. It returns what makes them begin.
func (s *sweptKeys) plan(accounts ...*rigAccount) (later []activities.Start) {
	s.t.Helper()
	for _, a := range accounts {
		k := s.key(s.entry(a, 0).ID)
		start := activities.Start{Operation: keyturn.Rotate, Key: &k, Cause: activities.Cause{Reason: "requested", Actor: "e2e"}, After: time.Hour}
		if begun, err := s.launcher().Begin(s.t.Context(), start); err != nil || begun.What != activities.Started {
			s.t.Fatalf("%s: %s, %v", k.ID, begun.What, err)
		}
		start.After, start.Hurry = 0, true
		later = append(later, start)
	}
	return later
}

// cut waits until a fuse has blown.
func (s *sweptKeys) cut(g *gate, what string, f fuse) {
	s.t.Helper()
	began := time.Now()
	select {
	case <-g.set(f):
		s.t.Logf("%s, after %s", what, time.Since(began).Round(100*time.Millisecond))
	case <-time.After(time.Minute):
		s.t.Fatalf("%s: it never came to that", what)
	}
}

// counted looks whether a sweep accounts for every key that was due.
func (s *sweptKeys) counted(what string, got activities.SweepTally, busy int) {
	s.t.Helper()
	s.t.Logf("%s: %+v", what, got)
	if got.Accounts != len(s.accounts) || got.Busy < busy || got.Started+got.Busy+got.Full != got.Due {
		s.t.Errorf("%s: %+v; at least %d are busy", what, got, busy)
	}
}

// rotatedOnce compares the world with what was promised: every due key has
// exactly one generation more, one live key at its vendor and that one's value in
// the store, there is no key besides, and those that were not due are as they
// were.
func (s *sweptKeys) rotatedOnce() {
	s.t.Helper()
	for _, id := range s.due {
		k, happened := s.key(id), s.events(id)
		if k.Generation != 2 || happened[registry.Completed] != 2 || happened[registry.Promoted] != 2 || happened[registry.RolledBack] != 0 {
			s.t.Errorf("%s is of generation %d, want 2; its history: %v", id, k.Generation, happened)
		}
	}
	for _, id := range s.idle {
		if k := s.key(id); k.Revision != s.revisions[id] {
			s.t.Errorf("%s was not due, and was changed", id)
		}
	}
	for _, a := range s.accounts {
		s.oneLiveKeyEach(a)
	}
}

// oneLiveKeyEach looks at a vendor and the store.
func (s *rig) oneLiveKeyEach(a *rigAccount) {
	s.t.Helper()
	live := map[string]bool{}
	for _, k := range a.Ledger.Live("") {
		live[k.ID] = k.Enabled
	}
	entries := 0
	for k, err := range s.registry.Find(s.t.Context(), registry.Filter{Provider: a.Provider, Account: a.Account}) {
		if err != nil {
			s.t.Fatal(err)
		}
		entries++
		current := k.Current()
		if k.Intent != nil || len(k.Ledger) != 1 || current == nil || !live[current.RemoteID] {
			s.t.Errorf("%s: intent %+v, ledger %+v, of which %v live at the vendor", k.ID, k.Intent, k.Ledger, live)
			continue
		}
		keyID, value, generation, err := s.consumed(s.t.Context(), k.Storage.Secret.Path[len("secret/"):])
		if err != nil || keyID != current.RemoteID || value != a.Ledger.Value(current.RemoteID) || generation != string(current.Version) {
			s.t.Errorf("%s: consumers read key %s of %s, want %s of %s (or the value differs), %v", k.ID, keyID, generation, current.RemoteID, current.Version, err)
		}
	}
	if len(live) != entries {
		s.t.Errorf("%s: %d keys live at the vendor, and %d are in the registry", a.issuer(), len(live), entries)
	}
}
