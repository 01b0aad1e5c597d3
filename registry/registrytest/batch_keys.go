package registrytest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

func mustMark(t *testing.T, s registry.Store, id string, keys ...registry.BatchKey) {
	t.Helper()
	if err := s.MarkBatch(t.Context(), id, keys); err != nil {
		t.Fatalf("MarkBatch %s: %v", id, err)
	}
}

// states of the keys of a batch, in ID order.
func states(t *testing.T, s registry.Store, id string) (got []registry.BatchState) {
	t.Helper()
	for _, k := range batchKeys(t, s, id, "", "") {
		got = append(got, k.State)
	}
	return got
}

// everyState in which a key of a batch can be.
func everyState() []registry.BatchState {
	return []registry.BatchState{registry.BatchWaiting, registry.BatchStarted, registry.BatchSkipped, registry.BatchDone, registry.BatchFailed}
}

// markedKeys have the state, the reason and the time that they were given, in
// their batch only.
func markedKeys(t *testing.T, s registry.Store) {
	fill(t, s, 3, "key-%d", nil)
	mustAddBatch(t, s, batch("b1"), "key-0", "key-1", "key-2")
	mustAddBatch(t, s, batch("b2"), "key-0", "key-1")
	mustMark(t, s, "b1")
	at := start().Add(time.Hour + 123456789)
	mustMark(t, s, "b1", inBatch("key-2", registry.BatchSkipped, "not-adopted", at.In(time.FixedZone("", 3600))), inBatch("key-0", registry.BatchStarted, "", at))
	at = at.Truncate(time.Microsecond)
	want := []registry.BatchKey{
		inBatch("key-0", registry.BatchStarted, "", at), inBatch("key-1", registry.BatchWaiting, "", start()), inBatch("key-2", registry.BatchSkipped, "not-adopted", at),
	}
	diff(t, "marked", batchKeys(t, s, "b1", "", ""), want)
	diff(t, "in one state", batchKeys(t, s, "b1", registry.BatchSkipped, ""), want[2:])
	diff(t, "after", batchKeys(t, s, "b1", "", "key-0"), want[1:])
	diff(t, "in one state, after", batchKeys(t, s, "b1", registry.BatchStarted, "key-0"), []registry.BatchKey(nil))
	diff(t, "progress", progress(t, s, "b1"), []registry.BatchProgress{{Issuer: want[0].Issuer, Waiting: 1, Started: 1, Skipped: 1}})
	diff(t, "the other batch", states(t, s, "b2"), []registry.BatchState{registry.BatchWaiting, registry.BatchWaiting})
	for k, err := range s.BatchKeys(t.Context(), "b1", "", "") { // stopping early is clean
		if err != nil || k.Key != "key-0" {
			t.Errorf("first is %+v, error %v", k, err)
		}
		break
	}
}

// markedTransitions tries every state after every other one: a word that comes
// late changes no end, and skips nothing that was started.
func markedTransitions(t *testing.T, s registry.Store) {
	mustSave(t, s, sample("a-key"), "e1")
	later := start().Add(time.Hour)
	for _, from := range everyState() {
		for _, to := range everyState() {
			id := fmt.Sprintf("%s-%s", from, to)
			mustAddBatch(t, s, batch(id), "a-key")
			before, after := inBatch("a-key", from, "before", start()), inBatch("a-key", to, "after", later)
			mustMark(t, s, id, before)
			mustMark(t, s, id, after)
			want := after
			if from == registry.BatchDone || from == registry.BatchFailed && to != registry.BatchWaiting ||
				from == registry.BatchStarted && to == registry.BatchSkipped {
				want = before
			}
			diff(t, id, batchKeys(t, s, id, "", ""), []registry.BatchKey{want})
		}
	}
}

