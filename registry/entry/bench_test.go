package entry_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/keyturn/keyturn/registry/entry"
)

// BenchmarkEstate reads and validates an estate of 100,000 files.
func BenchmarkEstate(b *testing.B) {
	const files = 100_000
	dir, full := b.TempDir(), file(b, "full.yaml")
	for i := range files {
		src := strings.NewReplacer("search-aws-indexer", fmt.Sprintf("search-%06d", i), "kv/search/indexer", fmt.Sprintf("kv/search/%06d", i)).Replace(full)
		folder := filepath.Join(dir, fmt.Sprintf("team-%03d", i/1000))
		if i%1000 == 0 {
			if err := os.Mkdir(folder, 0o755); err != nil {
				b.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("%06d.yaml", i)), []byte(src), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		checker, n := entry.NewChecker(entry.DefaultRules(now())), 0
		for e, findings := range entry.Read(dir) {
			if findings = append(findings, checker.Check(e)...); len(findings) > 0 {
				b.Fatal(findings)
			}
			n++
		}
		if n != files {
			b.Fatalf("%d entries, want %d", n, files)
		}
	}
	b.ReportMetric(files*float64(b.N)/b.Elapsed().Seconds(), "files/s")
}
