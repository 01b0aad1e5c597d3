package rows

import (
	"slices"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// PrepareBatch checks a batch and its keys. It returns the batch as it is stored,
// with its time to the microsecond in UTC, and each key once, in order.
func PrepareBatch(op string, b registry.Batch, keys []keyturn.KeyID) (registry.Batch, []string, error) {
	ids := make([]string, len(keys))
	for i, id := range keys {
		ids[i] = string(id)
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	switch {
	case b.ID == "":
		return b, nil, keyturn.Errorf(keyturn.Invalid, op, "a batch needs an id")
	case b.Reason == "" || b.Actor == "" || b.At.IsZero():
		return b, nil, keyturn.Errorf(keyturn.Invalid, op, "batch %q needs a reason, an actor and a time", b.ID)
	case b.Overlap < 0:
		return b, nil, keyturn.Errorf(keyturn.Invalid, op, "batch %q has an overlap below zero; 0 leaves it to each key", b.ID)
	case len(ids) == 0:
		return b, nil, keyturn.Errorf(keyturn.Invalid, op, "batch %q has no keys", b.ID)
	case !storable(b.ID, b.Selector, b.Reason, b.Note, b.Actor) || !storable(ids...):
		return b, nil, keyturn.Errorf(keyturn.Invalid, op, "batch %q holds text that is not UTF-8, or a NUL character; remove it", b.ID)
	}
	b.At, b.Keys = b.At.UTC().Truncate(time.Microsecond), len(ids)
	return b, ids, nil
}

// The statements on batches.
const (
	InsertBatch = "INSERT INTO batches (id, selector, reason, note, actor, now, overlap, urgent, at, keys) " +
		"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (id) DO NOTHING"
	selectBatch   = "SELECT id, selector, reason, note, actor, now, overlap, urgent, at, keys FROM batches "
	SelectBatch   = selectBatch + "WHERE id = $1"
	SelectBatches = selectBatch + "ORDER BY at DESC, seq DESC LIMIT $1"
)

// BatchExists says that the id of a batch is taken.
func BatchExists(op, id string) error {
	return keyturn.Errorf(keyturn.Conflict, op, "there is a batch %q already; give each batch its own id", id)
}

// NoBatch says that there is no batch of this id.
func NoBatch(op, id string) error {
	return keyturn.Errorf(keyturn.NotFound, op, "there is no batch %q", id)
}

// NoKeyForBatch says that a batch cannot be made because one of its keys is not
// there.
func NoKeyForBatch(op, batch, key string) error {
	return keyturn.Errorf(keyturn.NotFound, op, "key %q of batch %q is not in the registry", key, batch)
}

// EndInBatch is the state that the change gives its key in the batch of its
// event, and why. ok is false if it changes none.
func (c *Change) EndInBatch() (state registry.BatchState, why string, ok bool) {
	switch {
	case c.Event.Batch == "":
	case c.Event.What == registry.Completed:
		return registry.BatchDone, "", true
	case c.Event.What == registry.RolledBack:
		return registry.BatchFailed, c.Event.Detail, true
	}
	return "", "", false
}
