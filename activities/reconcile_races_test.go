package activities_test

import (
	"testing"
	"time"

	"github.com/keyturn/keyturn"
)

// TestReconcileLeavesAlone is everything that looks wrong and is in the making.
func TestReconcileLeavesAlone(t *testing.T) {
	t.Parallel()
	begin := func(w *ledgerWorld, id string, ago time.Duration, change ...func(*keyturn.Intent)) {
		w.change(id, func(k *keyturn.Key) {
			k.Generation++
			k.Intent = &keyturn.Intent{Run: "r", Operation: keyturn.Rotate, Generation: k.Generation, Began: w.now.Add(-ago), Minting: w.now.Add(-ago), Asked: 1}
			for _, f := range change {
				f(k.Intent)
			}
		})
	}
	byHand := func(i *keyturn.Intent) { i.ByHand, i.Asked = true, 0 }
	for name, arrange := range map[string]func(w *ledgerWorld){
		"a new key of an operation, not in the ledger yet": func(w *ledgerWorld) {
			begin(w, "one", 2*time.Hour)
			w.made("svc", "one/g2", time.Hour)
		},
		"the same where the vendor keeps no labels": func(w *ledgerWorld) {
			w.vendor.info.Labels = false
			begin(w, "one", 2*time.Hour)
			w.made("svc", "", time.Hour)
		},
		"a key that a person has just made": func(w *ledgerWorld) {
			begin(w, "one", 48*time.Hour, byHand)
			w.made("svc", "", 24*time.Hour)
		},
		"an old key that an operation has just ended": func(w *ledgerWorld) {
			begin(w, "one", time.Hour)
			_ = w.vendor.Ledger.Revoke("test", "", w.get("one").Ledger[0].RemoteID)
		},
		"an old key that an operation has switched off": func(w *ledgerWorld) {
			begin(w, "one", time.Hour)
			_ = w.vendor.SetEnabled("test", "", w.get("one").Ledger[0].RemoteID, false)
		},
		"a path that an operation works on": func(w *ledgerWorld) {
			begin(w, "one", time.Hour)
			w.change("one", func(k *keyturn.Key) { k.Storage.Secret.Path = "secret/moved" })
		},
		"a key made a moment ago":   func(w *ledgerWorld) { w.made("stranger", "", 10*time.Minute) },
		"an orphan of a moment ago": func(w *ledgerWorld) { w.made("svc", "one/g2", 10*time.Minute) },
		"a key that the vendor may not list yet": func(w *ledgerWorld) {
			w.change("one", func(k *keyturn.Key) {
				k.Ledger[0].RemoteID, k.Ledger[0].Created = "key_new", w.now.Add(-10*time.Minute)
			})
			w.vendor.info.Labels = false // the one it replaces has a label
			begin(w, "two", 2*month)
		},
		"one that was ended between the list and the registry": func(w *ledgerWorld) {
			k := w.made("stranger", "", month)
			w.vendor.onList = func(n int) {
				if n == 2 {
					_ = w.vendor.Ledger.Revoke("test", "", k.ID)
				}
			}
		},
		"one that was adopted between the list and its second look": func(w *ledgerWorld) {
			k := w.made("other", "", month)
			w.vendor.onList = func(n int) {
				if n == 2 {
					w.change("three", func(e *keyturn.Key) {
						e.Ledger = append(e.Ledger, keyturn.Issued{Generation: 2, RemoteID: k.ID, State: keyturn.Retiring})
					})
				}
			}
		},
		"one that was replaced between the list and its second look": func(w *ledgerWorld) {
			i := w.get("one").Ledger[0]
			_ = w.vendor.Ledger.Revoke("test", "", i.RemoteID)
			w.vendor.onList = func(n int) {
				if n == 2 {
					w.change("one", func(e *keyturn.Key) { e.Ledger = nil })
				}
			}
		},
		"one that the vendor left out of its first list": func(w *ledgerWorld) {
			i := w.get("one").Ledger[0]
			now := w.now
			_ = w.vendor.Ledger.Revoke("test", "", i.RemoteID)
			w.vendor.onList = func(n int) {
				if n == 2 {
					w.now = now.Add(-month)
					k := w.made("svc", "", 0)
					w.now = now
					w.change("one", func(e *keyturn.Key) { e.Ledger[0].RemoteID = k.ID })
				}
			}
		},
		"one that was switched on again": func(w *ledgerWorld) {
			i := w.get("one").Ledger[0]
			_ = w.vendor.SetEnabled("test", "", i.RemoteID, false)
			w.vendor.onList = func(n int) {
				if n == 2 {
					_ = w.vendor.SetEnabled("test", "", i.RemoteID, true)
				}
			}
		},
		"a value promoted while it was looked at": func(w *ledgerWorld) {
			w.change("one", func(k *keyturn.Key) { k.Ledger[0].Version = "one/g0" })
			w.store.current = func(path string) error {
				if path == "secret/one" {
					w.change("one", func(k *keyturn.Key) { k.Ledger[0].Version = "one/g1" })
				}
				return nil
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newLedgerWorld(t)
			populate(w)
			arrange(w)
			w.reconcile()
			w.wantFindings()
		})
	}
}
