package vault

import (
	"context"

	"github.com/hashicorp/vault/api"

	"github.com/keyturn/keyturn"
)

// Promote implements secrets.Store. It copies the value to the path consumers
// read, with check-and-set against the version it saw there, and keeps the
// fields that are not Keyturn's.
func (s *Store) Promote(ctx context.Context, ref keyturn.SecretRef, from, to keyturn.SecretVersion) error {
	const op = "vault: promote"
	loc, err := s.locate(op, ref)
	if err != nil {
		return err
	}
	if to == "" {
		return keyturn.Errorf(keyturn.Invalid, op, "there is no version to promote")
	}
	current, err := s.read(ctx, op, loc, 0)
	if err != nil {
		return err
	}
	switch current.name() {
	case to:
		return nil
	case from:
	default:
		return overtaken(op, ref, current, from)
	}
	target, err := s.find(ctx, op, loc, to)
	if err != nil {
		return err
	}
	if err := s.keepVersions(ctx, op, loc); err != nil {
		return err
	}
	err = s.write(ctx, op, loc, current.version, promoted(current, target, to))
	if keyturn.KindOf(err) != keyturn.Conflict {
		return err
	}
	// It may have been an earlier attempt of ours whose answer was lost.
	now, readErr := s.read(ctx, op, loc, 0)
	switch {
	case readErr != nil:
		return readErr
	case now.name() == to:
		return nil
	case now.version != current.version:
		return overtaken(op, ref, now, from)
	}
	return behind(op, loc)
}

func overtaken(op string, ref keyturn.SecretRef, current record, from keyturn.SecretVersion) error {
	say := func(v keyturn.SecretVersion) string {
		if v == "" {
			return "nothing"
		}
		return string(v)
	}
	return keyturn.Errorf(keyturn.Conflict, op, "consumers of %s read %s, not %s: somebody else changed it", ref.Path, say(current.name()), say(from))
}

// keepVersions makes Vault keep enough versions of a path that the value from
// before Keyturn stays there to go back to. Without it Vault keeps ten. Only
// this setting is sent; Vault leaves the others, and custom metadata, alone. A
// path is looked at once in the life of a Store.
// https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2#create-update-metadata
func (s *Store) keepVersions(ctx context.Context, op string, l location) error {
	if _, done := s.kept.Load(l); done || s.cfg.MaxVersions < 0 {
		return nil
	}
	h, err := s.history(ctx, op, l)
	if err != nil {
		return err
	}
	if h.maxVersions >= s.cfg.MaxVersions {
		s.kept.Store(l, true)
		return nil
	}
	_, err = s.call(ctx, op, l.at("metadata"), func(c context.Context, v *api.Client, path string) (*api.Secret, error) {
		return v.Logical().WriteWithContext(c, path, map[string]any{"max_versions": s.cfg.MaxVersions})
	})
	return err
}
