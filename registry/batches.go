package registry

import (
	"context"
	"iter"
	"time"

	"github.com/keyturn/keyturn"
)

// Batches keeps operations that one person asked for on many keys at once, and
// how far each of them is. A batch and its keys are kept for ever.
type Batches interface {
	// AddBatch records a batch and the keys it is about, each once and Waiting, in
	// one transaction. The same id again, with whatever content, is a Conflict. A key
	// that is not in the registry is NotFound and names it; a batch without an id,
	// a reason, an actor, a time, or keys is Invalid.
	AddBatch(ctx context.Context, b Batch, keys []keyturn.KeyID) error
	// Batch returns a batch, or a NotFound error.
	Batch(ctx context.Context, id string) (Batch, error)
	// Batches returns the last n batches, newest first. n below 1 is Invalid.
	Batches(ctx context.Context, n int) ([]Batch, error)
	// BatchKeys yields the keys of a batch in ID order, only those in state unless
	// that is empty, and only ids greater than after. It reads pages as Find does.
	// A batch that there is not has no keys.
	BatchKeys(ctx context.Context, id string, state BatchState, after keyturn.KeyID) iter.Seq2[BatchKey, error]
	// MarkBatch sets State, Why and At of keys of a batch in one transaction. A
	// key that is Done stays as it is, and so does one that Failed unless it is
	// marked Waiting again: a word that comes late changes no end. One that was
	// Started is not Skipped any more. A key that is not of the batch is NotFound;
	// one that is there twice or lacks a state or a time is Invalid; and none is
	// marked then.
	MarkBatch(ctx context.Context, id string, keys []BatchKey) error
	// BatchProgress counts the keys of a batch by provider account, in the order
	// of providers and then accounts.
	BatchProgress(ctx context.Context, id string) ([]BatchProgress, error)
}

// A Batch is one operation on many keys.
type Batch struct {
	ID       string // opaque: it is in workflow ids and search attributes
	Selector string // which keys it is about, as it was asked for
	Reason   string // a word
	Note     string
	Actor    string
	Now      bool // without soak, as after a leak
	// Overlap is how long old and new both work, at most; 0 leaves it to each key's
	// policy.
	Overlap keyturn.Duration
	// Urgent ones are held by no maintenance window and no freeze.
	Urgent bool
	At     time.Time
	Keys   int // how many; AddBatch sets it
}

// A BatchState is how far a batch is with one key.
type BatchState string

// The states of a key in a batch. Save sets the last two, for an event with
// Batch set that is Completed or RolledBack, in the event's transaction.
const (
	BatchWaiting BatchState = "waiting" // not begun
	BatchStarted BatchState = "started" // its workflow was started
	BatchSkipped BatchState = "skipped" // it cannot be begun; Why says why
	BatchDone    BatchState = "done"    // it ended well
	BatchFailed  BatchState = "failed"  // it was rolled back, Why being the event's Detail, or another batch took it over
)

// A BatchKey is a key in a batch.
type BatchKey struct {
	Key    keyturn.KeyID  `json:"key"`
	Issuer keyturn.Issuer `json:"issuer"` // as it was when the batch was made
	State  BatchState     `json:"state"`
	Why    string         `json:"why,omitempty"`
	At     time.Time      `json:"at,omitzero"` // of its state
}

// BatchProgress is how far a batch is with the keys of one provider account.
type BatchProgress struct {
	Issuer                                  keyturn.Issuer
	Waiting, Started, Skipped, Done, Failed int
}

// Keys is how many there are.
func (p BatchProgress) Keys() int { return p.Waiting + p.Started + p.Skipped + p.Done + p.Failed }

// Open is how many are not at an end.
func (p BatchProgress) Open() int { return p.Waiting + p.Started }
