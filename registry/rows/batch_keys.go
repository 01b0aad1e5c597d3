package rows

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// The conditions on a row of batch_keys that may still change: MayEnd for the end
// of an operation, and MayMark for the word of anybody else, who says the state
// that is to be filled in. What was started is not skipped any more.
const (
	MayEnd  = "state <> '" + string(registry.BatchDone) + "'"
	MayMark = MayEnd + " AND (state <> '" + string(registry.BatchFailed) + "' OR %[1]s = '" + string(registry.BatchWaiting) + "')" +
		" AND (state <> '" + string(registry.BatchStarted) + "' OR %[1]s <> '" + string(registry.BatchSkipped) + "')"
)

// PrepareMarks checks what is to be marked in a batch, and puts it in order.
func PrepareMarks(op, batch string, keys []registry.BatchKey) ([]registry.BatchKey, error) {
	keys = slices.Clone(keys)
	slices.SortFunc(keys, func(a, b registry.BatchKey) int { return cmp.Compare(a.Key, b.Key) })
	for i := range keys {
		k := &keys[i]
		problem := ""
		switch {
		case !stateKnown(k.State):
			problem = fmt.Sprintf("there is no state %q of a key in a batch", k.State)
		case k.At.IsZero():
			problem = "its state needs a time"
		case i > 0 && keys[i-1].Key == k.Key:
			problem = "is there twice; mark each key once"
		case !storable(string(k.Key), k.Why):
			problem = "holds text that is not UTF-8, or a NUL character; remove it"
		}
		if problem != "" {
			return nil, keyturn.Errorf(keyturn.Invalid, op, "key %q of batch %q: %s", k.Key, batch, problem)
		}
		k.At = k.At.UTC().Truncate(time.Microsecond)
	}
	return keys, nil
}

func stateKnown(state registry.BatchState) bool {
	switch state {
	case registry.BatchWaiting, registry.BatchStarted, registry.BatchSkipped, registry.BatchDone, registry.BatchFailed:
		return true
	}
	return false
}

// NotInBatch says that a key cannot be marked because it is not of the batch.
func NotInBatch(op, batch, key string) error {
	return keyturn.Errorf(keyturn.NotFound, op, "there is no key %q in a batch %q; mark keys of one batch only", key, batch)
}

// SelectBatchKeys reads one page of the keys of a batch, only those in state
// unless that is empty.
func SelectBatchKeys(batch string, state registry.BatchState, after keyturn.KeyID) (query string, args []any) {
	where, args := "", []any{batch, string(after)}
	if state != "" {
		where, args = " AND state = $3", append(args, string(state))
	}
	return fmt.Sprintf("SELECT key_id, provider, account, state, why, at FROM batch_keys "+
		"WHERE batch = $1 AND key_id > $2%s ORDER BY key_id LIMIT %d", where, pageSize), args
}

// BatchKeys follows pages in ID order.
func BatchKeys(ctx context.Context, after keyturn.KeyID, page func(after keyturn.KeyID) ([]registry.BatchKey, error)) iter.Seq2[registry.BatchKey, error] {
	return pages(ctx, after, func(after keyturn.KeyID) ([]registry.BatchKey, keyturn.KeyID, bool, error) {
		keys, err := page(after)
		if len(keys) > 0 {
			after = keys[len(keys)-1].Key
		}
		return keys, after, len(keys) == pageSize, err
	})
}

// SelectProgress counts the keys of a batch by account and state, from an index
// alone.
const SelectProgress = "SELECT provider, account, state, count(*) FROM batch_keys WHERE batch = $1 GROUP BY provider, account, state"

// A StateCount is how many keys of an account are in a state.
type StateCount struct {
	Issuer keyturn.Issuer
	State  registry.BatchState
	Keys   int
}

// Progress puts the counts of each account together, the accounts in order.
func Progress(counts []StateCount) []registry.BatchProgress {
	slices.SortFunc(counts, func(a, b StateCount) int { return compare(a.Issuer, b.Issuer) })
	var all []registry.BatchProgress
	for _, c := range counts {
		if len(all) == 0 || all[len(all)-1].Issuer != c.Issuer {
			all = append(all, registry.BatchProgress{Issuer: c.Issuer})
		}
		*state(&all[len(all)-1], c.State) = c.Keys
	}
	return all
}

func state(p *registry.BatchProgress, s registry.BatchState) *int {
	switch s {
	case registry.BatchWaiting:
		return &p.Waiting
	case registry.BatchStarted:
		return &p.Started
	case registry.BatchSkipped:
		return &p.Skipped
	case registry.BatchDone:
		return &p.Done
	}
	return &p.Failed
}
