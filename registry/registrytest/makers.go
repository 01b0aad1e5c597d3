package registrytest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

func madeBy(t testing.TB, s registry.Store, actors ...string) []registry.Made {
	t.Helper()
	var all []registry.Made
	for m, err := range s.MadeBy(t.Context(), actors) {
		if err != nil {
			t.Fatalf("MadeBy: %v", err)
		}
		all = append(all, m)
	}
	return all
}

// makers are those who know a value because of what they did: the first who began
// to issue a key, and everybody who supplied or adopted one.
func makers(t *testing.T, s registry.Store) {
	const alice, bob, carol = "alice@example.com", "bob@example.com", "carol@example.com"
	keys := map[keyturn.KeyID]keyturn.Key{}
	for i, e := range []struct {
		key         keyturn.KeyID
		what, actor string
	}{
		{"b-key", registry.Applied, alice}, // to ask for a key is not to know it
		{"b-key", registry.Began, bob},
		{"b-key", registry.Completed, alice},
		{"b-key", registry.Began, alice}, // a rotation: the value is not theirs
		{"a-key", registry.Adopted, alice},
		{"a-key", registry.Began, carol}, // the first of this key, of whatever kind
		{"a-key", registry.Supplied, alice},
		{"a-key", registry.Supplied, bob},
		{"a-key", registry.Adopted, bob},
		{"c-key", registry.Began, alice},
		{"c-key", registry.Began, alice},
	} {
		key, known := keys[e.key]
		if !known {
			key = sample(e.key)
		}
		stored, err := s.Save(t.Context(), key, registry.Event{
			ID: fmt.Sprint("e", i), What: e.what, Actor: e.actor, At: start().Add(time.Duration(i)*time.Minute + 123456789),
		})
		if err != nil {
			t.Fatal(err)
		}
		keys[e.key] = stored
	}
	made := func(key keyturn.KeyID, event int) registry.Made {
		return registry.Made{Key: key, At: start().Add(time.Duration(event)*time.Minute + 123456*time.Microsecond)}
	}
	for name, c := range map[string]struct {
		actors []string
		want   []registry.Made
	}{
		"alice":            {[]string{alice}, []registry.Made{made("a-key", 4), made("a-key", 6), made("c-key", 9)}},
		"bob":              {[]string{bob}, []registry.Made{made("a-key", 7), made("a-key", 8), made("b-key", 1)}},
		"carol, or nobody": {[]string{"nobody@example.com", carol, carol}, []registry.Made{made("a-key", 5)}},
		"bob or carol":     {[]string{carol, bob}, []registry.Made{made("a-key", 5), made("a-key", 7), made("a-key", 8), made("b-key", 1)}},
		"nobody":           {[]string{"nobody@example.com"}, nil},
		"none":             {nil, nil},
	} {
		got := madeBy(t, s, c.actors...)
		slices.SortFunc(got, func(a, b registry.Made) int { return a.At.Compare(b.At) }) // no order is promised
		slices.SortFunc(c.want, func(a, b registry.Made) int { return a.At.Compare(b.At) })
		diff(t, name, got, c.want)
	}
}

// ownersInOrder come once each, as entries write them, over several pages. Who
// owns only what is retired, or a key without a person, is none of them.
func ownersInOrder(t *testing.T, s registry.Store) {
	const n = 1201
	fill(t, s, 2*n, "key-%05d", func(i int, key *keyturn.Key) { key.Owner.Person = fmt.Sprintf("p%05d@example.com", i%n) })
	for i, person := range []string{"Zoë@example.com", "p00000@EXAMPLE.com", "", "gone@example.com"} {
		key := sample(keyturn.KeyID(fmt.Sprintf("other-%d", i)))
		if key.Owner.Person = person; person == "gone@example.com" {
			key.Retired = start()
		}
		mustSave(t, s, key, fmt.Sprint("e", i))
	}
	var want []string
	for i := range n {
		want = append(want, fmt.Sprintf("p%05d@example.com", i))
	}
	want = append([]string{"Zoë@example.com", "p00000@EXAMPLE.com"}, want...)
	var got []string
	for owner, err := range s.Owners(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, owner)
	}
	diff(t, "owners", got, want)
}
