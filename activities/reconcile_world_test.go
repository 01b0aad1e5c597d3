package activities_test

import (
	"context"
	"fmt"
	"iter"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/registry/sqlite"
	"github.com/keyturn/keyturn/secrets"
	"github.com/keyturn/keyturn/secrets/local"
)

// pretender is a vendor over a ledger.
type pretender struct {
	*fake.Ledger
	info     providers.Info
	lists    int                    // how often it was asked for a list
	onList   func(n int)            // runs before the n-th list
	failList func(n, key int) error // fails the n-th list before a key
	byOne    bool                   // it lists one principal only
	alone    map[string]error       // what it says when asked for one principal
}

func (v *pretender) Info() providers.Info { return v.info }

func (v *pretender) Mint(context.Context, providers.MintRequest) (providers.Minted, error) {
	return providers.Minted{}, keyturn.Errorf(keyturn.Unsupported, "mint", "not in these tests")
}

func (v *pretender) List(_ context.Context, principal string) iter.Seq2[providers.RemoteKey, error] {
	return func(yield func(providers.RemoteKey, error) bool) {
		if v.byOne && principal == "" {
			yield(providers.RemoteKey{}, keyturn.Errorf(keyturn.Unsupported, "list", "name a principal"))
			return
		}
		if err := v.alone[principal]; err != nil {
			yield(providers.RemoteKey{}, err)
			return
		}
		v.lists++
		if v.onList != nil {
			v.onList(v.lists)
		}
		for n, k := range v.Live(principal) {
			if v.failList != nil {
				if err := v.failList(v.lists, n); err != nil {
					yield(providers.RemoteKey{}, err)
					return
				}
			}
			r := providers.RemoteKey{ID: k.ID, Principal: k.Principal, Created: k.Created, Enabled: k.Enabled}
			if v.info.Labels {
				r.Label = k.Label
			}
			if !yield(r, nil) {
				return
			}
		}
	}
}

// mute is a vendor that offers nothing.
type mute struct{ info providers.Info }

func (m mute) Info() providers.Info { return m.info }

// trouble is a store with a fault.
type trouble struct {
	*local.Store
	current func(path string) error
}

func (s *trouble) Current(ctx context.Context, ref keyturn.SecretRef) (secrets.Version, error) {
	if s.current != nil {
		if err := s.current(ref.Path); err != nil {
			return secrets.Version{}, err
		}
	}
	return s.Store.Current(ctx, ref)
}

// ledgerWorld is what Reconcile compares: a vendor, a registry and a store.
type ledgerWorld struct {
	t        *testing.T
	now      time.Time
	registry registry.Store
	store    *trouble
	vendor   *pretender
	keys     *activities.Keys
	fleet    *activities.Fleet
	saves    int
}

var acme = keyturn.Issuer{Provider: "test", Account: "a"}

func newLedgerWorld(t *testing.T) *ledgerWorld {
	t.Helper()
	w := &ledgerWorld{t: t, now: time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return w.now }
	w.vendor = &pretender{info: providers.Info{Name: "test", Title: "Test", Docs: "none", Labels: true, Settle: time.Minute}}
	w.vendor.Ledger = fake.NewLedger(fake.Options{ValuePrefix: canary, Now: clock})
	dir := t.TempDir()
	values, err := local.Open(t.Context(), local.Config{Dir: filepath.Join(dir, "values"), Create: true})
	if err != nil {
		t.Fatal(err)
	}
	w.store = &trouble{Store: values}
	if w.registry, err = sqlite.Open(t.Context(), filepath.Join(dir, "registry.db")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.registry.Close() })
	stores := secrets.Catalog{"default": w.store}
	w.keys = &activities.Keys{Providers: providers.Catalog{acme: w.vendor}, Secrets: stores, Registry: w.registry, Now: clock}
	w.fleet = &activities.Fleet{Registry: w.registry, Secrets: stores, Now: clock}
	return w
}

