package keyturn_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
)

func TestDue(t *testing.T) {
	t.Parallel()
	day := func(n int) time.Time { return time.Date(2026, 1, n, 0, 0, 0, 0, time.UTC) }
	for name, c := range map[string]struct {
		key  keyturn.Key
		want time.Time
	}{
		"nothing said":             {keyturn.Key{}, time.Time{}},
		"interval from creation":   {keyturn.Key{Created: day(1), Audit: keyturn.Audit{EveryDays: 3}}, day(4)},
		"interval from rotation":   {keyturn.Key{Created: day(1), Rotated: day(5), Audit: keyturn.Audit{EveryDays: 3}}, day(8)},
		"expiry comes first":       {keyturn.Key{Created: day(1), Expires: day(2), Audit: keyturn.Audit{EveryDays: 3}}, day(2)},
		"interval comes first":     {keyturn.Key{Created: day(1), Expires: day(9), Audit: keyturn.Audit{EveryDays: 3}}, day(4)},
		"only an expiry":           {keyturn.Key{Expires: day(9)}, day(9)},
		"interval of no beginning": {keyturn.Key{Audit: keyturn.Audit{EveryDays: 3}}, time.Time{}.AddDate(0, 0, 3)},
	} {
		if got := c.key.Due(); !got.Equal(c.want) {
			t.Errorf("%s: due %s, want %s", name, got, c.want)
		}
	}
}

func TestDurations(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]time.Duration{"90s": 90 * time.Second, "24h": 24 * time.Hour, "7d": 7 * 24 * time.Hour, "0s": 0, "1h30m": 90 * time.Minute} {
		d, err := keyturn.ParseDuration(in)
		if err != nil || time.Duration(d) != want {
			t.Errorf("%s: %v, %v", in, d, err)
		}
		again, err := keyturn.ParseDuration(d.String())
		if err != nil || again != d {
			t.Errorf("%s prints as %s, which reads as %v, %v", in, d, again, err)
		}
	}
	for _, in := range []string{"", "d", "-1d", "-5s", "1w", "soon", "1.5d"} {
		if d, err := keyturn.ParseDuration(in); err == nil {
			t.Errorf("%q was read as %s", in, d)
		}
	}
}

func TestKinds(t *testing.T) {
	t.Parallel()
	denied := keyturn.Errorf(keyturn.Denied, "acme: mint", "no")
	for _, c := range []struct {
		err   error
		kind  keyturn.Kind
		retry bool
	}{
		{nil, "", false},
		{denied, keyturn.Denied, false},
		{fmt.Errorf("around: %w", denied), keyturn.Denied, false},
		{errors.New("who knows"), keyturn.Unavailable, true},
		{keyturn.Errorf(keyturn.NotYet, "x", "y"), keyturn.NotYet, true},
	} {
		if got := keyturn.KindOf(c.err); got != c.kind || got.Retryable() != c.retry {
			t.Errorf("%v: kind %q, retryable %t", c.err, got, got.Retryable())
		}
	}
}
