package registrytest

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// batch is a batch with every field set.
func batch(id string) registry.Batch {
	return registry.Batch{
		ID: id, Selector: "provider=aws owner-team=payments", Reason: "leak", Note: "incident 4711",
		Actor: "alice@example.com", Now: true, Overlap: keyturn.Duration(36*time.Hour + 1), Urgent: true, At: start(),
	}
}

func mustAddBatch(t *testing.T, s registry.Store, b registry.Batch, keys ...keyturn.KeyID) {
	t.Helper()
	if err := s.AddBatch(t.Context(), b, keys); err != nil {
		t.Fatalf("AddBatch %s: %v", b.ID, err)
	}
}

func batchKeys(t *testing.T, s registry.Store, id string, state registry.BatchState, after keyturn.KeyID) []registry.BatchKey {
	t.Helper()
	var keys []registry.BatchKey
	for k, err := range s.BatchKeys(t.Context(), id, state, after) {
		if err != nil {
			t.Fatalf("BatchKeys %s: %v", id, err)
		}
		keys = append(keys, k)
	}
	return keys
}

func progress(t *testing.T, s registry.Store, id string) []registry.BatchProgress {
	t.Helper()
	got, err := s.BatchProgress(t.Context(), id)
	if err != nil {
		t.Fatalf("BatchProgress %s: %v", id, err)
	}
	return got
}

// inBatch is a sample in a state in a batch.
func inBatch(id keyturn.KeyID, state registry.BatchState, why string, at time.Time) registry.BatchKey {
	return registry.BatchKey{Key: id, Issuer: sample(id).Scope.Issuer(), State: state, Why: why, At: at}
}

// addedBatch asks for a batch as it was added, with keys of several accounts. A
// key is of it once, and stays with the account where it was.
func addedBatch(t *testing.T, s registry.Store) {
	mustSave(t, s, sample("b-key"), "e1")
	gone := sample("gone")
	gone.Retired = start()
	mustSave(t, s, gone, "e2")
	moved := mustSave(t, s, of("a-key", "stripe", "acct_1"), "e3")
	b := batch("b1")
	b.At = b.At.Add(123456789).In(time.FixedZone("", 3600))
	mustAddBatch(t, s, b, "gone", "b-key", "a-key", "b-key")
	moved.Scope.Account = "acct_2"
	mustSave(t, s, moved, "e4")

	b.At, b.Keys = start().Add(123456*time.Microsecond), 3
	got, err := s.Batch(t.Context(), "b1")
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "batch", got, b)
	want := []registry.BatchKey{
		inBatch("a-key", registry.BatchWaiting, "", b.At), inBatch("b-key", registry.BatchWaiting, "", b.At), inBatch("gone", registry.BatchWaiting, "", b.At),
	}
	want[0].Issuer = keyturn.Issuer{Provider: "stripe", Account: "acct_1"}
	diff(t, "keys", batchKeys(t, s, "b1", "", ""), want)
	diff(t, "progress", progress(t, s, "b1"), []registry.BatchProgress{{Issuer: want[1].Issuer, Waiting: 2}, {Issuer: want[0].Issuer, Waiting: 1}})
}

