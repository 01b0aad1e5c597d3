package registrytest

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keyturn/keyturn/registry"
)

// reportedTwice: the last of two in one report counts, and it opens once.
func reportedTwice(t *testing.T, s registry.Store) {
	first, last := finding("AKIA1"), finding("AKIA1")
	last.Detail, last.Found = "the last word", start()
	mustReport(t, s, 2, first, finding("AKIA2"), last)
	mustReport(t, s, 1, finding("AKIA3"), finding("AKIA3"))
	diff(t, "what is kept", mustFinding(t, s, last.ID), last)
}

// findingsAtOnce reports the same findings from many sides while they are
// settled: each that opens is counted once.
func findingsAtOnce(t *testing.T, s registry.Store) {
	const n, workers, rounds = 40, 4, 4
	var opened, settled atomic.Int32
	var wg sync.WaitGroup
	for worker := range workers {
		wg.Go(func() {
			for round := range rounds {
				var found []registry.Finding
				for i := range n {
					f := finding(fmt.Sprint("AKIA", (i*(1+worker*2))%n)) // each in another order
					f.Seen = start().Add(time.Duration(round) * time.Hour)
					found = append(found, f)
				}
				got, err := s.Report(t.Context(), found)
				opened.Add(int32(got))
				if err != nil {
					t.Errorf("Report: %v", err)
				}
				f := found[0]
				got, err = s.Settle(t.Context(), f.Check, f.Place, f.Seen, f.Seen)
				settled.Add(int32(got))
				if err != nil {
					t.Errorf("Settle: %v", err)
				}
			}
		})
	}
	wg.Wait()
	open := len(subjects(t, s, registry.FindingFilter{}))
	if opened.Load()-settled.Load() != int32(open) {
		t.Errorf("%d opened and %d were settled, so %d are open and not %d", opened.Load(), settled.Load(), opened.Load()-settled.Load(), open)
	}
}
