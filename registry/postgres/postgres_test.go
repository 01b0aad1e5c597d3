package postgres_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/registry/postgres"
	"github.com/keyturn/keyturn/registry/registrytest"
	"github.com/keyturn/keyturn/servertest"
)

func open(t testing.TB, url string) *postgres.Store {
	t.Helper()
	s, err := postgres.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestConformance(t *testing.T) {
	t.Parallel()
	registrytest.Run(t, func(t *testing.T) registry.Store { return open(t, servertest.Postgres(t)) })
}

func fresh(b *testing.B) registry.Store { return open(b, servertest.Postgres(b)) }

func BenchmarkFindDue(b *testing.B)         { registrytest.BenchmarkFindDue(b, fresh) }
func BenchmarkFindFingerprint(b *testing.B) { registrytest.BenchmarkFindFingerprint(b, fresh) }
func BenchmarkSave(b *testing.B)            { registrytest.BenchmarkSave(b, fresh) }
func BenchmarkSaveAll(b *testing.B)         { registrytest.BenchmarkSaveAll(b, fresh) }
func BenchmarkClaimNotices(b *testing.B)    { registrytest.BenchmarkClaimNotices(b, fresh) }
func BenchmarkNothingIsDue(b *testing.B)    { registrytest.BenchmarkNothingIsDue(b, fresh) }
func BenchmarkAddBatch(b *testing.B)        { registrytest.BenchmarkAddBatch(b, fresh) }
func BenchmarkMarkBatch(b *testing.B)       { registrytest.BenchmarkMarkBatch(b, fresh) }
func BenchmarkReport(b *testing.B)          { registrytest.BenchmarkReport(b, fresh) }
func BenchmarkLeaked(b *testing.B)          { registrytest.BenchmarkLeaked(b, fresh) }

func BenchmarkAccounts(b *testing.B)      { withSettle(b, registrytest.BenchmarkAccounts) }
func BenchmarkDue(b *testing.B)           { withSettle(b, registrytest.BenchmarkDue) }
func BenchmarkMadeBy(b *testing.B)        { withSettle(b, registrytest.BenchmarkMadeBy) }
func BenchmarkMarked(b *testing.B)        { withSettle(b, registrytest.BenchmarkMarked) }
func BenchmarkOwners(b *testing.B)        { withSettle(b, registrytest.BenchmarkOwners) }
func BenchmarkBatchProgress(b *testing.B) { withSettle(b, registrytest.BenchmarkBatchProgress) }

// withSettle runs a benchmark with what the server does by itself some time after
// so much was written.
func withSettle(b *testing.B, bench func(b *testing.B, open func(b *testing.B) registry.Store, settle func())) {
	address := servertest.Postgres(b)
	open := func(b *testing.B) registry.Store { return open(b, address) }
	bench(b, open, func() {
		conn, err := pgx.Connect(b.Context(), address)
		if err != nil {
			b.Fatal(err)
		}
		defer func() { _ = conn.Close(b.Context()) }()
		if _, err := conn.Exec(b.Context(), "VACUUM ANALYZE"); err != nil {
			b.Fatal(err)
		}
	})
}
