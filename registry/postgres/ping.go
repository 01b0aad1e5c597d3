package postgres

import (
	"context"

	"github.com/keyturn/keyturn"
)

// selectRights answers whether the database is read-only, and whether the
// login has every right that a Store uses. Only events has a sequence that
// needs a right of its own.
const selectRights = `SELECT pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on',
	has_sequence_privilege(pg_get_serial_sequence('events', 'seq'), 'USAGE') AND
	(SELECT bool_and(has_table_privilege(name, privilege)) FROM (VALUES
		('keys', 'SELECT'), ('keys', 'INSERT'), ('keys', 'UPDATE'),
		('events', 'SELECT'), ('events', 'INSERT'),
		('notices', 'SELECT'), ('notices', 'INSERT'), ('notices', 'UPDATE'), ('notices', 'DELETE'),
		('calendar', 'SELECT'), ('calendar', 'INSERT'), ('calendar', 'DELETE'),
		('deliveries', 'SELECT'), ('deliveries', 'INSERT'), ('deliveries', 'UPDATE'), ('deliveries', 'DELETE'),
		('outcomes', 'SELECT'), ('outcomes', 'INSERT'), ('outcomes', 'UPDATE'), ('outcomes', 'DELETE'),
		('pauses', 'SELECT'), ('pauses', 'INSERT'), ('pauses', 'UPDATE'), ('pauses', 'DELETE'),
		('accounts', 'SELECT'), ('accounts', 'INSERT'), ('accounts', 'UPDATE'),
		('batches', 'SELECT'), ('batches', 'INSERT'),
		('batch_keys', 'SELECT'), ('batch_keys', 'INSERT'), ('batch_keys', 'UPDATE'),
		('findings', 'SELECT'), ('findings', 'INSERT'), ('findings', 'UPDATE'),
		('members', 'SELECT'), ('members', 'INSERT'), ('members', 'UPDATE'), ('members', 'DELETE'),
		('departures', 'SELECT'), ('departures', 'INSERT'), ('departures', 'UPDATE'),
		('departure_events', 'SELECT'), ('departure_events', 'INSERT'),
		('sightings', 'SELECT'), ('sightings', 'INSERT'), ('sightings', 'UPDATE'),
		('leaks', 'SELECT'), ('leaks', 'INSERT'), ('leaks', 'UPDATE'),
		('leak_hits', 'SELECT'), ('leak_hits', 'INSERT'),
		('leak_uses', 'SELECT'), ('leak_uses', 'INSERT'), ('leak_uses', 'UPDATE'),
		('marks', 'SELECT'), ('marks', 'INSERT')
	) AS needed (name, privilege))`

// Ping implements [registry.Store]. It finds a read-only replica, missing
// rights and a wrong version without writing anything.
func (s *Store) Ping(ctx context.Context) error {
	const op = "postgres: ping"
	if err := s.checkVersion(ctx, op); err != nil {
		return err
	}
	var readOnly, granted bool
	err := s.pool.QueryRow(ctx, selectRights).Scan(&readOnly, &granted)
	switch {
	case err != nil:
		return translate(ctx, op, err)
	case readOnly:
		return keyturn.Errorf(keyturn.Unavailable, op, readOnlyMend)
	case !granted:
		return keyturn.Errorf(keyturn.Unavailable, op, rightsMend)
	}
	return nil
}
