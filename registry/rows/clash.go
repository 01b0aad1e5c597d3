package rows

import (
	"context"
	"database/sql"
	"errors"

	"github.com/keyturn/keyturn"
)

// The constraints a change can break, by the names both schemas give them.
const (
	UniqueKey       = "keys_pkey"
	UniquePath      = "keys_path"
	UniqueExclusive = "keys_exclusive"
	UniqueEvent     = "events_id"
)

// A Scanner is one row of an answer.
type Scanner interface{ Scan(dest ...any) error }

// QueryRow asks a database for one row.
type QueryRow func(ctx context.Context, query string, args ...any) Scanner

// Seen reports which key an event was recorded for; "" if it never was.
func Seen(ctx context.Context, q QueryRow, eventID string) (keyturn.KeyID, error) {
	return lookup(ctx, q, "SELECT key_id FROM events WHERE id = $1", eventID)
}

// Clash says why a change was refused: it looks for what stands in its way
// and names it. constraint is the one that was broken, where that is known;
// it decides when the obstacle is out of sight, in a transaction not yet
// committed or gone again. A failure to look is returned as the database
// gave it.
func Clash(ctx context.Context, q QueryRow, op string, c Change, constraint string) error {
	k := &c.Key
	conflict := func(format string, args ...any) error { return keyturn.Errorf(keyturn.Conflict, op, format, args...) }

	if owner, err := Seen(ctx, q, c.Event.ID); err != nil {
		return err
	} else if owner != "" && owner != k.ID || constraint == UniqueEvent {
		return conflict("key %q: event id %q is taken by another change; give every change its own", k.ID, c.Event.ID)
	}
	if err := clashOfRevision(ctx, q, conflict, c); err != nil {
		return err
	}
	holder, err := lookup(ctx, q, "SELECT key_id FROM keys WHERE store = $1 AND path = $2 AND path <> '' AND retired_at IS NULL AND key_id <> $3",
		k.Storage.Secret.Store, k.Storage.Secret.Path, string(k.ID))
	if err != nil {
		return err
	}
	if k.Retired.IsZero() && holder != "" || constraint == UniquePath {
		return conflict("key %q: store path %s:%s already belongs to %s; give each key its own path",
			k.ID, k.Storage.Secret.Store, k.Storage.Secret.Path, named(holder))
	}
	holder, err = lookup(ctx, q, "SELECT key_id FROM keys WHERE provider = $1 AND account = $2 AND principal = $3 AND busy AND exclusive AND key_id <> $4",
		k.Scope.Provider, k.Scope.Account, k.Scope.Principal, string(k.ID))
	if err != nil {
		return err
	}
	if c.Exclusive && holder != "" || constraint == UniqueExclusive {
		return conflict("key %q: an operation on principal %q of %s is already open for %s; wait until it has ended",
			k.ID, k.Scope.Principal, k.Scope.Issuer(), named(holder))
	}
	if constraint == UniqueKey {
		return conflict("key %q already exists", k.ID)
	}
	return conflict("key %q was changed by somebody else at the same time; read it again and redo the change", k.ID)
}

func clashOfRevision(ctx context.Context, q QueryRow, conflict func(string, ...any) error, c Change) error {
	var stored int64
	switch err := q(ctx, "SELECT revision FROM keys WHERE key_id = $1", string(c.Key.ID)).Scan(&stored); {
	case errors.Is(err, sql.ErrNoRows):
		if c.From != 0 {
			return conflict("key %q is not in the registry, so its revision %d cannot be replaced", c.Key.ID, c.From)
		}
		return nil
	case err != nil:
		return err
	case c.From == 0:
		return conflict("key %q already exists", c.Key.ID)
	case c.From != stored:
		return conflict("key %q is at revision %d and the change was made from %d; read it again and redo the change", c.Key.ID, stored, c.From)
	}
	return nil
}

func named(holder keyturn.KeyID) string {
	if holder == "" {
		return "another key"
	}
	return `key "` + string(holder) + `"`
}

func lookup(ctx context.Context, q QueryRow, query string, args ...any) (keyturn.KeyID, error) {
	var id string
	err := q(ctx, query, args...).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return keyturn.KeyID(id), err
}
