package registrytest

import (
	"testing"
	"time"

	"github.com/keyturn/keyturn/registry"
)

// BenchmarkClaimNotices claims 100 of 100,000 notices that are all due, and
// gives them back.
func BenchmarkClaimNotices(b *testing.B, open func(b *testing.B) registry.Store) {
	s := open(b)
	fillOutbox(b, s, benchKeys)
	const limit = 100
	for b.Loop() {
		notices, err := s.ClaimNotices(b.Context(), start(), lease, limit)
		if err != nil || len(notices) != limit {
			b.Fatalf("%d notices, error %v; want %d", len(notices), err, limit)
		}
		if err := s.DeferNotices(b.Context(), noticeIDs(notices), start()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkNothingIsDue claims while 100,000 notices wait for the end of quiet
// hours, which is what a worker does all night.
func BenchmarkNothingIsDue(b *testing.B, open func(b *testing.B) registry.Store) {
	s := open(b)
	fillOutbox(b, s, benchKeys)
	night := start().Add(12 * time.Hour)
	for {
		notices, err := s.ClaimNotices(b.Context(), start(), lease, 2000)
		if err != nil {
			b.Fatal(err)
		}
		if len(notices) == 0 {
			break
		}
		if err := s.DeferNotices(b.Context(), noticeIDs(notices), night); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if notices, err := s.ClaimNotices(b.Context(), start(), lease, 100); err != nil || len(notices) != 0 {
			b.Fatalf("%d notices, error %v; want none", len(notices), err)
		}
	}
}
