package fake_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn/providers/fake"
)

// mint creates a key in l that must be possible.
func mint(t *testing.T, l *fake.Ledger, d fake.Draft) fake.Key {
	t.Helper()
	k, err := l.Mint("admin", d)
	if err != nil {
		t.Fatalf("Mint(%+v): %v", d, err)
	}
	return k
}

func TestLedgerRecordsEveryChangeOnce(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	l := fake.NewLedger(fake.Options{Now: func() time.Time { return now }})
	k := mint(t, l, fake.Draft{ID: "k1", Principal: "ann", Label: "a/g1"})
	for range 2 {
		if err := errors.Join(l.SetEnabled("bob", "ann", k.ID, false), l.SetEnabled("bob", "", k.ID, true)); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Revoke("bob", "ann", k.ID); err != nil {
		t.Fatal(err)
	}
	if err := l.Revoke("bob", "ann", k.ID); !errors.Is(err, fake.ErrNoKey) {
		t.Errorf("second Revoke = %v, want ErrNoKey", err)
	}
	event := func(who, what string) fake.Event {
		return fake.Event{At: now, Who: who, What: what, ID: "k1", Principal: "ann", Label: "a/g1"}
	}
	want := []fake.Event{
		event("admin", "mint"), event("bob", "disable"), event("bob", "enable"),
		event("bob", "disable"), event("bob", "enable"), event("bob", "revoke"),
	}
	if diff := cmp.Diff(want, l.Log()); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"k1"}, l.IDs(fake.Revoked)); diff != "" {
		t.Errorf("revoked (-want +got):\n%s", diff)
	}
}

func TestLedgerKeepsPrincipalsApart(t *testing.T) {
	t.Parallel()
	l := fake.NewLedger(fake.Options{MaxPerPrincipal: 2})
	l.AddPrincipal("ann", "bob")
	a := mint(t, l, fake.Draft{Principal: "ann"})
	mint(t, l, fake.Draft{Principal: "ann"})
	mint(t, l, fake.Draft{Principal: "bob"})
	if err := l.SetEnabled("x", "ann", a.ID, false); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Mint("x", fake.Draft{Principal: "ann"}); !errors.Is(err, fake.ErrFull) {
		t.Errorf("third Mint = %v, want ErrFull although one of the two is disabled", err)
	}
	if _, err := l.Mint("x", fake.Draft{Principal: "eve"}); !errors.Is(err, fake.ErrNoPrincipal) {
		t.Errorf("Mint for a stranger = %v, want ErrNoPrincipal", err)
	}
	if err := l.Revoke("x", "bob", a.ID); !errors.Is(err, fake.ErrNoKey) {
		t.Errorf("Revoke of somebody else's key = %v, want ErrNoKey", err)
	}
	if got := []int{len(l.Live("ann")), len(l.Live("bob")), len(l.Live("")), len(l.Live("eve"))}; !cmp.Equal(got, []int{2, 1, 3, 0}) {
		t.Errorf("live keys of ann, bob, everybody, eve = %v, want 2 1 3 0", got)
	}
}

func TestLedgerSettles(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	l := fake.NewLedger(fake.Options{Settle: time.Minute, Now: func() time.Time { return now }})
	k := mint(t, l, fake.Draft{Expires: now.Add(time.Hour)})
	expect := func(when string, want bool) {
		t.Helper()
		if _, got := l.Authenticate(k.Secret); got != want {
			t.Errorf("%s: accepted = %t, want %t", when, got, want)
		}
	}
	step := func(d time.Duration) { now = now.Add(d) }
	expect("just minted", false)
	step(time.Minute)
	expect("minted a minute ago", true)
	_ = l.SetEnabled("x", "", k.ID, false)
	step(59 * time.Second)
	expect("disabled 59 s ago", true)
	_ = l.SetEnabled("x", "", k.ID, false) // changes nothing, so the minute goes on
	step(time.Second)
	expect("disabled a minute ago", false)
	_ = l.SetEnabled("x", "", k.ID, true)
	expect("enabled just now", false)
	step(time.Minute)
	expect("enabled a minute ago", true)
	_ = l.Revoke("x", "", k.ID)
	expect("revoked just now", true)
	used := now
	step(time.Minute)
	expect("revoked a minute ago", false)
	if got := l.Keys()[0].LastUsed; !got.Equal(used) {
		t.Errorf("LastUsed = %v, want the last time it was accepted, %v", got, used)
	}
	k = mint(t, l, fake.Draft{Expires: now.Add(2 * time.Minute)})
	step(time.Minute)
	expect("a minute before its end", true)
	step(time.Minute)
	expect("at its end", false)
}