// entry is one that was never issued.
func (w *ledgerWorld) entry(id, principal string) keyturn.Key {
	w.t.Helper()
	return w.save(keyturn.Key{
		ID: keyturn.KeyID(id), Owner: keyturn.Owner{Team: "team-" + id, Person: id + "@example.com"},
		Scope:   keyturn.Scope{Provider: "test", Account: "a", Principal: principal},
		Storage: keyturn.Storage{Secret: keyturn.SecretRef{Store: "default", Path: "secret/" + id}},
		Audit:   keyturn.Audit{EveryDays: 90}, Created: w.now, Expires: w.now.AddDate(1, 0, 0),
	})
}

func (w *ledgerWorld) save(k keyturn.Key) keyturn.Key {
	w.t.Helper()
	w.saves++
	k, err := w.registry.Save(w.t.Context(), k, registry.Event{ID: fmt.Sprint("e", w.saves), Key: k.ID, What: registry.Applied, Actor: "test", At: w.now})
	if err != nil {
		w.t.Fatal(err)
	}
	return k
}

// change saves an entry as edit leaves it.
func (w *ledgerWorld) change(id string, edit func(*keyturn.Key)) {
	w.t.Helper()
	k := w.get(id)
	edit(&k)
	w.save(k)
}

func (w *ledgerWorld) get(id string) keyturn.Key {
	w.t.Helper()
	k, err := w.registry.Get(w.t.Context(), keyturn.KeyID(id))
	if err != nil {
		w.t.Fatal(err)
	}
	return k
}

// made is a key at the vendor, made so long ago.
func (w *ledgerWorld) made(principal, label string, ago time.Duration) fake.Key {
	w.t.Helper()
	now := w.now
	w.now = now.Add(-ago)
	defer func() { w.now = now }()
	k, err := w.vendor.Ledger.Mint("test", fake.Draft{Principal: principal, Label: label})
	if err != nil {
		w.t.Fatal(err)
	}
	return k
}

const month = 30 * 24 * time.Hour

// issued is an entry with a key, as an issuance a month ago left it.
func (w *ledgerWorld) issued(id, principal string) keyturn.Issued {
	w.t.Helper()
	k := w.entry(id, principal)
	label := keyturn.Label(k.ID, 1)
	remote := w.made(principal, label, month)
	ctx, ref := w.t.Context(), k.Storage.Secret
	v, err := w.store.Stage(ctx, ref, secrets.Draft{Label: label, RemoteID: remote.ID, Value: keyturn.NewSecret(remote.Secret), Created: remote.Created})
	if err == nil {
		err = w.store.Promote(ctx, ref, "", v.Name)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	i := keyturn.Issued{
		Generation: 1, RemoteID: remote.ID, Version: v.Name, State: keyturn.Current, Created: remote.Created, Promoted: remote.Created,
	}
	k.Ledger, k.Generation, k.Rotated = []keyturn.Issued{i}, 1, remote.Created
	w.save(k)
	return i
}

// reconcile compares the account.
func (w *ledgerWorld) reconcile() activities.ReconcileTally {
	w.t.Helper()
	w.now = w.now.Add(time.Minute)
	tally, err := w.keys.ReconcileAccount(w.t.Context(), activities.ReconcileAccountInput{Issuer: acme})
	if err != nil {
		w.t.Fatalf("ReconcileAccount: %v", err)
	}
	return tally
}

// findings are those that are open, by kind and subject.
func (w *ledgerWorld) findings() map[string]registry.Finding {
	w.t.Helper()
	out := map[string]registry.Finding{}
	for f, err := range w.registry.Findings(w.t.Context(), registry.FindingFilter{Accepted: true}) {
		if err != nil {
			w.t.Fatal(err)
		}
		out[f.Kind+" "+f.Subject] = f
	}
	return out
}

// wantFindings fails unless these findings are open, and no others.
func (w *ledgerWorld) wantFindings(want ...string) {
	w.t.Helper()
	got := []string{}
	for name := range w.findings() {
		got = append(got, name)
	}
	if diff := cmp.Diff(sorted(want), sorted(got)); diff != "" {
		w.t.Errorf("open findings (-want +got):\n%s", diff)
	}
}
