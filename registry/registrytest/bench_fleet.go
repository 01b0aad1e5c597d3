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