func TestLedgerKeepsValuesToItself(t *testing.T) {
	t.Parallel()
	l := fake.NewLedger(fake.Options{ValuePrefix: "CANARY-"})
	l.SetFormat(fake.Format{ID: func() string { return "AKIA1" }})
	k := mint(t, l, fake.Draft{Label: "a/g1"})
	if k.ID != "AKIA1" || !strings.HasPrefix(k.Secret, "CANARY-") || l.Value("AKIA1") != k.Secret {
		t.Fatalf("minted %q with value %q", k.ID, k.Secret)
	}
	if found, ok := l.Find("AKIA1"); !ok || found.Secret != k.Secret {
		t.Errorf("Find = %+v, %t", found, ok)
	}
	snapshot, err := json.Marshal([]any{l.Keys(), l.Live(""), l.Log(), k})
	if err != nil || strings.Contains(string(snapshot), "CANARY") {
		t.Errorf("snapshot %s, error %v: a value is in it", snapshot, err)
	}
	if l.Keys()[0].Secret != "" || l.Live("")[0].Secret != "" {
		t.Error("Keys and Live must leave values out")
	}
}

func TestLedgerAdmins(t *testing.T) {
	t.Parallel()
	l := fake.NewLedger(fake.Options{})
	l.SetAdmin(fake.Admin{Name: "root", ID: "1", Secret: "old"})
	l.SetAdmin(fake.Admin{Name: "root", ID: "2", Secret: "new"})
	if _, ok := l.Admin("old"); ok {
		t.Error("the replaced credential still works")
	}
	if a, ok := l.AdminByID("2"); !ok || a.Secret != "new" {
		t.Errorf("AdminByID = %+v, %t", a, ok)
	}
	if _, ok := l.Admin(""); ok {
		t.Error("an empty value is nobody's")
	}
}

// TestCompleteAndAccepts checks values that depend on what a key is for, and
// that asking whether a key is accepted is no use of it.
func TestCompleteAndAccepts(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	l := fake.NewLedger(fake.Options{Now: func() time.Time { return now }, Settle: time.Minute, ValuePrefix: "CANARY-"})
	l.SetFormat(fake.Format{Complete: func(prefix string, d *fake.Draft) { d.Secret = prefix + d.Principal }})
	k := mint(t, l, fake.Draft{Principal: "ann"})
	if k.Secret != "CANARY-ann" || k.ID == "" {
		t.Errorf("made up %q with the value %q, want an id and CANARY-ann", k.ID, k.Secret)
	}
	if l.Accepts(k.ID) || l.Accepts("nobody") {
		t.Error("an unsettled or an unknown key is accepted")
	}
	now = now.Add(time.Minute)
	if got, _ := l.Find(k.ID); !l.Accepts(k.ID) || !got.LastUsed.IsZero() {
		t.Errorf("a settled key: accepted %t, used %v, want true and never", l.Accepts(k.ID), got.LastUsed)
	}
}

// TestLedgerKeepsUsesOfRevokedKeys: whoever looks into a leak has revoked the key first.
func TestLedgerKeepsUsesOfRevokedKeys(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	l := fake.NewLedger(fake.Options{})
	k, other := mint(t, l, fake.Draft{}), mint(t, l, fake.Draft{})
	l.AddUse(fake.Use{ID: "b", Key: k.ID, At: now.Add(time.Minute)})
	l.AddUse(fake.Use{ID: "a", Key: k.ID, At: now, From: "203.0.113.7", What: "keys:read", Agent: "curl/8"})
	l.AddUse(fake.Use{Key: other.ID, At: now})
	if err := l.Revoke("admin", "", k.ID); err != nil {
		t.Fatal(err)
	}
	want := []fake.Use{
		{ID: "a", Key: k.ID, At: now, From: "203.0.113.7", What: "keys:read", Agent: "curl/8"},
		{ID: "b", Key: k.ID, At: now.Add(time.Minute)},
	}
	if diff := cmp.Diff(want, l.Uses(k.ID)); diff != "" {
		t.Errorf("uses (-want +got):\n%s", diff)
	}
	if all := l.Uses(""); len(all) != 3 || slices.ContainsFunc(all, func(u fake.Use) bool { return u.ID == "" }) {
		t.Errorf("all uses: %+v, want three that have an id each", all)
	}
}
