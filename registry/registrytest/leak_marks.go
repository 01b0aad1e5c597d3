package registrytest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// issued is a generation with every kind of mark.
func issued(id string, generation int) keyturn.Issued {
	of := func(kind string) string { return fmt.Sprintf("%s %s %d", kind, id, generation) }
	return keyturn.Issued{
		Generation: generation, RemoteID: fmt.Sprintf("AKIA-%s-%010d", id, generation), State: keyturn.Current,
		Fingerprints: keyturn.Fingerprints{HMAC: of("hmac"), HMSL: of("hmsl"), SHA1: of("sha1"), SHA256: of("sha256")},
		Parts:        []keyturn.Fingerprints{{HMAC: of("one")}, {HMAC: of("another")}},
	}
}

// with is a sample with a ledger.
func with(id keyturn.KeyID, ledger ...keyturn.Issued) keyturn.Key {
	key := sample(id)
	key.Ledger = ledger
	return key
}

func wantMarked(t *testing.T, s registry.Store, what string, marks []keyturn.Mark, want ...registry.Marked) {
	t.Helper()
	got, err := s.Marked(t.Context(), marks)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	diff(t, what, append([]registry.Marked(nil), got...), want)
}

// named is what each of a generation's marks names.
func named(id keyturn.KeyID, i keyturn.Issued) (all []registry.Marked) {
	for _, m := range i.Marks() {
		all = append(all, registry.Marked{Mark: m, Key: id, Generation: i.Generation, RemoteID: i.RemoteID})
	}
	return all
}

// marksLast for as long as the registry: a generation is known by each of its marks
// while it is staged, when others follow, when it is struck and when its key is retired.
func marksLast(t *testing.T, s registry.Store) {
	one, two := issued("a", 1), issued("a", 2)
	wantMarked(t, s, "before it is there", one.Marks())
	one.State = keyturn.Staged
	key := mustSave(t, s, with("a-key", one), "e1")
	wantMarked(t, s, "staged", one.Marks(), named("a-key", one)...)
	if got := len(one.Marks()); got != 7 {
		t.Fatalf("it has %d marks, want one of each kind, and two of parts", got)
	}
	one.State = keyturn.Retiring
	key.Ledger = []keyturn.Issued{one, two}
	key = mustSave(t, s, key, "e2")
	both := slices.Concat(two.Marks(), one.Marks())
	all := slices.Concat(named("a-key", one), named("a-key", two))
	wantMarked(t, s, "with another beside it", both, all...)
	key.Ledger = []keyturn.Issued{two}
	key = mustSave(t, s, key, "e3")
	wantMarked(t, s, "struck", both, all...)
	key.Ledger, key.Retired = nil, start().Add(time.Hour)
	key = mustSave(t, s, key, "e4")
	wantMarked(t, s, "of a retired key", both, all...)
	key.Ledger = []keyturn.Issued{two}
	mustSave(t, s, key, "e5")
	wantMarked(t, s, "entered again", both, all...)

	given := slices.Clone(both)
	slices.Reverse(given)
	found, err := s.Marked(t.Context(), append(given, both...)) // the first time counts
	if err != nil || len(found) != len(all) || found[0] != all[6] || found[6] != all[0] {
		t.Errorf("marks in another order name %+v, error %v", found, err)
	}
}

