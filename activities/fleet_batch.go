package activities

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
	"golang.org/x/sync/errgroup"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/fleet"
	"github.com/keyturn/keyturn/registry"
)

// StartBatchInput asks to begin the next keys of a batch.
type StartBatchInput struct {
	Batch string        `json:"batch"`
	After keyturn.KeyID `json:"after,omitempty"` // the last key that was looked at
	// From is when this pass over the batch began, and Taken how many keys of each
	// account have been given a time to begin since.
	From  time.Time      `json:"from"`
	Taken map[string]int `json:"taken,omitempty"`
}

// StartBatchResult is what came of it.
type StartBatchResult struct {
	Tally BatchTally `json:"tally"`
	// Next asks for the keys after these, if there are More.
	Next StartBatchInput `json:"next"`
	More bool            `json:"more,omitempty"`
}

// A BatchTally counts what became of a batch's keys.
type BatchTally struct {
	Started int `json:"started"`
	Skipped int `json:"skipped,omitempty"`
}

// Add adds up two tallies.
func (t *BatchTally) Add(o BatchTally) {
	t.Started += o.Started
	t.Skipped += o.Skipped
}

// Why a key of a batch is skipped. These words are kept in the registry.
const (
	SkipEnded    = "ended for good"
	SkipUnissued = "never issued"
	SkipReplaced = "replaced since the batch was made"
	SkipBusy     = "another operation is under way"
	SkipPaused   = "its account is paused"
	SkipUnserved = "no worker serves its account"
	SkipStopped  = "the batch was stopped"
	SkipRefused  = "Temporal does not take it" // the worker's log says why
)

// clockSkew is how far the clocks of an operator's machine and of a vendor may be
// apart. A key that was replaced just after the batch was made is rather replaced
// once more than left out although it was made before.
const clockSkew = 10 * time.Minute

const (
	batchPage   = 500 // keys of one call
	batchChunk  = 50  // keys that are read, begun and marked together
	batchStarts = 8   // begun at the same time
)

// StartBatch begins the next waiting keys of a batch, at most batchPage of them.
// Those of one account begin one after the other, as far apart as its rate asks
// for, so that not all old keys are in use twice before the first is ended. It is
// safe to repeat: a key is marked after it has begun, and one that had begun
// already is not begun again, and keeps its time.
func (a *Fleet) StartBatch(ctx context.Context, in StartBatchInput) (StartBatchResult, error) {
	s := &batchStart{Fleet: a, StartBatchResult: StartBatchResult{Next: in, More: true}, lost: map[string][]registry.BatchKey{}}
	s.Next.Taken = map[string]int{}
	maps.Copy(s.Next.Taken, in.Taken)
	var err error
	if s.batch, err = a.Registry.Batch(ctx, in.Batch); err != nil {
		return StartBatchResult{}, err
	}
	if s.accounts, err = a.status(ctx); err != nil {
		return StartBatchResult{}, err
	}
	for n := 0; s.More && n < batchPage; n += batchChunk {
		keys, err := s.read(ctx)
		if err != nil {
			return StartBatchResult{}, err
		}
		if err := s.chunk(ctx, keys); err != nil {
			return StartBatchResult{}, err
		}
	}
	return s.StartBatchResult, nil
}

// batchStart is one call of StartBatch.
type batchStart struct {
	*Fleet
	StartBatchResult
	batch    registry.Batch
	accounts map[keyturn.Issuer]registry.AccountStatus
	mu       sync.Mutex                     // guards Next.Taken and lost while keys are begun
	lost     map[string][]registry.BatchKey // what other batches lost to this one, and is not marked yet
}

// read reads the next keys that wait. What this pass has begun already, before
// its worker died, keeps the time it was given.
func (s *batchStart) read(ctx context.Context) ([]registry.BatchKey, error) {
	var out []registry.BatchKey
	for k, err := range s.Registry.BatchKeys(ctx, s.batch.ID, "", s.Next.After) {
		if err != nil {
			return nil, err
		}
		s.Next.After = k.Key
		switch {
		case k.State == registry.BatchWaiting:
			out = append(out, k)
		case k.State != registry.BatchSkipped && !k.At.Before(s.Next.From):
			s.Next.Taken[k.Issuer.String()]++
		}
		if len(out) == batchChunk {
			return out, nil
		}
	}
	s.More = false
	return out, nil
}

