package activities

import (
	"context"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/rollout"
)

// awaitConsumers looks once at every consumer the entry names. All moved, or
// nothing can be said about the rest: done, with the names of the rest.
func (b *bench) awaitConsumers(ctx context.Context, deadline time.Time) (unknown []string, err error) {
	move := rollout.Move{Key: b.key, New: *b.key.Current()}
	for _, i := range b.key.Ledger {
		if i.Generation != move.New.Generation {
			move.Old = append(move.Old, i)
		}
	}
	var behind []string
	for _, c := range b.key.Storage.Consumers {
		status, err := b.look(ctx, c, move)
		if err != nil {
			return nil, err
		}
		switch status {
		case rollout.Behind:
			behind = append(behind, c.String())
		case rollout.Unknown:
			unknown = append(unknown, c.String())
		}
	}
	if len(behind) == 0 {
		return unknown, nil
	}
	left := deadline.Sub(b.Now())
	if left <= 0 {
		return nil, b.errorf(keyturn.Behind, "%d of %d consumers did not move in time: %s",
			len(behind), len(b.key.Storage.Consumers), strings.Join(behind, ", "))
	}
	return nil, b.notYet(min(b.Poll, left), "%d of %d consumers have not moved: %s",
		len(behind), len(b.key.Storage.Consumers), strings.Join(behind, ", "))
}

// lastUsed is the consumer kind that asks the vendor, by the key's id.
const lastUsed = "last_used"

// look reports one consumer's status. One that cannot be reached is behind,
// not unknown: it may have fallen over because of the new key.
func (b *bench) look(ctx context.Context, c keyturn.Consumer, m rollout.Move) (rollout.Status, error) {
	checker, ok := b.Checkers[c.Kind]
	if !ok || c.Kind == lastUsed && !b.named(m.New) {
		return rollout.Unknown, nil
	}
	report, err := checker.Check(ctx, c, m)
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case keyturn.KindOf(err).Retryable():
		return rollout.Behind, nil
	case err != nil:
		return "", err
	}
	return report.Status, nil
}