// refusedBatches leave nothing behind, and say what is wrong.
func refusedBatches(t *testing.T, s registry.Store) {
	fill(t, s, 3, "key-%d", nil)
	mustAddBatch(t, s, batch("taken"), "key-1")
	good := []keyturn.KeyID{"key-0", "key-1"}
	for name, c := range map[string]struct {
		edit func(*registry.Batch)
		keys []keyturn.KeyID
		want keyturn.Kind
		word string // that the error holds
	}{
		"no id":              {func(b *registry.Batch) { b.ID = "" }, good, keyturn.Invalid, "id"},
		"no reason":          {func(b *registry.Batch) { b.Reason = "" }, good, keyturn.Invalid, "b1"},
		"no actor":           {func(b *registry.Batch) { b.Actor = "" }, good, keyturn.Invalid, "b1"},
		"no time":            {func(b *registry.Batch) { b.At = time.Time{} }, good, keyturn.Invalid, "b1"},
		"overlap below 0":    {func(b *registry.Batch) { b.Overlap = -1 }, good, keyturn.Invalid, "b1"},
		"no keys":            {func(*registry.Batch) {}, nil, keyturn.Invalid, "b1"},
		"NUL":                {func(b *registry.Batch) { b.Note = "nu\x00l" }, good, keyturn.Invalid, "b1"},
		"not UTF-8":          {func(b *registry.Batch) { b.Selector = "caf\xe9" }, good, keyturn.Invalid, "b1"},
		"NUL in a key":       {func(*registry.Batch) {}, []keyturn.KeyID{"key-0", "nu\x00l"}, keyturn.Invalid, "b1"},
		"no such key":        {func(*registry.Batch) {}, []keyturn.KeyID{"key-0", "nobody", "key-2"}, keyturn.NotFound, "nobody"},
		"a key without name": {func(*registry.Batch) {}, []keyturn.KeyID{"key-0", ""}, keyturn.NotFound, `""`},
		"taken":              {func(b *registry.Batch) { b.ID = "taken" }, good, keyturn.Conflict, "taken"},
		"taken, other keys":  {func(b *registry.Batch) { b.ID = "taken" }, []keyturn.KeyID{"nobody"}, keyturn.Conflict, "taken"},
	} {
		b := batch("b1")
		c.edit(&b)
		err := s.AddBatch(t.Context(), b, c.keys)
		t.Log(name, err)
		wantKind(t, err, c.want)
		if !strings.Contains(err.Error(), c.word) {
			t.Errorf("%s: error %q does not hold %q", name, err, c.word)
		}
	}
	_, err := s.Batch(t.Context(), "b1")
	wantKind(t, err, keyturn.NotFound)
	if !strings.Contains(err.Error(), "b1") {
		t.Errorf("error %q does not name the batch", err)
	}
	diff(t, "keys of a batch there is not", batchKeys(t, s, "b1", "", ""), []registry.BatchKey(nil))
	if got := progress(t, s, "b1"); len(got) != 0 {
		t.Errorf("a batch there is not has progress %+v", got)
	}
	diff(t, "the one from before", batchKeys(t, s, "taken", "", ""), []registry.BatchKey{inBatch("key-1", registry.BatchWaiting, "", start())})
	mustAddBatch(t, s, batch("b1"), good...) // a refusal does not take its id
}

// batchesOfOneID: of many that come at once with one id, one is added.
func batchesOfOneID(t *testing.T, s registry.Store) {
	fill(t, s, 4, "key-%d", nil)
	var wg sync.WaitGroup
	var added atomic.Int32
	for i := range 4 {
		wg.Go(func() {
			switch err := s.AddBatch(t.Context(), batch("raced"), []keyturn.KeyID{keyturn.KeyID(fmt.Sprintf("key-%d", i))}); {
			case err == nil:
				added.Add(1)
			case keyturn.KindOf(err) != keyturn.Conflict:
				t.Errorf("AddBatch: %v, want success or a conflict", err)
			}
		})
	}
	wg.Wait()
	if keys := batchKeys(t, s, "raced", "", ""); added.Load() != 1 || len(keys) != 1 {
		t.Errorf("%d batches of one id were added, with %d keys", added.Load(), len(keys))
	}
}

// lastBatches come newest first, and of one moment the one added last.
func lastBatches(t *testing.T, s registry.Store) {
	mustSave(t, s, sample("a-key"), "e1")
	last := func(n int) (ids []string) {
		t.Helper()
		batches, err := s.Batches(t.Context(), n)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range batches {
			ids = append(ids, b.ID)
		}
		return ids
	}
	diff(t, "none yet", last(5), []string(nil))
	for id, after := range map[string]time.Duration{"old": -time.Hour, "new": time.Hour} {
		b := batch(id)
		b.At = b.At.Add(after)
		mustAddBatch(t, s, b, "a-key")
	}
	mustAddBatch(t, s, batch("z"), "a-key")
	mustAddBatch(t, s, batch("a"), "a-key")
	diff(t, "all", last(5), []string{"new", "a", "z", "old"})
	diff(t, "some", last(2), []string{"new", "a"})
	_, err := s.Batches(t.Context(), 0)
	wantKind(t, err, keyturn.Invalid)
}
