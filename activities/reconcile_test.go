package activities_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/secrets"
)

func sorted(s []string) []string {
	out := append([]string{}, s...)
	slices.Sort(out)
	return out
}

// populate is a world in which all is well.
func populate(w *ledgerWorld) {
	w.issued("one", "svc")
	w.issued("two", "svc")
	w.issued("three", "other")
	w.entry("never-issued", "svc")
	// A person made it, and nobody gave its id.
	w.issued("by-hand", "portal")
	w.change("by-hand", func(k *keyturn.Key) { k.Ledger[0].RemoteID = activities.HandID(k, 1) })
	for _, k := range w.vendor.Live("portal") {
		_ = w.vendor.Ledger.Revoke("test", "", k.ID)
	}
	i := w.issued("ended", "svc")
	_ = w.vendor.Ledger.Revoke("test", "", i.RemoteID)
	w.change("ended", func(k *keyturn.Key) { k.Ledger, k.Retired = nil, w.now })
}

func TestReconcileACleanWorld(t *testing.T) {
	t.Parallel()
	w := newLedgerWorld(t)
	populate(w)
	for range 2 {
		if diff := cmp.Diff(activities.ReconcileTally{Accounts: 1, Entries: 5, Keys: 3}, w.reconcile()); diff != "" {
			t.Errorf("tally (-want +got):\n%s", diff)
		}
	}
	w.wantFindings()
	if w.vendor.lists != 2 {
		t.Errorf("the vendor was asked for %d lists in two passes", w.vendor.lists)
	}
}

