package local_test

import (
	"context"
	"testing"

	"github.com/keyturn/keyturn"
)

// BenchmarkRotation stages, promotes and destroys one generation, with every
// write on disk before it returns.
func BenchmarkRotation(b *testing.B) {
	ctx := context.Background()
	s := open(b, b.TempDir())
	var former keyturn.SecretVersion
	for n := 1; b.Loop(); n++ {
		v := stage(b, s, "payments/stripe-live", n)
		if err := s.Promote(ctx, ref("payments/stripe-live"), former, v); err != nil {
			b.Fatal(err)
		}
		if former != "" {
			if err := s.Destroy(ctx, ref("payments/stripe-live"), former); err != nil {
				b.Fatal(err)
			}
		}
		former = v
	}
}
