package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/registry/registrytest"
	"github.com/keyturn/keyturn/registry/sqlite"
)

func open(t testing.TB, path string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestConformance(t *testing.T) {
	t.Parallel()
	registrytest.Run(t, func(t *testing.T) registry.Store { return open(t, filepath.Join(t.TempDir(), "registry.db")) })
}

func fresh(b *testing.B) registry.Store { return open(b, filepath.Join(b.TempDir(), "registry.db")) }

func BenchmarkFindDue(b *testing.B)         { registrytest.BenchmarkFindDue(b, fresh) }
func BenchmarkFindFingerprint(b *testing.B) { registrytest.BenchmarkFindFingerprint(b, fresh) }
func BenchmarkSave(b *testing.B)            { registrytest.BenchmarkSave(b, fresh) }
func BenchmarkSaveAll(b *testing.B)         { registrytest.BenchmarkSaveAll(b, fresh) }
func BenchmarkClaimNotices(b *testing.B)    { registrytest.BenchmarkClaimNotices(b, fresh) }
func BenchmarkNothingIsDue(b *testing.B)    { registrytest.BenchmarkNothingIsDue(b, fresh) }
func BenchmarkAddBatch(b *testing.B)        { registrytest.BenchmarkAddBatch(b, fresh) }
func BenchmarkMarkBatch(b *testing.B)       { registrytest.BenchmarkMarkBatch(b, fresh) }
func BenchmarkReport(b *testing.B)          { registrytest.BenchmarkReport(b, fresh) }
func BenchmarkMarked(b *testing.B)          { registrytest.BenchmarkMarked(b, fresh, func() {}) }
func BenchmarkLeaked(b *testing.B)          { registrytest.BenchmarkLeaked(b, fresh) }
func BenchmarkAccounts(b *testing.B)        { registrytest.BenchmarkAccounts(b, fresh, func() {}) }
func BenchmarkDue(b *testing.B)             { registrytest.BenchmarkDue(b, fresh, func() {}) }
func BenchmarkMadeBy(b *testing.B)          { registrytest.BenchmarkMadeBy(b, fresh, func() {}) }
func BenchmarkOwners(b *testing.B)          { registrytest.BenchmarkOwners(b, fresh, func() {}) }
func BenchmarkBatchProgress(b *testing.B)   { registrytest.BenchmarkBatchProgress(b, fresh, func() {}) }
