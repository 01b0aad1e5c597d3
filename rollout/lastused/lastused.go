// Package lastused takes the provider's own record of use as the evidence that
// consumers moved: the new key was used.
package lastused

import (
	"context"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/rollout"
)

// Kind is the consumer kind this package checks.
const Kind = "last_used"

// A Checker asks a provider through LastUsed, which returns the zero time for
// "never" and an Unsupported error where the provider keeps no such record.
type Checker struct {
	LastUsed func(ctx context.Context, scope keyturn.Scope, remoteID string) (time.Time, error)
}

var _ rollout.Checker = Checker{}

// Kind implements rollout.Checker.
func (Checker) Kind() string { return Kind }

// Check implements rollout.Checker. Our own check of the new key counts as use
// too, at most vendors, so only use after the promotion is evidence.
func (c Checker) Check(ctx context.Context, _ keyturn.Consumer, m rollout.Move) (rollout.Report, error) {
	last, err := c.LastUsed(ctx, m.Key.Scope, m.New.RemoteID)
	switch {
	case keyturn.KindOf(err) == keyturn.Unsupported:
		return rollout.Report{Status: rollout.Unknown, Detail: "the provider keeps no record of use"}, nil
	case err != nil:
		return rollout.Report{}, err
	case last.After(m.New.Promoted):
		return rollout.Report{Status: rollout.Moved, Detail: "the new key is in use"}, nil
	}
	return rollout.Report{Status: rollout.Behind, Detail: "the new key was not used since consumers could read it"}, nil
}
