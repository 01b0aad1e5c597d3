package registrytest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

func history(t *testing.T, s registry.Store) {
	if got := events(t, s, "nobody"); len(got) != 0 {
		t.Errorf("a key nobody saved has %d events", len(got))
	}
	key := sample("a-key")
	full := registry.Event{
		ID: "run/1", Key: "a-key", What: registry.Promoted, Actor: "rotate", Reason: "due", Detail: "generation 2",
		At: time.Date(2026, 5, 1, 12, 30, 15, 123456000, time.UTC),
	}
	earlier := registry.Event{ID: "run/2", What: registry.Noted, At: start()} // order is that of saving
	key, err := s.Save(t.Context(), key, full)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Save(t.Context(), key, earlier); err != nil {
		t.Fatal(err)
	}
	mustSave(t, s, sample("another"), "another")
	earlier.Key = "a-key"
	diff(t, "history", events(t, s, "a-key"), []registry.Event{full, earlier})
	for e, err := range s.History(t.Context(), "a-key") { // stopping early is clean
		if err != nil || e.ID != "run/1" {
			t.Errorf("first is %+v, error %v", e, err)
		}
		break
	}
	away := registry.Event{ID: "zone", What: registry.Noted, At: time.Date(2026, 5, 1, 9, 0, 0, 999, time.FixedZone("", -5*3600))}
	if _, err := s.Save(t.Context(), mustGet(t, s, "a-key"), away); err != nil {
		t.Fatal(err)
	}
	if got := events(t, s, "a-key")[2].At; got != time.Date(2026, 5, 1, 14, 0, 0, 0, time.UTC) {
		t.Errorf("time came back as %v, want UTC to the microsecond", got)
	}
}

func longHistory(t *testing.T, s registry.Store) {
	const n = 1203
	var changes []registry.Change
	key := sample("a-key")
	for i := range n {
		key.Revision = int64(i)
		changes = append(changes, registry.Change{Key: key, Event: event(fmt.Sprintf("e%d", i))})
	}
	if err := s.SaveAll(t.Context(), changes); err != nil {
		t.Fatal(err)
	}
	got := events(t, s, "a-key")
	if len(got) != n {
		t.Fatalf("%d events, want %d", len(got), n)
	}
	for i, e := range got {
		if e.ID != fmt.Sprintf("e%d", i) {
			t.Fatalf("event %d is %s", i, e.ID)
		}
	}
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
			"Find": func() (last error) {
				for _, err := range s.Find(ctx, registry.Filter{}) {
					last = err
				}
				return last
			},
			"History": func() (last error) {
				for _, err := range s.History(ctx, "key-0") {
					last = err
				}
				return last
			},
		} {
			if err := call(); !errors.Is(err, want) || keyturn.KindOf(err) != keyturn.Unavailable {
				t.Errorf("%s: error is %v, want %v itself", name, err, want)
			}
		}
	}
	if n, err := s.Count(t.Context(), registry.Filter{}); err != nil || n != 3 {
		t.Errorf("%d keys, error %v; want 3", n, err)
	}
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
}
