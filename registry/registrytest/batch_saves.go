package registrytest

import (
	"fmt"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// endedOf is an event that ends an operation of a batch.
func endedOf(batch, id, what, detail string, at time.Time) registry.Event {
	e := ended(id, what, at)
	e.Batch, e.Detail = batch, detail
	return e
}

// savesMoveABatch ends operations of a batch, by Save and by SaveAll.
func savesMoveABatch(t *testing.T, s registry.Store) {
	fill(t, s, 6, "key-%d", nil)
	keys := make([]keyturn.Key, 6)
	var ids []keyturn.KeyID
	for i := range keys {
		keys[i] = mustGet(t, s, keyturn.KeyID(fmt.Sprintf("key-%d", i)))
		ids = append(ids, keys[i].ID)
	}
	mustAddBatch(t, s, batch("b1"), ids...)
	mustAddBatch(t, s, batch("b2"), ids...)
	at := start().Add(time.Hour + 123456789)
	told := endedOf("b1", "e0", registry.Completed, "generation 2", at.In(time.FixedZone("", 3600)))
	told.Tell = []registry.Audience{registry.ToOwner}
	mustTell(t, s, keys[0], told)
	mustTell(t, s, keys[1], endedOf("b1", "e1", registry.RolledBack, "denied", at))
	for i, what := range []string{registry.Began, registry.Stuck, registry.Revoked, registry.Noted} { // no ends
		keys[2] = mustTell(t, s, keys[2], endedOf("b1", fmt.Sprint("e2/", i), what, "", at))
	}
	if err := s.SaveAll(t.Context(), []registry.Change{
		{Key: keys[3], Event: endedOf("b1", "e3", registry.RolledBack, "aborted", at)},
		{Key: keys[4], Event: endedOf("b1", "e4", registry.Completed, "", at)},
		{Key: keys[5], Event: endedOf("", "e5", registry.Completed, "", at)}, // an operation of its own
	}); err != nil {
		t.Fatal(err)
	}
	at = at.Truncate(time.Microsecond)
	diff(t, "the batch", batchKeys(t, s, "b1", "", ""), []registry.BatchKey{
		inBatch("key-0", registry.BatchDone, "", at),
		inBatch("key-1", registry.BatchFailed, "denied", at),
		inBatch("key-2", registry.BatchWaiting, "", start()),
		inBatch("key-3", registry.BatchFailed, "aborted", at),
		inBatch("key-4", registry.BatchDone, "", at),
		inBatch("key-5", registry.BatchWaiting, "", start()),
	})
	diff(t, "another batch of the same keys", progress(t, s, "b2"), []registry.BatchProgress{{Issuer: sample("x").Scope.Issuer(), Waiting: 6}})
	want := told
	want.Key, want.At, want.Batch, want.Tell = "key-0", at, "", nil
	diff(t, "the event in the history", events(t, s, "key-0")[1], want)
}

// savesOfAStrangeBatch name a batch that does not know the key, or that there is
// not: the event counts all the same.
func savesOfAStrangeBatch(t *testing.T, s registry.Store) {
	fill(t, s, 2, "key-%d", nil)
	mustAddBatch(t, s, batch("b1"), "key-0")
	key := mustGet(t, s, "key-1")
	key = mustTell(t, s, key, endedOf("b1", "e1", registry.Completed, "", start()))
	key = mustTell(t, s, key, endedOf("nobody", "e2", registry.RolledBack, "denied", start()))
	if err := s.SaveAll(t.Context(), []registry.Change{{Key: key, Event: endedOf("nobody", "e3", registry.Completed, "", start())}}); err != nil {
		t.Fatal(err)
	}
	if got := len(outcomes(t, s, key.Scope.Issuer(), 10)); got != 3 {
		t.Errorf("%d outcomes, want 3", got)
	}
	diff(t, "the batch", states(t, s, "b1"), []registry.BatchState{registry.BatchWaiting})
	_, err := s.Save(t.Context(), mustGet(t, s, "key-1"), endedOf("nu\x00l", "e4", registry.Completed, "", start()))
	wantKind(t, err, keyturn.Invalid)
}

// savesAfterAnEnd: done is done, and a repetition moves nothing.
func savesAfterAnEnd(t *testing.T, s registry.Store) {
	key := mustSave(t, s, sample("a-key"), "e0")
	mustAddBatch(t, s, batch("b1"), "a-key")
	later := start().Add(time.Hour)
	is := func(what string, state registry.BatchState, why string, at time.Time) {
		t.Helper()
		diff(t, what, batchKeys(t, s, "b1", "", ""), []registry.BatchKey{inBatch("a-key", state, why, at)})
	}
	failed := endedOf("b1", "run/1", registry.RolledBack, "denied", start())
	first := key
	key = mustTell(t, s, first, failed)
	is("failed", registry.BatchFailed, "denied", start())
	mustMark(t, s, "b1", inBatch("a-key", registry.BatchWaiting, "", later))
	mustTell(t, s, first, failed) // again
	if err := s.SaveAll(t.Context(), []registry.Change{{Key: first, Event: failed}}); err != nil {
		t.Fatal(err)
	}
	is("put back", registry.BatchWaiting, "", later)
	stale := first
	_, err := s.Save(t.Context(), stale, endedOf("b1", "run/stale", registry.Completed, "", later))
	wantKind(t, err, keyturn.Conflict)
	is("after a refusal", registry.BatchWaiting, "", later)

	key = mustTell(t, s, key, endedOf("b1", "run/2", registry.RolledBack, "rate limited", later))
	is("failed again", registry.BatchFailed, "rate limited", later)
	key = mustTell(t, s, key, endedOf("b1", "run/3", registry.Completed, "", later))
	is("done after all", registry.BatchDone, "", later)
	key = mustTell(t, s, key, endedOf("b1", "run/4", registry.RolledBack, "denied", later.Add(time.Hour)))
	mustTell(t, s, key, endedOf("b1", "run/5", registry.Completed, "", later.Add(time.Hour)))
	is("done", registry.BatchDone, "", later)
}
