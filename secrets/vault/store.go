// Package vault keeps values in HashiCorp Vault or OpenBao, in a KV version 2
// engine.
//
// A value is staged under a sibling path that no consumer's policy covers,
// and promoted by copying it to the path consumers read, with Vault's
// check-and-set. Consumers read the fields key, key_id and generation.
// Nothing is cached, and every request is sent once.
package vault

import (
	"context"
	"fmt"
	"sync"
	"unicode/utf8"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/secrets"
)

// A Store is a secrets.Store on one Vault. It is safe for concurrent use.
type Store struct {
	cfg  Config
	auth *auth
	kept sync.Map // locations known to keep enough versions
}

var _ secrets.Store = (*Store)(nil)

// Open returns a Store, and logs in so that a wrong credential shows at once:
// it is returned as Denied. A Vault that cannot be reached is no error; the
// login is tried again when the Store is used.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	client, err := cfg.httpClient()
	if err != nil {
		return nil, err
	}
	s := &Store{cfg: cfg, auth: newAuth(cfg, client)}
	if _, err := s.auth.session(ctx, "vault: open"); err != nil {
		if ctx.Err() != nil || !keyturn.KindOf(err).Retryable() {
			return nil, err
		}
	}
	return s, nil
}

// Close gives the token back, where the Store logged in for it, and stops
// renewing it. A closed Store answers Unavailable.
func (s *Store) Close() error {
	s.auth.close()
	return nil
}

// Format prints the Store without anything it logs in with.
func (s *Store) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "vault.Store(%s)", s.cfg.Address) }

// Stage implements secrets.Store.
func (s *Store) Stage(ctx context.Context, ref keyturn.SecretRef, d secrets.Draft) (secrets.Version, error) {
	const op = "vault: stage"
	loc, err := s.locate(op, ref)
	if err != nil {
		return secrets.Version{}, err
	}
	if err := checkLabel(op, d.Label); err != nil {
		return secrets.Version{}, err
	}
	if d.Value.IsZero() || !utf8.ValidString(d.Value.Expose()) || !utf8.ValidString(d.RemoteID) {
		return secrets.Version{}, keyturn.Errorf(keyturn.Invalid, op, "the value must be text and must not be empty: Vault would not keep anything else as it is")
	}
	staged := s.staged(loc, d.Label)
	fields := draftFields(d)
	fresh := record{fields: fields}.describe()
	err = s.write(ctx, op, staged, 0, fields)
	if err == nil {
		return fresh, nil
	}
	if keyturn.KindOf(err) != keyturn.Conflict {
		return secrets.Version{}, err
	}
	// Something is there already: the same draft from an earlier attempt, or
	// a version somebody deleted, which holds no value for anyone.
	first, readErr := s.read(ctx, op, staged, 0)
	if readErr != nil {
		return secrets.Version{}, readErr
	}
	if first.fields != nil {
		return first.describe(), sameLabel(op, first, d.Label)
	}
	if first.version == 0 {
		return secrets.Version{}, behind(op, staged)
	}
	if err := s.write(ctx, op, staged, first.version, fields); err != nil {
		return secrets.Version{}, err
	}
	return fresh, nil
}

// Find implements secrets.Store.
func (s *Store) Find(ctx context.Context, ref keyturn.SecretRef, label string) (secrets.Version, error) {
	const op = "vault: find"
	loc, err := s.locate(op, ref)
	if err != nil {
		return secrets.Version{}, err
	}
	r, err := s.read(ctx, op, s.staged(loc, label), 0)
	if err != nil {
		return secrets.Version{}, err
	}
	if r.fields == nil {
		return secrets.Version{}, keyturn.Errorf(keyturn.NotFound, op, "nothing is staged for %s as %s", ref.Path, label)
	}
	return r.describe(), sameLabel(op, r, label)
}

// Current implements secrets.Store.
func (s *Store) Current(ctx context.Context, ref keyturn.SecretRef) (secrets.Version, error) {
	const op = "vault: current"
	loc, err := s.locate(op, ref)
	if err != nil {
		return secrets.Version{}, err
	}
	r, err := s.read(ctx, op, loc, 0)
	if err != nil {
		return secrets.Version{}, err
	}
	if r.fields == nil {
		return secrets.Version{}, keyturn.Errorf(keyturn.NotFound, op, "nothing to read at %s", ref.Path)
	}
	return r.describe(), nil
}

// Read implements secrets.Store.
func (s *Store) Read(ctx context.Context, ref keyturn.SecretRef, v keyturn.SecretVersion) (secrets.Value, error) {
	const op = "vault: read"
	loc, err := s.locate(op, ref)
	if err != nil {
		return secrets.Value{}, err
	}
	r, err := s.find(ctx, op, loc, v)
	if err != nil {
		return secrets.Value{}, err
	}
	return r.value(op)
}

func sameLabel(op string, r record, label string) error {
	if r.name() == keyturn.SecretVersion(label) {
		return nil
	}
	return keyturn.Errorf(keyturn.Conflict, op, "the staged value of %s was changed by hand; look at it in the staged folder and delete it there", label)
}