// TestReconcileFinds plants everything that can be wrong, one at a time, and mends
// it again.
func TestReconcileFinds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		plant    func(w *ledgerWorld) (subject string, mend func())
		kind     string
		key      keyturn.KeyID
		team     string
		severity registry.Severity
		says     []string
	}{
		"a key nobody knows, of a known principal": {
			plant: func(w *ledgerWorld) (string, func()) {
				k := w.made("other", "", month)
				return k.ID, func() { _ = w.vendor.Ledger.Revoke("test", "", k.ID) }
			},
			kind: activities.UnknownKey, team: "team-three", severity: registry.Warning,
			says: []string{"test/a has this key of other, made on 2026-06-01, and no entry names it", "write an entry for it, and then: keyturn adopt KEY --remote-id key_"},
		},
		"a key nobody knows, and an entry that may be its": {
			plant: func(w *ledgerWorld) (string, func()) {
				k := w.made("svc", "a name like any other", month)
				return k.ID, func() { _ = w.vendor.Ledger.Revoke("test", "", k.ID) }
			},
			kind: activities.UnknownKey, team: "team-never-issued", severity: registry.Warning,
			says: []string{"keyturn adopt never-issued --remote-id key_", "otherwise end it at test/a"},
		},
		"a key nobody knows, of a strange principal": {
			plant: func(w *ledgerWorld) (string, func()) {
				k := w.made("stranger", "", month)
				return k.ID, func() { _ = w.vendor.Ledger.Revoke("test", "", k.ID) }
			},
			kind: activities.UnknownKey, severity: registry.Warning, says: []string{"of stranger"},
		},
		"a key nobody knows that is switched off": {
			plant: func(w *ledgerWorld) (string, func()) {
				k := w.made("stranger", "", month)
				_ = w.vendor.SetEnabled("test", "", k.ID, false)
				return k.ID, func() { _ = w.vendor.Ledger.Revoke("test", "", k.ID) }
			},
			kind: activities.UnknownKey, severity: registry.Info, says: []string{"switched off or past its end"},
		},
		"the key of a person who gave no id": {
			plant: func(w *ledgerWorld) (string, func()) {
				k := w.made("portal", "", month)
				return k.ID, func() { _ = w.vendor.Ledger.Revoke("test", "", k.ID) }
			},
			kind: activities.UnknownKey, team: "team-by-hand", severity: registry.Warning, says: []string{"it may be the one of by-hand, whose id nobody gave"},
		},
		"an orphan": {
			plant: func(w *ledgerWorld) (string, func()) {
				k := w.made("svc", "one/g2", month)
				return k.ID, func() { _ = w.vendor.Ledger.Revoke("test", "", k.ID) }
			},
			kind: activities.OrphanKey, key: "one", team: "team-one", severity: registry.Critical,
			says: []string{"made as generation 2 of one", "make sure that nobody uses it and end it at test/a"},
		},
		"an orphan of no entry": {
			plant: func(w *ledgerWorld) (string, func()) {
				k := w.made("svc", "long-gone/g12", month)
				return k.ID, func() { _ = w.vendor.Ledger.Revoke("test", "", k.ID) }
			},
			kind: activities.OrphanKey, severity: registry.Critical, says: []string{"made as generation 12 of long-gone"},
		},
		"an orphan of an entry that was ended": {
			plant: func(w *ledgerWorld) (string, func()) {
				k := w.made("svc", "ended/g2", month)
				return k.ID, func() { _ = w.vendor.Ledger.Revoke("test", "", k.ID) }
			},
			kind: activities.OrphanKey, key: "ended", team: "team-ended", severity: registry.Critical, says: []string{"end it at test/a"},
		},
		"an orphan that consumers read: the registry was restored": {
			plant: func(w *ledgerWorld) (string, func()) {
				before := w.get("two")
				w.change("two", func(k *keyturn.Key) { k.Ledger, k.Generation = nil, 0 })
				return before.Ledger[0].RemoteID, func() {
					w.change("two", func(k *keyturn.Key) { k.Ledger, k.Generation = before.Ledger, 1 })
				}
			},
			kind: activities.OrphanKey, key: "two", team: "team-two", severity: registry.Critical,
			says: []string{"consumers read it", "do not end it: the registry is older than the store"},
		},
		"a key that is gone": {
			plant: func(w *ledgerWorld) (string, func()) {
				i := w.get("one").Ledger[0]
				_ = w.vendor.Ledger.Revoke("somebody", "", i.RemoteID)
				return i.RemoteID, func() { w.change("one", func(k *keyturn.Key) { k.Ledger = nil }) }
			},
			kind: activities.MissingKey, key: "one", team: "team-one", severity: registry.Critical,
			says: []string{"consumers of one read it, and test/a has no such key", "keyturn rotate one"},
		},
		"an old key that is gone": {
			plant: func(w *ledgerWorld) (string, func()) {
				w.change("one", func(k *keyturn.Key) {
					k.Ledger = append(k.Ledger, keyturn.Issued{Generation: 3, RemoteID: "key_old", State: keyturn.Retiring})
				})
				return "key_old", func() { w.change("one", func(k *keyturn.Key) { k.Ledger = k.Ledger[:1] }) }
			},
			kind: activities.MissingKey, key: "one", team: "team-one", severity: registry.Warning, says: []string{"still names it as retiring"},
		},
		"a key that is switched off": {
			plant: func(w *ledgerWorld) (string, func()) {
				i := w.get("one").Ledger[0]
				_ = w.vendor.SetEnabled("somebody", "", i.RemoteID, false)
				return i.RemoteID, func() { _ = w.vendor.SetEnabled("somebody", "", i.RemoteID, true) }
			},
			kind: activities.DisabledKey, key: "one", team: "team-one", severity: registry.Critical,
			says: []string{"switched off or past its end", "switch it on again at test/a", "keyturn rotate one"},
		},
		"two entries with one key": {
			plant: func(w *ledgerWorld) (string, func()) {
				two := w.get("two").Ledger[0]
				w.change("three", func(k *keyturn.Key) {
					k.Ledger = append(k.Ledger, keyturn.Issued{Generation: 2, RemoteID: two.RemoteID, State: keyturn.Retiring})
				})
				return two.RemoteID, func() { w.change("three", func(k *keyturn.Key) { k.Ledger = k.Ledger[:1] }) }
			},
			kind: activities.SharedKey, key: "two", team: "team-two", severity: registry.Critical,
			says: []string{"three and two both name this key", "keyturn rotate three, and keyturn rotate two"},
		},
		"nothing to read": {
			plant: func(w *ledgerWorld) (string, func()) {
				w.change("one", func(k *keyturn.Key) { k.Storage.Secret.Path = "secret/moved" })
				return "default:secret/moved", func() { w.change("one", func(k *keyturn.Key) { k.Storage.Secret.Path = "secret/one" }) }
			},
			kind: activities.EntryWithoutPath, key: "one", team: "team-one", severity: registry.Critical,
			says: []string{"consumers of one read nothing", "bring version one/g1 back there"},
		},
		"another value": {
			plant: func(w *ledgerWorld) (string, func()) {
				k := w.get("one")
				if _, err := w.store.Stage(w.t.Context(), k.Storage.Secret, secrets.Draft{Label: "somebody's", Value: keyturn.NewSecret(canary + "x")}); err != nil {
					w.t.Fatal(err)
				}
				swap := func(from, to keyturn.SecretVersion) {
					if err := w.store.Promote(w.t.Context(), k.Storage.Secret, from, to); err != nil {
						w.t.Fatal(err)
					}
				}
				swap("one/g1", "somebody's")
				return "default:secret/one", func() { swap("somebody's", "one/g1") }
			},
			kind: activities.ForeignValue, key: "one", team: "team-one", severity: registry.Warning,
			says: []string{"version somebody's, which the registry does not know, and not one/g1", "keyturn adopt one --remote-id key_", "bring version one/g1 back there"},
		},
		"a path that may not be read": {
			plant: func(w *ledgerWorld) (string, func()) {
				w.store.current = func(path string) error {
					if path == "secret/one" {
						return keyturn.Errorf(keyturn.Denied, "vault: current", "Vault refused it")
					}
					return nil
				}
				return "default:secret/one", func() { w.store.current = nil }
			},
			kind: activities.UnreadablePath, key: "one", team: "team-one", severity: registry.Warning, says: []string{"Vault refused it", "docs/stores.md"},
		},
		"a store nobody configured": {
			plant: func(w *ledgerWorld) (string, func()) {
				w.change("one", func(k *keyturn.Key) { k.Storage.Secret.Store = "typo" })
				return "typo:secret/one", func() { w.change("one", func(k *keyturn.Key) { k.Storage.Secret.Store = "default" }) }
			},
			kind: activities.UnreadablePath, key: "one", team: "team-one", severity: registry.Warning, says: []string{`no store named "typo"`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newLedgerWorld(t)
			populate(w)
			subject, mend := c.plant(w)
			if tally := w.reconcile(); tally.Findings != 1 || tally.Opened != 1 || tally.Settled != 0 {
				t.Errorf("tally %+v", tally)
			}
			w.wantFindings(c.kind + " " + subject)
			f := w.findings()[c.kind+" "+subject]
			if f.Key != c.key || f.Owner.Team != c.team || f.Severity != c.severity || f.Check != "reconcile" || f.Place != "test/a" {
				t.Errorf("found %+v", f)
			}
			for _, s := range c.says {
				if !strings.Contains(f.Detail+"\n"+f.Mend, s) {
					t.Errorf("it does not say %q:\n%s\n%s", s, f.Detail, f.Mend)
				}
			}
			if strings.Contains(fmt.Sprintf("%+v", f), canary) {
				t.Error("it holds a value")
			}
			if tally := w.reconcile(); tally.Findings != 1 || tally.Opened != 0 || tally.Settled != 0 {
				t.Errorf("the second time: %+v", tally)
			}
			mend()
			if tally := w.reconcile(); tally.Settled != 1 {
				t.Errorf("mended: %+v", tally)
			}
			w.wantFindings()
		})
	}
}

