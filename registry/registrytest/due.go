package registrytest

import (
	"fmt"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

func due(t *testing.T, s registry.Store, issuer keyturn.Issuer, now time.Time, after registry.DueKey) []keyturn.KeyID {
	t.Helper()
	var ids []keyturn.KeyID
	for key, err := range s.Due(t.Context(), issuer, now, after) {
		if err != nil {
			t.Fatalf("Due %s: %v", issuer, err)
		}
		ids = append(ids, key.ID)
	}
	return ids
}

// dueOn is a sample that is due at a moment.
func dueOn(id keyturn.KeyID, at time.Time) keyturn.Key {
	key := sample(id)
	key.Audit.EveryDays, key.Expires = 0, at
	return key
}

// dueInOrder asks one account what is due, from several places on.
func dueInOrder(t *testing.T, s registry.Store) {
	now := start().Add(time.Hour)
	issuer := sample("x").Scope.Issuer()
	if got := due(t, s, issuer, now, registry.DueKey{}); len(got) != 0 {
		t.Errorf("in an empty registry %v are due", got)
	}
	busy := dueOn("busy", start().Add(2*time.Minute))
	busy.Intent = &keyturn.Intent{Run: "run", Operation: keyturn.Rotate}
	retired := dueOn("retired", start())
	retired.Retired = start()
	account, provider := dueOn("other-account", start()), dueOn("other-provider", start())
	account.Scope.Account, provider.Scope.Provider = "0", "stripe"
	for i, key := range []keyturn.Key{
		dueOn("now", now), dueOn("soon", now.Add(time.Microsecond)), dueOn("never", time.Time{}),
		dueOn("same-b", start().Add(time.Minute)), dueOn("same-a", start().Add(time.Minute+999)), dueOn("same-é", start().Add(time.Minute)),
		dueOn("same-B", start().Add(time.Minute)), dueOn("zz-first", start()), busy, retired, account, provider,
	} {
		mustSave(t, s, key, fmt.Sprint("e", i))
	}
	want := []keyturn.KeyID{"zz-first", "same-B", "same-a", "same-b", "same-é", "busy", "now"}
	diff(t, "what is due", due(t, s, issuer, now, registry.DueKey{}), want)
	diff(t, "in another time zone", due(t, s, issuer, now.In(time.FixedZone("", 9*3600)), registry.DueKey{}), want)
	diff(t, "a little before", due(t, s, issuer, now.Add(-time.Microsecond), registry.DueKey{}), want[:6])
	diff(t, "of an account there is not", due(t, s, keyturn.Issuer{Provider: "aws", Account: "nobody"}, now, registry.DueKey{}), []keyturn.KeyID(nil))
	for i, id := range want {
		key := mustGet(t, s, id)
		for _, at := range []time.Time{key.Due(), key.Due().In(time.FixedZone("", -5*3600)), key.Due().Truncate(time.Microsecond)} {
			diff(t, "after "+string(id), due(t, s, issuer, now, registry.DueKey{Due: at, Key: id}), append([]keyturn.KeyID(nil), want[i+1:]...))
		}
	}
	diff(t, "after a place nobody has", due(t, s, issuer, now, registry.DueKey{Due: start().Add(time.Minute), Key: "same-az"}), want[3:])
	for key, err := range s.Due(t.Context(), issuer, now, registry.DueKey{}) { // stopping early is clean
		if err != nil {
			t.Fatal(err)
		}
		diff(t, "the first, as it is stored", key, mustGet(t, s, "zz-first"))
		break
	}
}

// duePages reads more than a page, of keys that are due in groups: pages begin
// and end within a group.
func duePages(t *testing.T, s registry.Store) {
	const n = 1300
	fill(t, s, n, "key-%05d", func(i int, key *keyturn.Key) {
		key.Audit.EveryDays, key.Expires = 0, start().Add(-time.Duration(i%3)*time.Hour)
	})
	issuer := sample("x").Scope.Issuer()
	seq := s.Due(t.Context(), issuer, start(), registry.DueKey{})
	for range 2 { // starting again is clean
		var last registry.DueKey
		seen := 0
		for key, err := range seq {
			if err != nil {
				t.Fatal(err)
			}
			place := registry.DueKey{Due: key.Due(), Key: key.ID}
			if place.Due.Before(last.Due) || place.Due.Equal(last.Due) && place.Key <= last.Key {
				t.Fatalf("%v comes after %v", place, last)
			}
			last = place
			seen++
		}
		if seen != n {
			t.Errorf("%d keys are due, want %d", seen, n)
		}
	}
}

// dueWhileKeysChange saves every key it is given, as a sweep does. Some are put
// off to a moment that is over as well: they must not come again.
func dueWhileKeysChange(t *testing.T, s registry.Store) {
	const n = 1100
	early := start().Add(-24 * time.Hour)
	fill(t, s, n, "key-%05d", func(_ int, key *keyturn.Key) { key.Audit.EveryDays, key.Expires = 0, early })
	seen := map[keyturn.KeyID]bool{}
	for key, err := range s.Due(t.Context(), sample("x").Scope.Issuer(), start(), registry.DueKey{}) {
		if err != nil {
			t.Fatal(err)
		}
		if seen[key.ID] {
			t.Fatalf("%s came twice", key.ID)
		}
		seen[key.ID] = true
		switch len(seen) % 50 {
		case 0:
			key.Expires = start().Add(-time.Hour)
		case 1:
			key.Expires = start().AddDate(1, 0, 0)
		default:
			continue
		}
		mustSave(t, s, key, "later/"+string(key.ID))
	}
	if len(seen) != n {
		t.Errorf("saw %d keys, want %d", len(seen), n)
	}
}
