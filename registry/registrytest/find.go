package registrytest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

func filters(t *testing.T, s registry.Store) {
	edits := map[keyturn.KeyID]func(*keyturn.Key){
		"a-team":      func(k *keyturn.Key) { k.Owner.Team = "search" },
		"b-person":    func(k *keyturn.Key) { k.Owner.Person = "bob@example.com" },
		"c-provider":  func(k *keyturn.Key) { k.Scope.Provider = "datadog" },
		"d-account":   func(k *keyturn.Key) { k.Scope.Account = "999" },
		"e-principal": func(k *keyturn.Key) { k.Scope.Principal = "the-user" },
		"f-path":      func(k *keyturn.Key) { k.Storage.Secret = keyturn.SecretRef{Store: "other", Path: "kv/f"} },
		"g-due":       func(k *keyturn.Key) { k.Audit.EveryDays = 10 },
		"h-expires":   func(k *keyturn.Key) { k.Audit.EveryDays, k.Expires = 0, start().AddDate(0, 0, 5) },
		"i-never-due": func(k *keyturn.Key) { k.Audit.EveryDays = 0 },
		"j-busy":      func(k *keyturn.Key) { k.Intent = &keyturn.Intent{Run: "run", Operation: keyturn.Issue} },
		"k-ledger": func(k *keyturn.Key) {
			k.Ledger = []keyturn.Issued{
				{Generation: 1, State: keyturn.Revoking, Fingerprints: keyturn.Fingerprints{HMAC: "aa01", HMSL: "bb01"}},
				{Generation: 2, State: keyturn.Current, Fingerprints: keyturn.Fingerprints{HMAC: "aa02"}},
			}
		},
		"l-plain": func(*keyturn.Key) {},
	}
	for id, edit := range edits {
		key := sample(id)
		edit(&key)
		mustSave(t, s, key, "e/"+string(id))
	}
	for _, c := range []struct {
		name string
		f    registry.Filter
		want []keyturn.KeyID
	}{
		{"team", registry.Filter{OwnerTeam: "search"}, []keyturn.KeyID{"a-team"}},
		{"person", registry.Filter{OwnerPerson: "bob@example.com"}, []keyturn.KeyID{"b-person"}},
		{"provider", registry.Filter{Provider: "datadog"}, []keyturn.KeyID{"c-provider"}},
		{"account", registry.Filter{Account: "999"}, []keyturn.KeyID{"d-account"}},
		{"principal", registry.Filter{Principal: "the-user"}, []keyturn.KeyID{"e-principal"}},
		{"path", registry.Filter{Path: "kv/f"}, []keyturn.KeyID{"f-path"}},
		{"due by interval or expiry", registry.Filter{DueBefore: start().AddDate(0, 0, 11)}, []keyturn.KeyID{"g-due", "h-expires"}},
		{"due is before, not at", registry.Filter{DueBefore: start().AddDate(0, 0, 10)}, []keyturn.KeyID{"h-expires"}},
		{"due in another time zone", registry.Filter{DueBefore: start().AddDate(0, 0, 10).Add(time.Microsecond).In(time.FixedZone("", 9*3600))}, []keyturn.KeyID{"g-due", "h-expires"}},
		{"busy", registry.Filter{Busy: true}, []keyturn.KeyID{"j-busy"}},
		{"fingerprint of an old generation", registry.Filter{Fingerprint: "aa01"}, []keyturn.KeyID{"k-ledger"}},
		{"the other fingerprint", registry.Filter{Fingerprint: "bb01"}, []keyturn.KeyID{"k-ledger"}},
		{"fingerprint of the current one", registry.Filter{Fingerprint: "aa02"}, []keyturn.KeyID{"k-ledger"}},
		{"part of a fingerprint", registry.Filter{Fingerprint: "aa"}, nil},
		{"two at once", registry.Filter{OwnerTeam: "payments", Account: "999"}, []keyturn.KeyID{"d-account"}},
		{"two that exclude each other", registry.Filter{OwnerTeam: "search", Account: "999"}, nil},
		{"after", registry.Filter{After: "j-busy"}, []keyturn.KeyID{"k-ledger", "l-plain"}},
		{"after and limit", registry.Filter{After: "g", Limit: 2}, []keyturn.KeyID{"g-due", "h-expires"}},
		{"a quote", registry.Filter{OwnerTeam: "x' OR '1'='1"}, nil},
	} {
		diff(t, c.name, find(t, s, c.f), c.want)
		if n, err := s.Count(t.Context(), c.f); err != nil || n != len(c.want) {
			t.Errorf("%s: Count is %d, error %v; want %d", c.name, n, err, len(c.want))
		}
	}
	if got := find(t, s, registry.Filter{}); len(got) != len(edits) || !slices.IsSorted(got) {
		t.Errorf("everything is %v", got)
	}
	// Fingerprints follow the ledger.
	key := mustGet(t, s, "k-ledger")
	key.Ledger = key.Ledger[1:]
	mustSave(t, s, key, "e/shorter")
	diff(t, "fingerprint that left the ledger", find(t, s, registry.Filter{Fingerprint: "aa01"}), []keyturn.KeyID(nil))
	diff(t, "fingerprint that stayed", find(t, s, registry.Filter{Fingerprint: "aa02"}), []keyturn.KeyID{"k-ledger"})
}