// marksOfASave are those of the ledger as it is stored, and only if it is.
func marksOfASave(t *testing.T, s registry.Store) {
	one, two, three := issued("a", 1), issued("a", 2), issued("a", 3)
	first := mustSave(t, s, with("a-key", one), "e1")
	stale := first
	key := mustSave(t, s, first, "e2")
	stale.Ledger = []keyturn.Issued{two}
	_, err := s.Save(t.Context(), stale, event("e3"))
	wantKind(t, err, keyturn.Conflict)
	wantMarked(t, s, "of a save that was refused", two.Marks())
	key.Ledger = []keyturn.Issued{three}
	mustSave(t, s, key, "e2")
	wantMarked(t, s, "of a save that was done before", three.Marks())
	err = s.SaveAll(t.Context(), []registry.Change{{Key: with("b-key", two), Event: event("e4")}, {Key: stale, Event: event("e5")}})
	wantKind(t, err, keyturn.Conflict)
	wantMarked(t, s, "of many of which one was refused", two.Marks())

	next, last := key, key
	next.Ledger, next.Revision = []keyturn.Issued{one, two}, 2
	last.Ledger, last.Revision = []keyturn.Issued{three}, 3
	if err := s.SaveAll(t.Context(), []registry.Change{{Key: next, Event: event("e6")}, {Key: last, Event: event("e7")}}); err != nil {
		t.Fatal(err)
	}
	wantMarked(t, s, "of one key twice", slices.Concat(three.Marks(), two.Marks()), slices.Concat(named("a-key", two), named("a-key", three))...)

	part := one // what was known of it first stays, and more comes
	part.Parts = append(slices.Clone(one.Parts), keyturn.Fingerprints{HMAC: "a third"})
	last = mustGet(t, s, "a-key")
	last.Ledger = []keyturn.Issued{part}
	mustSave(t, s, last, "e8")
	wantMarked(t, s, "of a generation that more is known of", part.Marks(), named("a-key", part)...)
}

// marksOfSeveral: one value may be of several keys, and of several generations.
func marksOfSeveral(t *testing.T, s registry.Store) {
	shared := issued("a", 1)
	short := keyturn.Issued{Generation: 2, RemoteID: "123456789012345", State: keyturn.Current}
	long := keyturn.Issued{Generation: 2, RemoteID: "1234567890123456", State: keyturn.Current}
	orphans := []keyturn.Issued{{RemoteID: "orphan-0000000001"}, {RemoteID: "orphan-0000000002"}}
	for i, key := range []keyturn.Key{
		with("é-key", shared), with("b-key", shared, short), with("a-key", shared, long),
		with("c-key", keyturn.Issued{Generation: 10, Fingerprints: shared.Fingerprints}, keyturn.Issued{Generation: 9, Fingerprints: shared.Fingerprints}),
		with("d-key", orphans...),
	} {
		mustSave(t, s, key, fmt.Sprint("e", i))
	}
	mark := shared.Marks()[0]
	of := func(key keyturn.KeyID, generation int, id string) registry.Marked {
		return registry.Marked{Mark: mark, Key: key, Generation: generation, RemoteID: id}
	}
	wantMarked(t, s, "a value of several", []keyturn.Mark{mark, "hmac:unknown", mark},
		of("a-key", 1, shared.RemoteID), of("b-key", 1, shared.RemoteID), of("c-key", 9, ""), of("c-key", 10, ""), of("é-key", 1, shared.RemoteID))
	wantMarked(t, s, "an id", []keyturn.Mark{keyturn.MarkOfID(long.RemoteID), keyturn.MarkOfID(short.RemoteID)}, named("a-key", long)...)
	wantMarked(t, s, "ids of one generation", slices.Concat(orphans[1].Marks(), orphans[0].Marks()),
		slices.Concat(named("d-key", orphans[1]), named("d-key", orphans[0]))...)
	for name, marks := range map[string][]keyturn.Mark{
		"none":         nil,
		"unknown":      {"hmac:unknown", "x' OR '1'='1", ""},
		"another kind": {keyturn.MarkHMSL + keyturn.Mark(shared.Fingerprints.HMAC)},
		"a part of it": {mark[:len(mark)-1]},
	} {
		wantMarked(t, s, name, marks)
	}
}

// manyMarks are what one text of many words gives.
func manyMarks(t *testing.T, s registry.Store) {
	const n = 100
	fill(t, s, n, "key-%04d", func(i int, key *keyturn.Key) { key.Ledger = []keyturn.Issued{issued(string(key.ID), 1)} })
	var marks []keyturn.Mark
	var want []registry.Marked
	for i := range n {
		id := keyturn.KeyID(fmt.Sprintf("key-%04d", i))
		of := named(id, issued(string(id), 1))
		for _, m := range of {
			marks = append(marks, m.Mark, "unknown "+m.Mark)
		}
		want = append(want, of...)
	}
	wantMarked(t, s, "many", marks, want...)
}
