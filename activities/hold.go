package activities

import (
	"context"
	"time"

	"github.com/keyturn/keyturn"
)

// A Hold says that the calendar keeps a key from being changed now.
type Hold struct {
	// Opens is when it is next allowed; zero where nobody knows.
	Opens time.Time `json:"opens,omitzero"`
	Why   string    `json:"why"`
}

// heldBack asks the calendar whether the key may be changed now: the windows of
// the key's own policy, and the windows and freezes set for its team, its
// provider or for all. Undoing is never held back, and nor is what is urgent;
// then what was overridden is kept for the record.
func (b *bench) heldBack(ctx context.Context) (*Hold, error) {
	now := b.Now()
	rules, err := b.Registry.Rules(ctx, now)
	if err != nil {
		return nil, err
	}
	verdict := keyturn.MayChange(&b.key, rules, now)
	switch {
	case verdict.Open:
		return nil, nil
	case b.run.Urgent:
		b.overrode = "overrides: " + verdict.Why
		return nil, nil
	}
	return &Hold{Opens: verdict.Opens, Why: verdict.Why}, nil
}
