package registrytest

import (
	"fmt"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// BenchmarkAccounts counts 100,000 keys in 40 accounts. One in a hundred is
// being rotated, half of those by a person, one in ten was rotated in the last
// day, and one in ten is due. settle does what the database does by itself some
// time after so much was written.
func BenchmarkAccounts(b *testing.B, open func(b *testing.B) registry.Store, settle func()) {
	s := open(b)
	const perAccount = benchKeys / 40
	now := start().AddDate(0, 0, 60)
	fillAccounts(b, s, now)
	settle()
	for b.Loop() {
		got, err := s.Accounts(b.Context(), now)
		if err != nil || len(got) != 40 {
			b.Fatalf("%d accounts, error %v; want 40", len(got), err)
		}
		want := status("aws", "000000000000", perAccount)
		want.Due, want.Overdue, want.Running, want.ByHand, want.Succeeded = perAccount/10, perAccount/10, perAccount/100, 13, perAccount/10
		if got[0] != want {
			b.Fatalf("the first account is %+v, want %+v", got[0], want)
		}
	}
}

// BenchmarkDue reads the 500 keys that are due at one of 10 accounts with 10,000
// keys each. They are due at the same moment.
func BenchmarkDue(b *testing.B, open func(b *testing.B) registry.Store, settle func()) {
	s := open(b)
	fill(b, s, benchKeys, "key-%06d", func(i int, key *keyturn.Key) {
		key.Scope.Account = fmt.Sprintf("%012d", i%10)
		if key.Audit.EveryDays = 90; i/10%20 == 0 {
			key.Audit.EveryDays = 7
		}
	})
	settle()
	for b.Loop() {
		found := 0
		for _, err := range s.Due(b.Context(), keyturn.Issuer{Provider: "aws", Account: "000000000003"}, start().AddDate(0, 0, 8), registry.DueKey{}) {
			if err != nil {
				b.Fatal(err)
			}
			found++
		}
		if found != 500 {
			b.Fatalf("found %d keys, want 500", found)
		}
	}
}

func fillAccounts(b *testing.B, s registry.Store, now time.Time) {
	var changes []registry.Change
	for i := range benchKeys {
		key := of(keyturn.KeyID(fmt.Sprintf("key-%06d", i)), "aws", fmt.Sprintf("%012d", i%40))
		n := i / 40 // of its account
		key.Audit.EveryDays = 70
		if n%10 == 0 {
			key.Audit.EveryDays = 30
		}
		if n%100 == 0 {
			key.Intent = &keyturn.Intent{Run: "run", Operation: keyturn.Rotate}
		}
		if n%200 == 0 {
			key.Intent.Manual = &keyturn.Manual{Step: keyturn.SupplyValue, Asked: start()}
		}
		e := event("fill/" + string(key.ID))
		if n%10 == 1 {
			e.What, e.At = registry.Completed, now
		}
		if changes = append(changes, registry.Change{Key: key, Event: e}); len(changes) == 2000 {
			if err := s.SaveAll(b.Context(), changes); err != nil {
				b.Fatal(err)
			}
			changes = nil
		}
	}
}