// refusedMarks mark nothing.
func refusedMarks(t *testing.T, s registry.Store) {
	fill(t, s, 3, "key-%d", nil)
	mustAddBatch(t, s, batch("b1"), "key-0", "key-1")
	good := inBatch("key-0", registry.BatchStarted, "", start())
	for name, c := range map[string]struct {
		batch string
		bad   registry.BatchKey
		want  keyturn.Kind
	}{
		"not of the batch": {"b1", inBatch("key-2", registry.BatchStarted, "", start()), keyturn.NotFound},
		"no such key":      {"b1", inBatch("nobody", registry.BatchStarted, "", start()), keyturn.NotFound},
		"no such batch":    {"b2", inBatch("key-1", registry.BatchStarted, "", start()), keyturn.NotFound},
		"no state":         {"b1", inBatch("key-1", "", "", start()), keyturn.Invalid},
		"no such state":    {"b1", inBatch("key-1", "half done", "", start()), keyturn.Invalid},
		"no time":          {"b1", inBatch("key-1", registry.BatchStarted, "", time.Time{}), keyturn.Invalid},
		"twice":            {"b1", inBatch("key-0", registry.BatchSkipped, "", start()), keyturn.Invalid},
		"NUL":              {"b1", inBatch("key-1", registry.BatchSkipped, "nu\x00l", start()), keyturn.Invalid},
		"not UTF-8":        {"b1", inBatch("key-1", registry.BatchSkipped, "caf\xe9", start()), keyturn.Invalid},
	} {
		err := s.MarkBatch(t.Context(), c.batch, []registry.BatchKey{good, c.bad})
		t.Log(name, err)
		wantKind(t, err, c.want)
		if !strings.Contains(err.Error(), c.batch) || name != "no such batch" && !strings.Contains(err.Error(), string(c.bad.Key)) {
			t.Errorf("%s: error %q names no key or batch", name, err)
		}
	}
	diff(t, "states", states(t, s, "b1"), []registry.BatchState{registry.BatchWaiting, registry.BatchWaiting})
}

// batchPages reads a batch of more than a page while its keys are marked.
func batchPages(t *testing.T, s registry.Store) {
	const n = 1300
	var ids []keyturn.KeyID
	fill(t, s, n, "key-%05d", func(i int, key *keyturn.Key) {
		key.Scope.Account = fmt.Sprint(i % 3)
		ids = append(ids, key.ID)
	})
	mustAddBatch(t, s, batch("b1"), ids...)
	i := 0
	for k, err := range s.BatchKeys(t.Context(), "b1", registry.BatchWaiting, "") {
		if err != nil || k.Key != ids[i] {
			t.Fatalf("key %d is %s, error %v", i, k.Key, err)
		}
		if i++; i%50 == 0 {
			mustMark(t, s, "b1", inBatch(k.Key, registry.BatchStarted, "", start()))
		}
	}
	if i != n {
		t.Errorf("%d keys waited, want %d", i, n)
	}
	if got := len(batchKeys(t, s, "b1", registry.BatchWaiting, ids[699])); got != 600-12 {
		t.Errorf("of the last 600 keys %d wait, want %d", got, 600-12)
	}
	var sum, started int
	for _, p := range progress(t, s, "b1") {
		sum, started = sum+p.Keys(), started+p.Started
	}
	if sum != n || started != n/50 {
		t.Errorf("of %d keys %d are started, want %d of %d", sum, started, n/50, n)
	}
}

// progressInOrder counts every state of every account, in the order of bytes.
func progressInOrder(t *testing.T, s registry.Store) {
	want := []registry.BatchProgress{
		{Issuer: keyturn.Issuer{Provider: "aws", Account: "10"}, Waiting: 1, Started: 2, Skipped: 3, Done: 4, Failed: 5},
		{Issuer: keyturn.Issuer{Provider: "aws", Account: "9"}, Done: 1},
		{Issuer: keyturn.Issuer{Provider: "stripe", Account: "B"}, Waiting: 2},
		{Issuer: keyturn.Issuer{Provider: "stripe", Account: "b"}, Failed: 1, Skipped: 1},
	}
	var ids []keyturn.KeyID
	var marks []registry.BatchKey
	for _, p := range want {
		for i, n := range []int{p.Waiting, p.Started, p.Skipped, p.Done, p.Failed} {
			for range n {
				id := keyturn.KeyID(fmt.Sprintf("key-%02d", len(ids)))
				mustSave(t, s, of(id, p.Issuer.Provider, p.Issuer.Account), "e/"+string(id))
				ids, marks = append(ids, id), append(marks, inBatch(id, everyState()[i], "", start()))
			}
		}
	}
	mustAddBatch(t, s, batch("b1"), ids...)
	mustMark(t, s, "b1", marks...)
	diff(t, "progress", progress(t, s, "b1"), want)
	if p := want[0]; p.Keys() != 15 || p.Open() != 3 {
		t.Errorf("%d keys, %d open; want 15 and 3", p.Keys(), p.Open())
	}
}