// TestReconcileByPrincipal is a vendor that lists only one principal at a time:
// those of the entries are compared, and nothing is said about the others.
func TestReconcileByPrincipal(t *testing.T) {
	t.Parallel()
	w := newLedgerWorld(t)
	populate(w)
	w.vendor.byOne = true
	unknown := w.made("svc", "", month)
	w.made("stranger", "", month)
	gone := w.get("three").Ledger[0]
	_ = w.vendor.Ledger.Revoke("test", "", gone.RemoteID)
	if tally := w.reconcile(); tally.Keys != 3 || tally.Entries != 5 || tally.Unlisted != 0 {
		t.Errorf("tally %+v", tally)
	}
	w.wantFindings(activities.UnknownKey+" "+unknown.ID, activities.MissingKey+" "+gone.RemoteID)
}

// TestReconcilePrincipalsOfAllKinds is a vendor that shows some principals only in
// the list of the account, and others only by themselves.
func TestReconcilePrincipalsOfAllKinds(t *testing.T) {
	t.Parallel()
	for _, kind := range []keyturn.Kind{keyturn.NotFound, keyturn.Invalid, keyturn.Unsupported} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			w := newLedgerWorld(t)
			populate(w)
			w.vendor.alone = map[string]error{}
			var want []string
			for _, principal := range []string{"person", "visitor"} {
				w.vendor.alone[principal] = keyturn.Errorf(kind, "list", "no such service account")
				want = append(want, activities.UnknownKey+" "+w.made(principal, "", month).ID)
			}
			// Of an entry whose principal the vendor does not list it says nothing,
			// unless that it does not exist.
			gone := w.get("three").Ledger[0]
			_ = w.vendor.Ledger.Revoke("test", "", gone.RemoteID)
			w.vendor.alone["other"] = keyturn.Errorf(kind, "list", "not that one")
			if kind == keyturn.NotFound {
				want = append(want, activities.MissingKey+" "+gone.RemoteID)
			}
			w.reconcile()
			w.wantFindings(want...)
			if w.vendor.lists != 2 {
				t.Errorf("the vendor was asked for %d lists", w.vendor.lists)
			}
		})
	}
}

