package registrytest

import (
	"fmt"
	"testing"

	"github.com/keyturn/keyturn/registry"
)

// BenchmarkReport reports 500 findings: new ones each time, and ones that are
// open already.
func BenchmarkReport(b *testing.B, open func(b *testing.B) registry.Store) {
	s := open(b)
	found := make([]registry.Finding, 500)
	round := 0
	for _, fresh := range []bool{true, false} {
		name := map[bool]string{true: "new", false: "known"}[fresh]
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if fresh {
					round++
				}
				for i := range found {
					found[i] = finding(fmt.Sprintf("AKIA-%d-%d", round, i))
				}
				opened, err := s.Report(b.Context(), found)
				if err != nil || fresh != (opened == len(found)) {
					b.Fatalf("%d of %s findings opened, error %v", opened, name, err)
				}
			}
		})
	}
}
