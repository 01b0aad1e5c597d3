package vault

import (
	"context"

	"github.com/hashicorp/vault/api"

	"github.com/keyturn/keyturn"
)

// Destroy implements secrets.Store. It destroys every version of the
// consumers' path that holds v, and then the staged copy with all that Vault
// knows about it. A crash in between leaves the staged copy, so that the next
// attempt does all of it again.
func (s *Store) Destroy(ctx context.Context, ref keyturn.SecretRef, v keyturn.SecretVersion) error {
	const op = "vault: destroy"
	loc, err := s.locate(op, ref)
	if err != nil {
		return err
	}
	if v == "" {
		return keyturn.Errorf(keyturn.Invalid, op, "there is no version to destroy")
	}
	current, err := s.read(ctx, op, loc, 0)
	if err != nil {
		return err
	}
	if current.name() == v {
		return keyturn.Errorf(keyturn.Conflict, op, "consumers of %s read %s", ref.Path, v)
	}
	h, err := s.history(ctx, op, loc)
	if err != nil {
		return err
	}
	doomed, err := s.copies(ctx, op, loc, h, current, v)
	if err != nil {
		return err
	}
	if err := s.change(ctx, op, loc, "destroy", doomed...); err != nil {
		return err
	}
	if _, ok := kvNumber(v); ok {
		return nil
	}
	_, err = s.call(ctx, op, s.staged(loc, string(v)).at("metadata"), remove)
	return err
}

// copies returns the numbers of the versions of l, besides the current one,
// that hold v.
func (s *Store) copies(ctx context.Context, op string, l location, h history, current record, v keyturn.SecretVersion) ([]int, error) {
	own, _ := kvNumber(v)
	var found []int
	for _, n := range h.newest() {
		state := h.versions[n]
		if state.destroyed || n == current.version && current.fields != nil {
			continue // gone, or known not to be v
		}
		if state.deleted && n == h.current && n != own {
			// Only undeleting it would show what it is, and consumers would
			// read it meanwhile.
			return nil, keyturn.Errorf(keyturn.Conflict, op,
				"the latest version of %s/%s is deleted but can be brought back, and may hold %s; end it with: vault kv destroy -mount=%s -versions=%d %s",
				l.mount, l.path, v, l.mount, n, l.path)
		}
		holds, err := s.holds(ctx, op, l, n, state, v)
		if err != nil {
			return nil, err
		}
		if holds {
			found = append(found, n)
		}
	}
	return found, nil
}

// holds reports whether version n is v. A deleted version can be undeleted by
// whoever may, so its value is not beyond recovery: it is brought back for as
// long as it takes to look. Nobody reads it, because it is not the latest.
func (s *Store) holds(ctx context.Context, op string, l location, n int, state versionState, v keyturn.SecretVersion) (bool, error) {
	if state.deleted {
		if own, ok := kvNumber(v); ok && own == n {
			return true, nil
		}
		if err := s.change(ctx, op, l, "undelete", n); err != nil {
			return false, err
		}
	}
	r, err := s.read(ctx, op, l, n)
	holds := err == nil && r.name() == v
	if state.deleted && !holds {
		if again := s.change(context.WithoutCancel(ctx), op, l, "delete", n); err == nil {
			err = again
		}
	}
	return holds, err
}

// change asks one of Vault's endpoints for lists of versions: delete,
// undelete or destroy.
func (s *Store) change(ctx context.Context, op string, l location, endpoint string, versions ...int) error {
	if len(versions) == 0 {
		return nil
	}
	_, err := s.call(ctx, op, l.at(endpoint), func(c context.Context, v *api.Client, path string) (*api.Secret, error) {
		return v.Logical().WriteWithContext(c, path, map[string]any{"versions": versions})
	})
	return err
}
