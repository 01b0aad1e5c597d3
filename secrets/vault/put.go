package vault

import (
	"context"
	"unicode/utf8"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/secrets"
)

// Put places a value by hand at the path consumers read, such as the
// credential Keyturn itself uses at a provider. It keeps the fields that are
// not Keyturn's. Putting what is there already does nothing. A path that
// Keyturn rotates, and one that changes meanwhile, is a Conflict.
func (s *Store) Put(ctx context.Context, ref keyturn.SecretRef, v secrets.Value) error {
	const op = "vault: put"
	loc, err := s.locate(op, ref)
	if err != nil {
		return err
	}
	if v.Secret.IsZero() || !utf8.ValidString(v.Secret.Expose()) || !utf8.ValidString(v.RemoteID) {
		return keyturn.Errorf(keyturn.Invalid, op, "the value must be text and must not be empty")
	}
	current, err := s.read(ctx, op, loc, 0)
	if err != nil {
		return err
	}
	if name := current.name(); name != "" {
		if sameValue(current, v) {
			return nil
		}
		if _, byHand := kvNumber(name); !byHand {
			return keyturn.Errorf(keyturn.Conflict, op, "%s holds %s, which Keyturn rotates; start a rotation instead", ref.Path, name)
		}
	}
	fields := foreign(current.fields)
	fields[fieldKey], fields[fieldID] = v.Secret.Expose(), v.RemoteID
	err = s.write(ctx, op, loc, current.version, fields)
	if keyturn.KindOf(err) != keyturn.Conflict {
		return err
	}
	now, readErr := s.read(ctx, op, loc, 0)
	switch {
	case readErr != nil:
		return readErr
	case now.fields != nil && sameValue(now, v):
		return nil
	case now.version != current.version:
		return keyturn.Errorf(keyturn.Conflict, op, "somebody else changed %s meanwhile; look at it and try again", ref.Path)
	}
	return behind(op, loc)
}

func sameValue(r record, v secrets.Value) bool {
	return r.fields[fieldKey] == v.Secret.Expose() && r.fields[fieldID] == v.RemoteID
}
