package activities_test

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/secrets"
)

func TestListReconciled(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w := newFleetWorld(t)
	for _, account := range []string{"busy", "late", "never", "paused", "quiet"} {
		w.add(account, account+"-key", "t", -time.Hour)
	}
	w.serve("busy", 10)
	w.serve("paused", 10)
	w.serve("quiet", 10)
	if err := w.registry.Serve(ctx, of("late"), 10, w.now.Add(-2*time.Hour)); err != nil {
		t.Fatal(err)
	}
	for _, account := range []string{"paused", "no-keys"} {
		p := registry.Pause{Issuer: of(account), Reason: "incident", Actor: "carol", At: w.now}
		if err := w.registry.SetPause(ctx, p); err != nil {
			t.Fatal(err)
		}
	}
	fleet := &activities.Fleet{Registry: w.registry, Now: func() time.Time { return w.now }}
	got, err := fleet.ListReconciled(ctx, activities.ListReconciledInput{})
	if err != nil {
		t.Fatal(err)
	}
	want := activities.ListReconciledResult{
		Accounts: []keyturn.Issuer{of("busy"), of("quiet")},
		Tally:    activities.ReconcileTally{Paused: 1, Unserved: 2, Findings: 2, Opened: 2},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("list (-want +got):\n%s", diff)
	}
	found := open(t, w.registry)
	late, never := found[activities.UnservedAccount+" aws/late"], found[activities.UnservedAccount+" aws/never"]
	if len(found) != 2 || late.Place != activities.AccountsPlace || !strings.Contains(late.Detail, "since 2026-07-01T10:00:00Z") || !strings.Contains(never.Detail, "no worker has ever served it") {
		t.Errorf("found %+v", found)
	}
}

// open are the findings that are open, by kind and subject.
func open(t *testing.T, s registry.Store) map[string]registry.Finding {
	t.Helper()
	out := map[string]registry.Finding{}
	for f, err := range s.Findings(t.Context(), registry.FindingFilter{}) {
		if err != nil {
			t.Fatal(err)
		}
		out[f.Kind+" "+f.Subject] = f
	}
	return out
}

// TestCloseReconcile reports what could not be looked at, and settles what could.
func TestCloseReconcile(t *testing.T) {
	t.Parallel()
	w := newLedgerWorld(t)
	pass := func(unchecked ...activities.Unchecked) activities.ReconcileTally {
		t.Helper()
		began := w.now
		w.now = w.now.Add(time.Hour)
		tally, err := w.fleet.CloseReconcile(t.Context(), activities.CloseReconcileInput{Began: began, Unchecked: unchecked})
		if err != nil {
			t.Fatal(err)
		}
		w.now = w.now.Add(time.Hour)
		return tally
	}
	a := activities.Unchecked{Kind: activities.UncheckedAccount, Subject: "aws/1", Error: keyturn.Denied, Why: "aws: list: refused"}
	b := activities.Unchecked{Kind: activities.UncheckedStore, Subject: "vault:secret", Error: keyturn.Unavailable, Why: "vault: list: sealed"}
	if diff := cmp.Diff(activities.ReconcileTally{Unchecked: 2, Findings: 2, Opened: 2}, pass(b, a)); diff != "" {
		t.Error(diff)
	}
	f := w.findings()[activities.UncheckedAccount+" aws/1"]
	if f.Detail != "it could not be looked at (denied): aws: list: refused" || !strings.Contains(f.Mend, "keyturn providers check aws/1") {
		t.Errorf("found %+v", f)
	}
	if diff := cmp.Diff(activities.ReconcileTally{Unchecked: 1, Findings: 1, Settled: 1}, pass(a)); diff != "" {
		t.Error(diff)
	}
	w.wantFindings(activities.UncheckedAccount + " aws/1")
	pass()
	w.wantFindings()
}

// place stores a value at a path by hand.
func (w *ledgerWorld) place(path string) {
	w.t.Helper()
	err := w.store.Put(w.t.Context(), keyturn.SecretRef{Store: "default", Path: path}, secrets.Value{Secret: keyturn.NewSecret(canary + path)})
	if err != nil {
		w.t.Fatal(err)
	}
}