// chunk begins keys, several at a time, and marks what became of them. What has
// begun is marked although another key failed, or the call is cancelled.
func (s *batchStart) chunk(ctx context.Context, keys []registry.BatchKey) error {
	group, beginCtx := errgroup.WithContext(ctx)
	group.SetLimit(batchStarts)
	for i := range keys {
		group.Go(func() error { return s.key(beginCtx, &keys[i]) })
	}
	err := group.Wait()
	var marks []registry.BatchKey
	for _, k := range keys {
		switch k.State {
		case registry.BatchStarted:
			s.Tally.Started++
		case registry.BatchSkipped:
			s.Tally.Skipped++
		default:
			continue
		}
		marks = append(marks, k)
	}
	short, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	markErr := s.markLost(short)
	if len(marks) > 0 {
		markErr = errors.Join(s.Registry.MarkBatch(short, s.batch.ID, marks), markErr)
	}
	if markErr != nil {
		return markErr
	}
	return err
}

// key begins a key, or says why it is skipped.
func (s *batchStart) key(ctx context.Context, k *registry.BatchKey) error {
	key, err := s.Registry.Get(ctx, k.Key)
	if kind := keyturn.KindOf(err); err != nil && kind.Retryable() {
		return err
	} else if err != nil {
		s.mark(k, registry.BatchSkipped, fmt.Sprintf("its entry cannot be read (%s)", kind))
		return nil
	}
	if why := s.obstacle(&key); why != "" {
		s.mark(k, registry.BatchSkipped, why)
		return nil
	}
	begun, err := s.Engine.Begin(ctx, Start{
		Operation: keyturn.Rotate, Key: &key, Batch: s.batch.ID, Now: s.batch.Now, Overlap: s.batch.Overlap, Urgent: s.batch.Urgent, Hurry: true, After: s.slot(key.Scope.Issuer()),
		Cause: Cause{Reason: s.batch.Reason, Note: s.batch.Note, Actor: s.batch.Actor},
		Since: s.since(k),
	})
	switch {
	case keyturn.KindOf(err) == keyturn.Invalid: // about this key; the others go on
		activity.GetLogger(ctx).Error("a rotation cannot be started", "key", string(k.Key), "error", err)
		s.mark(k, registry.BatchSkipped, SkipRefused)
	case err != nil:
		return err
	case begun.What == Busy:
		s.mark(k, registry.BatchSkipped, SkipBusy)
	default:
		s.mark(k, registry.BatchStarted, "")
		s.lose(begun.Former, *k)
	}
	return nil
}

// since is when a key began to wait once more; zero if it was never tried. An
// operator's clock that is wrong does no harm to what is tried for the first time.
func (s *batchStart) since(k *registry.BatchKey) time.Time {
	if k.At.Equal(s.batch.At) {
		return time.Time{}
	}
	return k.At
}

func (s *batchStart) mark(k *registry.BatchKey, state registry.BatchState, why string) {
	k.State, k.Why, k.At = state, why, s.Now()
}

// obstacle is why a key is not begun; empty if nothing is in the way.
func (s *batchStart) obstacle(k *keyturn.Key) string {
	account, current := s.accounts[k.Scope.Issuer()], k.Current()
	switch {
	case !k.Retired.IsZero():
		return SkipEnded
	case current == nil:
		return SkipUnissued
	case k.Intent != nil && k.Intent.Operation != keyturn.Rotate:
		return SkipBusy
	case k.Intent == nil && current.Created.After(s.batch.At.Add(clockSkew)):
		return SkipReplaced
	case account.Paused != nil:
		return SkipPaused
	case !Served(account, s.Now()):
		return SkipUnserved
	}
	return ""
}

// slot is how long from now the next key of an account begins.
func (s *batchStart) slot(issuer keyturn.Issuer) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.Next.Taken[issuer.String()]
	s.Next.Taken[issuer.String()]++
	at := s.Next.From.Add(time.Duration(n) * fleet.Gap(s.accounts[issuer].Rate, fleet.Load))
	return max(at.Sub(s.Now()), 0)
}
