package registrytest

import (
	"slices"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

func noticesInOrder(t *testing.T, s registry.Store) {
	for i, c := range []struct {
		id     string
		after  time.Duration
		urgent bool
	}{
		{"third", 2 * time.Hour, false},
		{"late but urgent", 9 * time.Hour, true},
		{"first", 0, false},
		{"second", time.Hour, false},
		{"urgent", time.Hour, true},
		{"third too", 2 * time.Hour, false}, // the same moment: in the order of saving
		{"third as well", 2 * time.Hour, false},
	} {
		e := told(c.id, registry.ToOwner)
		e.At, e.Urgent = start().Add(c.after), c.urgent
		mustTell(t, s, sample(keyturn.KeyID(rune('a'+i))), e)
	}
	n, oldest, err := s.CountNotices(t.Context())
	if err != nil || n != 7 || oldest != start() {
		t.Errorf("%d wait, the oldest of %v, error %v; want 7 of %v, in UTC", n, oldest, err, start())
	}
	// What happened later than now by its own clock is due all the same.
	now := start()
	diff(t, "at most two", noticeIDs(claim(t, s, now, 2)), []string{"urgent/owner", "late but urgent/owner"})
	diff(t, "the next two", noticeIDs(claim(t, s, now, 2)), []string{"first/owner", "second/owner"})
	diff(t, "the rest", noticeIDs(claim(t, s, now, 100)), []string{"third/owner", "third too/owner", "third as well/owner"})
	diff(t, "nothing is left", claim(t, s, now, 100), []registry.Notice(nil))
	if n := waiting(t, s); n != 7 {
		t.Errorf("%d wait, want 7: a claim does not settle", n)
	}
}

// claimsEnd is the crash of whoever claimed: nothing is settled or given back.
// droppedNotices: those from before a time go, also while somebody holds them.
func droppedNotices(t *testing.T, s registry.Store) {
	late := told("late", registry.ToOwner)
	late.At = late.At.Add(time.Hour)
	mustTell(t, s, sample("a-key"), told("early", registry.ToOwner, registry.ToTeam))
	mustTell(t, s, sample("b-key"), late)
	claim(t, s, start(), 1)
	for _, want := range []int{2, 0} { // the second time they are gone
		if n, err := s.DropNotices(t.Context(), late.At); err != nil || n != want {
			t.Fatalf("%d were dropped, %v; want %d", n, err, want)
		}
	}
	diff(t, "after dropping", noticeIDs(claim(t, s, start().Add(2*time.Hour), 10)), []string{"late/owner"})
}

func claimsEnd(t *testing.T, s registry.Store) {
	mustTell(t, s, sample("a-key"), told("e1", registry.ToOwner, registry.ToTeam))
	now := start().Add(time.Hour)
	for attempts := range 4 {
		got := claim(t, s, now, 10)
		if len(got) != 2 || got[0].Attempts != attempts || got[1].Attempts != attempts {
			t.Fatalf("claim %d: %+v; want two, each claimed %d times before", attempts, got, attempts)
		}
		if early := claim(t, s, now.Add(lease-time.Microsecond), 10); len(early) != 0 {
			t.Fatalf("%v are handed out while they are held", noticeIDs(early))
		}
		now = now.Add(lease).In(time.FixedZone("", attempts*3600))
	}
}

func deferredNotices(t *testing.T, s registry.Store) {
	mustTell(t, s, sample("a-key"), told("e1", registry.ToOwner, registry.ToSecurity, registry.ToTeam))
	now := start()
	claim(t, s, now, 10)
	later := now.Add(time.Minute) // sooner than the lease would have been over
	if err := s.DeferNotices(t.Context(), []string{"e1/owner", "gone/owner", "e1/team"}, later.In(time.FixedZone("", -3600))); err != nil {
		t.Fatalf("DeferNotices: %v", err)
	}
	diff(t, "before", claim(t, s, later.Add(-time.Microsecond), 10), []registry.Notice(nil))
	got := claim(t, s, later, 10)
	if ids := noticeIDs(got); !slices.Contains(ids, "e1/owner") || !slices.Contains(ids, "e1/team") || len(ids) != 2 || got[0].Attempts != 1 {
		t.Errorf("handed out are %+v, want the two that were given back, claimed once before", got)
	}
	// Once all are settled, giving them back brings none of them back.
	all := []string{"e1/owner", "e1/security", "e1/team"}
	if err := s.SettleNotices(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	if err := s.DeferNotices(t.Context(), all, now); err != nil {
		t.Fatal(err)
	}
	if err := s.DeferNotices(t.Context(), nil, now); err != nil {
		t.Fatal(err)
	}
	if n := waiting(t, s); n != 0 {
		t.Errorf("%d notices are back", n)
	}
}

func settledNotices(t *testing.T, s registry.Store) {
	early := told("early", registry.ToOwner, registry.ToTeam)
	late := told("late", registry.ToOwner)
	late.At = early.At.Add(90 * time.Minute)
	mustTell(t, s, sample("a-key"), early)
	mustTell(t, s, sample("b-key"), late)
	claim(t, s, start(), 10)
	for range 2 { // the second time they are gone
		if err := s.SettleNotices(t.Context(), []string{"early/owner", "early/team", "never/owner"}); err != nil {
			t.Fatalf("SettleNotices: %v", err)
		}
	}
	if n, oldest, err := s.CountNotices(t.Context()); err != nil || n != 1 || oldest != late.At {
		t.Errorf("%d wait, the oldest of %v, error %v; want 1 of %v", n, oldest, err, late.At)
	}
	diff(t, "when every lease is over", noticeIDs(claim(t, s, start().Add(lease), 10)), []string{"late/owner"})
	if err := s.SettleNotices(t.Context(), []string{"late/owner"}); err != nil {
		t.Fatal(err)
	}
	if n, oldest, err := s.CountNotices(t.Context()); err != nil || n != 0 || !oldest.IsZero() {
		t.Errorf("%d wait, the oldest of %v, error %v; want none", n, oldest, err)
	}
	if got := len(events(t, s, "a-key")); got != 1 {
		t.Errorf("%d events, want 1: history stays", got)
	}
}

func badClaims(t *testing.T, s registry.Store) {
	mustTell(t, s, sample("a-key"), told("e1", registry.ToOwner))
	for _, limit := range []int{0, -1} {
		_, err := s.ClaimNotices(t.Context(), start(), lease, limit)
		wantKind(t, err, keyturn.Invalid)
	}
	for _, lease := range []time.Duration{0, -time.Second} {
		_, err := s.ClaimNotices(t.Context(), start(), lease, 1)
		wantKind(t, err, keyturn.Invalid)
	}
	if got := claim(t, s, start(), 1); len(got) != 1 || got[0].Attempts != 0 {
		t.Errorf("a refused claim left %+v", got)
	}
}
