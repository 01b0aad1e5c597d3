package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// Locks for what takes turns, over all processes.
const (
	// bulkLock is for SaveAlls, so that they cannot wait for each other's keys in a
	// circle.
	bulkLock = 0x6b657974 // "keyt"
	// claimLock is for claims: what is due together is then claimed together, and
	// told in one message.
	claimLock = 0x6b657975
	// findingsLock is for reports and what ends findings, so that each finding that
	// opens is counted by one report.
	findingsLock = 0x6b657976
	// peopleLock is for what is recorded of people, so that one name has one member
	// and somebody who leaves has one departure.
	peopleLock = 0x6b657977
	// leaksLock is for what is recorded of leaks, so that one value has one leak and
	// each hit is counted once.
	leaksLock = 0x6b657978
)

const takeTurn = "SELECT pg_advisory_xact_lock($1)"

// inTurn runs do in one transaction while nobody else holds the lock.
func (s *Store) inTurn(ctx context.Context, lock int64, do func(pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, takeTurn, lock); err != nil {
			return err
		}
		return do(tx)
	})
}