func retiredKeys(t *testing.T, s registry.Store) {
	due := func(k *keyturn.Key) { k.Expires = start().AddDate(0, 0, 1) }
	key := sample("gone")
	due(&key)
	key.Ledger = []keyturn.Issued{{Generation: 1, Fingerprints: keyturn.Fingerprints{HMAC: "aa"}}}
	key = mustSave(t, s, key, "e1")
	other := sample("here")
	due(&other)
	mustSave(t, s, other, "e2")
	key.Retired = start().AddDate(0, 1, 0)
	mustSave(t, s, key, "e3")
	for name, f := range map[string]registry.Filter{"all": {}, "due": {DueBefore: start().AddDate(1, 0, 0)}, "team": {OwnerTeam: "payments"}} {
		diff(t, name, find(t, s, f), []keyturn.KeyID{"here"})
		f.Retired = true
		diff(t, name+", retired", find(t, s, f), []keyturn.KeyID{"gone"})
	}
	diff(t, "fingerprint", find(t, s, registry.Filter{Fingerprint: "aa", Retired: true}), []keyturn.KeyID{"gone"})
	diff(t, "fingerprint in service", find(t, s, registry.Filter{Fingerprint: "aa"}), []keyturn.KeyID(nil))
	if got := mustGet(t, s, "gone"); !got.Retired.Equal(key.Retired) {
		t.Errorf("retired at %v, want %v", got.Retired, key.Retired)
	}
}

// idOrder uses ids that sort differently by language than by byte.
func idOrder(t *testing.T, s registry.Store) {
	want := []keyturn.KeyID{"a-b", "a.b", "a1", "a10", "a2", "a_b", "aa", "ab", "b", "é"}
	for i := range want {
		mustSave(t, s, sample(want[(i*7)%len(want)]), fmt.Sprint(i))
	}
	diff(t, "order", find(t, s, registry.Filter{}), want)
	for i, id := range want {
		if got := find(t, s, registry.Filter{After: id}); !slices.Equal(got, want[i+1:]) {
			t.Errorf("after %s come %v, want %v", id, got, want[i+1:])
		}
	}
}

func pages(t *testing.T, s registry.Store) {
	const n = 3000
	fill(t, s, n, "key-%05d", func(i int, key *keyturn.Key) {
		if i%3 == 0 {
			key.Owner.Team = "thirds"
		}
	})
	for _, c := range []struct {
		f    registry.Filter
		want int
	}{
		{registry.Filter{}, n},
		{registry.Filter{OwnerTeam: "thirds"}, n / 3},
		{registry.Filter{Limit: 1}, 1},
		{registry.Filter{Limit: 499}, 499},
		{registry.Filter{Limit: 500}, 500},
		{registry.Filter{Limit: 501}, 501},
		{registry.Filter{Limit: 1000}, 1000},
		{registry.Filter{Limit: n + 1}, n},
		{registry.Filter{After: "key-01999"}, 1000},
		{registry.Filter{After: "key-01999", Limit: 700, OwnerTeam: "thirds"}, 333},
	} {
		got := find(t, s, c.f)
		if len(got) != c.want || !slices.IsSorted(got) || len(slices.Compact(got)) != c.want {
			t.Errorf("%+v: %d keys, sorted %v; want %d", c.f, len(got), slices.IsSorted(got), c.want)
		}
		if count, err := s.Count(t.Context(), c.f); err != nil || count != c.want {
			t.Errorf("%+v: Count is %d, error %v; want %d", c.f, count, err, c.want)
		}
	}
	for key, err := range s.Find(t.Context(), registry.Filter{}) { // stopping early is clean
		if err != nil || key.ID != "key-00000" {
			t.Fatalf("first is %s, error %v", key.ID, err)
		}
		break
	}
	seq := s.Find(t.Context(), registry.Filter{Limit: 600})
	for range 2 { // and so is starting again
		count := 0
		for _, err := range seq {
			if err != nil {
				t.Fatal(err)
			}
			count++
		}
		if count != 600 {
			t.Errorf("iteration saw %d keys, want 600", count)
		}
	}
}

// pagesWhileKeysChange saves every key it is given, as a sweep does, while
// keys come and go: each that was there all along must be seen once.
func pagesWhileKeysChange(t *testing.T, s registry.Store) {
	const n = 1500
	fill(t, s, n, "key-%05d", func(_ int, key *keyturn.Key) { key.Owner.Team = "old" })
	seen := map[keyturn.KeyID]int{}
	for key, err := range s.Find(t.Context(), registry.Filter{OwnerTeam: "old"}) {
		if err != nil {
			t.Fatal(err)
		}
		seen[key.ID]++
		key.Owner.Team = "new" // no longer matches
		mustSave(t, s, key, "move/"+string(key.ID))
		if len(seen)%10 == 0 {
			newcomer := sample(keyturn.KeyID(fmt.Sprintf("%s-b", key.ID)))
			newcomer.Owner.Team = "newcomers"
			mustSave(t, s, newcomer, "new/"+string(newcomer.ID))
		}
	}
	if len(seen) != n {
		t.Errorf("saw %d keys, want %d", len(seen), n)
	}
	for id, times := range seen {
		if times != 1 {
			t.Errorf("%s was seen %d times", id, times)
		}
	}
}

// nothingHeld works on keys of one iteration with the whole store, from more
// iterations at once than a store has connections.
func nothingHeld(t *testing.T, s registry.Store) {
	fill(t, s, 40, "key-%02d", nil)
	depth := 0
	var nest func()
	nest = func() {
		for key, err := range s.Find(t.Context(), registry.Filter{Limit: 1}) {
			if err != nil {
				t.Fatal(err)
			}
			for _, err := range s.History(t.Context(), key.ID) {
				if err != nil {
					t.Fatal(err)
				}
				if depth++; depth < 40 {
					nest()
				}
				mustSave(t, s, mustGet(t, s, key.ID), fmt.Sprintf("nested/%d", depth))
				depth--
			}
		}
	}
	done := make(chan struct{})
	go func() { defer close(done); nest() }()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatal("iterations hold connections and wait for each other")
	}
}
