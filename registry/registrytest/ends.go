package registrytest

import (
	"context"
	"errors"
	"iter"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// lastError is the last error that an iteration gives.
func lastError[Row any](rows iter.Seq2[Row, error]) (last error) {
	for _, err := range rows {
		last = err
	}
	return last
}

func cancelledContext(t *testing.T, s registry.Store) {
	fill(t, s, 3, "key-%d", nil)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	late, stop := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer stop()
	for ctx, want := range map[context.Context]error{gone: context.Canceled, late: context.DeadlineExceeded} {
		for name, call := range map[string]func() error{
			"Get":                func() error { _, err := s.Get(ctx, "key-0"); return err },
			"Save":               func() error { _, err := s.Save(ctx, sample("new"), event("new")); return err },
			"SaveAll":            func() error { return s.SaveAll(ctx, []registry.Change{{Key: sample("new"), Event: event("new")}}) },
			"SaveAll of nothing": func() error { return s.SaveAll(ctx, nil) },
			"Count":              func() error { _, err := s.Count(ctx, registry.Filter{}); return err },
			"Ping":               func() error { return s.Ping(ctx) },
			"ClaimNotices":       func() error { _, err := s.ClaimNotices(ctx, start(), lease, 1); return err },
			"SettleNotices":      func() error { return s.SettleNotices(ctx, []string{"x"}) },
			"settle none":        func() error { return s.SettleNotices(ctx, nil) },
			"DeferNotices":       func() error { return s.DeferNotices(ctx, []string{"x"}, start()) },
			"DropNotices":        func() error { _, err := s.DropNotices(ctx, start()); return err },
			"CountNotices":       func() error { _, _, err := s.CountNotices(ctx); return err },
			"AddRule":            func() error { return s.AddRule(ctx, freeze("a-freeze")) },
			"RemoveRule":         func() error { return s.RemoveRule(ctx, "a-freeze") },
			"Rules":              func() error { _, err := s.Rules(ctx, start()); return err },
			"Delivered":          func() error { _, err := s.Delivered(ctx, "jira", "1"); return err },
			"RecordDelivery":     func() error { return s.RecordDelivery(ctx, "jira", "1", start()) },
			"Accounts":           func() error { _, err := s.Accounts(ctx, start()); return err },
			"Outcomes":           func() error { _, err := s.Outcomes(ctx, pause().Issuer, 1); return err },
			"SetPause":           func() error { return s.SetPause(ctx, pause()) },
			"ClearPause":         func() error { return s.ClearPause(ctx, pause().Issuer, start()) },
			"Serve":              func() error { return s.Serve(ctx, pause().Issuer, 1, start()) },
			"AddBatch":           func() error { return s.AddBatch(ctx, batch("b1"), []keyturn.KeyID{"key-0"}) },
			"Batch":              func() error { _, err := s.Batch(ctx, "b1"); return err },
			"Batches":            func() error { _, err := s.Batches(ctx, 1); return err },
			"MarkBatch": func() error {
				return s.MarkBatch(ctx, "b1", []registry.BatchKey{inBatch("key-0", registry.BatchStarted, "", start())})
			},
			"mark none":     func() error { return s.MarkBatch(ctx, "b1", nil) },
			"BatchProgress": func() error { _, err := s.BatchProgress(ctx, "b1"); return err },
			"Report":        func() error { _, err := s.Report(ctx, []registry.Finding{finding("x")}); return err },
			"report none":   func() error { _, err := s.Report(ctx, nil); return err },
			"Settle":        func() error { _, err := s.Settle(ctx, "reconcile", "x", start(), start()); return err },
			"Accept":        func() error { _, err := s.Accept(ctx, "x", "alice", "", start()); return err },
			"Finding":       func() error { _, err := s.Finding(ctx, "x"); return err },
			"Leaked":        func() error { _, _, _, err := s.Leaked(ctx, leak("l1"), []registry.LeakHit{hit("1")}); return err },
			"Leak":          func() error { _, err := s.Leak(ctx, "l1"); return err },
			"SaveLeak":      func() error { _, err := s.SaveLeak(ctx, leak("l1")); return err },
			"AddLeakUses":   func() error { return s.AddLeakUses(ctx, "l1", []registry.LeakUse{use("u1", start())}) },
			"add no uses":   func() error { return s.AddLeakUses(ctx, "l1", nil) },
			"Marked":        func() error { _, err := s.Marked(ctx, []keyturn.Mark{"x"}); return err },
			"no marks":      func() error { _, err := s.Marked(ctx, nil); return err },
			"Leaks":         func() error { return lastError(s.Leaks(ctx, registry.LeakFilter{})) },
			"LeakHits":      func() error { return lastError(s.LeakHits(ctx, "l1")) },
			"LeakUses":      func() error { return lastError(s.LeakUses(ctx, "l1")) },
			"Due":           func() error { return lastError(s.Due(ctx, pause().Issuer, start(), registry.DueKey{})) },
			"BatchKeys":     func() error { return lastError(s.BatchKeys(ctx, "b1", "", "")) },
			"Findings":      func() error { return lastError(s.Findings(ctx, registry.FindingFilter{})) },
			"Find":          func() error { return lastError(s.Find(ctx, registry.Filter{})) },
			"History":       func() error { return lastError(s.History(ctx, "key-0")) },
		} {
			if err := call(); !errors.Is(err, want) || keyturn.KindOf(err) != keyturn.Unavailable {
				t.Errorf("%s: error is %v, want %v itself", name, err, want)
			}
		}
	}
	if n, err := s.Count(t.Context(), registry.Filter{}); err != nil || n != 3 {
		t.Errorf("%d keys, error %v; want 3", n, err)
	}
	if got, err := s.Batches(t.Context(), 1); err != nil || len(got) != 0 {
		t.Errorf("batches are %+v, error %v; want none", got, err)
	}
	diff(t, "findings", subjects(t, s, registry.FindingFilter{}), []string(nil))
	diff(t, "leaks", leakIDs(t, s, registry.LeakFilter{}), []string(nil))
	// Cancelling between two keys stops the iteration, though the page is read.
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var got []error
	for _, err := range s.Find(ctx, registry.Filter{}) {
		got = append(got, err)
		cancel()
	}
	if len(got) != 2 || got[0] != nil || !errors.Is(got[1], context.Canceled) {
		t.Errorf("iteration gave errors %v, want one key and then the cancellation", got)
	}
}

func ping(t *testing.T, s registry.Store) {
	if err := s.Ping(t.Context()); err != nil {
		t.Fatalf("Ping: %v", err)
	}
}

func closedStore(t *testing.T, s registry.Store) {
	mustSave(t, s, sample("a-key"), "e1")
	if err := s.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	_, err := s.Get(t.Context(), "a-key")
	wantKind(t, err, keyturn.Unavailable)
	_, err = s.Save(t.Context(), sample("b-key"), event("e2"))
	wantKind(t, err, keyturn.Unavailable)
	wantKind(t, s.Ping(t.Context()), keyturn.Unavailable)
	_, err = s.ClaimNotices(t.Context(), start(), lease, 1)
	wantKind(t, err, keyturn.Unavailable)
	wantKind(t, s.SettleNotices(t.Context(), []string{"e1/owner"}), keyturn.Unavailable)
	_, err = s.Rules(t.Context(), start())
	wantKind(t, err, keyturn.Unavailable)
	_, err = s.Delivered(t.Context(), "jira", "1")
	wantKind(t, err, keyturn.Unavailable)
	_, err = s.Accounts(t.Context(), start())
	wantKind(t, err, keyturn.Unavailable)
	wantKind(t, s.Serve(t.Context(), pause().Issuer, 1, start()), keyturn.Unavailable)
	wantKind(t, s.AddBatch(t.Context(), batch("b1"), []keyturn.KeyID{"a-key"}), keyturn.Unavailable)
	_, err = s.BatchProgress(t.Context(), "b1")
	wantKind(t, err, keyturn.Unavailable)
	_, err = s.Report(t.Context(), []registry.Finding{finding("x")})
	wantKind(t, err, keyturn.Unavailable)
	_, _, _, err = s.Leaked(t.Context(), leak("l1"), []registry.LeakHit{hit("1")})
	wantKind(t, err, keyturn.Unavailable)
	_, err = s.Marked(t.Context(), []keyturn.Mark{"x"})
	wantKind(t, err, keyturn.Unavailable)
	wantKind(t, lastError(s.Leaks(t.Context(), registry.LeakFilter{})), keyturn.Unavailable)
	wantKind(t, lastError(s.Due(t.Context(), pause().Issuer, start(), registry.DueKey{})), keyturn.Unavailable)
	wantKind(t, lastError(s.BatchKeys(t.Context(), "b1", "", "")), keyturn.Unavailable)
	wantKind(t, lastError(s.Findings(t.Context(), registry.FindingFilter{})), keyturn.Unavailable)
}
