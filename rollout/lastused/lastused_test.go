package lastused_test

import (
	"context"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/rollout"
	"github.com/keyturn/keyturn/rollout/lastused"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	promoted := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	move := rollout.Move{New: keyturn.Issued{RemoteID: "new", Promoted: promoted}}
	for name, c := range map[string]struct {
		last time.Time
		err  error
		want rollout.Status
		kind keyturn.Kind
	}{
		"never used":                 {want: rollout.Behind},
		"used by our own check":      {last: promoted.Add(-time.Second), want: rollout.Behind},
		"used since":                 {last: promoted.Add(time.Second), want: rollout.Moved},
		"no such record is kept":     {err: keyturn.Errorf(keyturn.Unsupported, "x", "y"), want: rollout.Unknown},
		"the vendor does not answer": {err: keyturn.Errorf(keyturn.Unavailable, "x", "y"), kind: keyturn.Unavailable},
	} {
		checker := lastused.Checker{LastUsed: func(_ context.Context, _ keyturn.Scope, id string) (time.Time, error) {
			if id != "new" {
				t.Errorf("asked about %s", id)
			}
			return c.last, c.err
		}}
		got, err := checker.Check(t.Context(), keyturn.Consumer{Kind: lastused.Kind}, move)
		if got.Status != c.want || keyturn.KindOf(err) != c.kind {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}