// TestReconcileStrangeIDs reports what a stranger named as no registry can keep it.
func TestReconcileStrangeIDs(t *testing.T) {
	t.Parallel()
	w := newLedgerWorld(t)
	populate(w)
	now := w.now
	w.now = now.Add(-month)
	for _, id := range []string{"nul\x00", "bytes\xff\xfe", "plain"} {
		if _, err := w.vendor.Ledger.Mint("test", fake.Draft{ID: id, Principal: "stranger"}); err != nil {
			t.Fatal(err)
		}
	}
	w.now = now
	w.reconcile()
	w.wantFindings(activities.UnknownKey+" nul?", activities.UnknownKey+" bytes?", activities.UnknownKey+" plain")
}

// TestReconcileUnlisted is a vendor that cannot list: the store is still looked at.
func TestReconcileUnlisted(t *testing.T) {
	t.Parallel()
	w := newLedgerWorld(t)
	populate(w)
	w.made("stranger", "", month)
	w.keys.Providers[acme] = mute{w.vendor.info}
	w.change("one", func(k *keyturn.Key) { k.Storage.Secret.Path = "secret/moved" })
	if tally := w.reconcile(); tally.Unlisted != 1 || tally.Keys != 0 || tally.Entries != 5 {
		t.Errorf("tally %+v", tally)
	}
	w.wantFindings(activities.EntryWithoutPath + " default:secret/moved")
	// Where nothing makes keys, a value that was written by hand is taken over.
	w.change("one", func(k *keyturn.Key) { k.Storage.Secret.Path, k.Ledger[0].Version = "secret/one", "one/g0" })
	w.reconcile()
	if f := w.findings()[activities.ForeignValue+" default:secret/one"]; !strings.HasSuffix(f.Mend, "otherwise take the new value over: keyturn rotate one") {
		t.Errorf("found %+v", f)
	}
}

// TestReconcileSettlesNothingHalfWay lets every part of a pass fail, when what was
// found before is mended and something new is wrong.
func TestReconcileSettlesNothingHalfWay(t *testing.T) {
	t.Parallel()
	down := keyturn.Errorf(keyturn.Unavailable, "list", "the vendor is down")
	for name, arrange := range map[string]func(w *ledgerWorld){
		"the first list": func(w *ledgerWorld) {
			w.vendor.failList = func(n, key int) error {
				if key == 2 {
					return down
				}
				return nil
			}
		},
		"the second look": func(w *ledgerWorld) {
			from := w.vendor.lists
			w.vendor.failList = func(n, key int) error {
				if n > from+1 {
					return down
				}
				return nil
			}
		},
		"the store": func(w *ledgerWorld) {
			w.store.current = func(path string) error {
				if path == "secret/two" {
					return down
				}
				return nil
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newLedgerWorld(t)
			populate(w)
			was := w.made("stranger", "", month)
			w.reconcile()
			_ = w.vendor.Ledger.Revoke("test", "", was.ID)
			w.made("svc", "", month)
			arrange(w)
			w.now = w.now.Add(time.Hour)
			_, err := w.keys.ReconcileAccount(t.Context(), activities.ReconcileAccountInput{Issuer: acme})
			if keyturn.KindOf(err) != keyturn.Unavailable {
				t.Fatalf("got error %v", err)
			}
			if _, still := w.findings()[activities.UnknownKey+" "+was.ID]; !still {
				t.Error("what was found before was settled, although not all was looked at")
			}
			w.vendor.failList, w.store.current = nil, nil
			if tally := w.reconcile(); tally.Settled != 1 || tally.Findings != 1 {
				t.Errorf("when all works again: %+v", tally)
			}
		})
	}
}

// TestReconcileManyUnknownKeys needs several pages, and few questions.
func TestReconcileManyUnknownKeys(t *testing.T) {
	t.Parallel()
	w := newLedgerWorld(t)
	populate(w)
	for range 1201 {
		w.made("stranger", "", month)
	}
	if tally := w.reconcile(); tally.Findings != 1201 || tally.Opened != 1201 || len(w.findings()) != 1201 {
		t.Errorf("tally %+v, %d open", tally, len(w.findings()))
	}
	if w.vendor.lists != 2 {
		t.Errorf("the vendor was asked for %d lists", w.vendor.lists)
	}
	if _, err := w.keys.ReconcileAccount(t.Context(), activities.ReconcileAccountInput{Issuer: keyturn.Issuer{Provider: "test", Account: "b"}}); keyturn.KindOf(err) != keyturn.NotFound {
		t.Errorf("an account nobody configured: %v", err)
	}
}

var _ providers.Lister = (*pretender)(nil)
