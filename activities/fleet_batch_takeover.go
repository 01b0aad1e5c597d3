package activities

import (
	"context"
	"errors"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// TakenOver begins why a key of a batch that was started Failed without having
// begun: another batch, whose id follows, had its rotation begin at once and for
// that batch. One that was started cannot be skipped. It is kept in the registry.
const TakenOver = "taken over by batch "

// lose notes that another batch lost a key to this one.
func (s *batchStart) lose(former string, k registry.BatchKey) {
	if former == "" {
		return
	}
	k.State, k.Why = registry.BatchFailed, TakenOver+s.batch.ID
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lost[former] = append(s.lost[former], k)
}

// markLost ends the rows of what other batches lost. One that the registry does
// not have, as after it was restored from an old backup, has no rows to end.
func (s *batchStart) markLost(ctx context.Context) (err error) {
	for batch, keys := range s.lost {
		if markErr := s.Registry.MarkBatch(ctx, batch, keys); keyturn.KindOf(markErr) != keyturn.NotFound {
			err = errors.Join(err, markErr)
		}
	}
	clear(s.lost)
	return err
}