func TestReconcileStore(t *testing.T) {
	t.Parallel()
	w := newLedgerWorld(t)
	populate(w)
	place := activities.StorePath{Store: "default", Prefix: "secret"}
	look := func() activities.ReconcileTally {
		t.Helper()
		w.now = w.now.Add(time.Minute)
		tally, err := w.fleet.ReconcileStore(t.Context(), place)
		if err != nil {
			t.Fatal(err)
		}
		return tally
	}
	place.Prefix += "/" // written either way
	// What was the value of an entry that was ended stays where it was.
	if diff := cmp.Diff(activities.ReconcileTally{Paths: 5, Findings: 1, Opened: 1}, look()); diff != "" {
		t.Error(diff)
	}
	f := w.findings()[activities.PathWithoutEntry+" secret/ended"]
	if f.Severity != registry.Info || f.Owner.Team != "team-ended" || f.Place != "default:secret" || !strings.Contains(f.Detail, "was the one of ended, which was ended on 2026-07-01") {
		t.Errorf("found %+v", f)
	}

	w.place("secret/team/stray")
	w.place("other/stray")
	w.change("one", func(k *keyturn.Key) { k.Storage.Secret = keyturn.SecretRef{Store: "elsewhere", Path: "secret/one"} })
	if tally := look(); tally.Findings != 3 || tally.Opened != 2 {
		t.Errorf("tally %+v", tally)
	}
	w.wantFindings(activities.PathWithoutEntry+" secret/ended", activities.PathWithoutEntry+" secret/team/stray", activities.PathWithoutEntry+" secret/one")
	f = w.findings()[activities.PathWithoutEntry+" secret/team/stray"]
	if f.Severity != registry.Warning || f.Owner != (keyturn.Owner{}) || !strings.Contains(f.Mend, "keyturn adopt KEY --remote-id ID") {
		t.Errorf("found %+v", f)
	}

	// An entry written between the two looks, and a value that was deleted.
	w.place("secret/fresh")
	w.store.current = func(path string) error {
		switch path {
		case "secret/fresh":
			w.entry("fresh", "svc")
		case "secret/team/stray":
			return keyturn.Errorf(keyturn.NotFound, "current", "deleted")
		case "secret/ended":
			return keyturn.Errorf(keyturn.Denied, "current", "may not be read")
		}
		return nil
	}
	w.change("one", func(k *keyturn.Key) { k.Storage.Secret.Store = "default" })
	if tally := look(); tally.Findings != 1 || tally.Settled != 2 {
		t.Errorf("tally %+v", tally)
	}
	w.wantFindings(activities.PathWithoutEntry + " secret/ended")

	w.store.current = func(string) error { return keyturn.Errorf(keyturn.Unavailable, "current", "down") }
	w.now = w.now.Add(time.Minute)
	if _, err := w.fleet.ReconcileStore(t.Context(), place); keyturn.KindOf(err) != keyturn.Unavailable {
		t.Errorf("got error %v", err)
	}
	w.wantFindings(activities.PathWithoutEntry + " secret/ended")
	for _, p := range []activities.StorePath{{Store: "typo", Prefix: "secret"}, {Store: "default", Prefix: "/secret"}} {
		if _, err := w.fleet.ReconcileStore(t.Context(), p); err == nil || keyturn.KindOf(err).Retryable() {
			t.Errorf("%s: %v", p, err)
		}
	}
	w.fleet.Secrets["default"] = blind{}
	if _, err := w.fleet.ReconcileStore(t.Context(), place); keyturn.KindOf(err) != keyturn.Unsupported {
		t.Errorf("a store that cannot list: %v", err)
	}
}

// blind is a store that cannot list.
type blind struct{ secrets.Store }

// TestReconcileStoreOfMany reads the registry in pages and not path by path.
func TestReconcileStoreOfMany(t *testing.T) {
	t.Parallel()
	w := newLedgerWorld(t)
	const n = 3000
	var changes []registry.Change
	for i := range n {
		k := keyturn.Key{
			ID: keyturn.KeyID(fmt.Sprint("k", i)), Scope: keyturn.Scope{Provider: "test", Account: "a"},
			Storage: keyturn.Storage{Secret: keyturn.SecretRef{Store: "default", Path: fmt.Sprint("secret/", i)}},
		}
		changes = append(changes, registry.Change{Key: k, Event: registry.Event{ID: fmt.Sprint("m", i), Key: k.ID, What: registry.Applied, At: w.now}})
	}
	if err := w.registry.SaveAll(t.Context(), changes); err != nil {
		t.Fatal(err)
	}
	w.fleet.Secrets["default"] = &numbered{n: n + 2}
	tally, err := w.fleet.ReconcileStore(t.Context(), activities.StorePath{Store: "default", Prefix: "secret"})
	if err != nil || tally.Paths != n+2 || tally.Findings != 2 {
		t.Errorf("%+v, %v", tally, err)
	}
}

// numbered is a store with so many values, of which each is there.
type numbered struct {
	secrets.Store
	n int
}

func (s *numbered) List(context.Context, string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for i := range s.n {
			if !yield(fmt.Sprint("secret/", i), nil) {
				return
			}
		}
	}
}

func (s *numbered) Current(context.Context, keyturn.SecretRef) (secrets.Version, error) {
	return secrets.Version{Name: "v"}, nil
}
