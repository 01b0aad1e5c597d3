package vault

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/vault/api"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/secrets"
)

var _ secrets.Lister = (*Store)(nil)

// deepest is how many folders below the one asked for are looked into.
const deepest = 32

// List implements secrets.Lister, folder by folder. prefix may be a mount alone.
// The folder of staged values is left out. Vault names a path until its metadata
// is deleted, whatever became of its versions.
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[string, error] {
	const op = "vault: list"
	return func(yield func(string, error) bool) {
		top, err := s.locateFolder(op, prefix)
		if err != nil {
			yield("", err)
			return
		}
		for waiting := []folder{{top, 0}}; len(waiting) > 0; {
			f := waiting[len(waiting)-1]
			waiting = waiting[:len(waiting)-1]
			if f.depth > deepest {
				yield("", keyturn.Errorf(keyturn.Invalid, op, "%s/%s lies more than %d folders below %s; list a folder further down", f.mount, f.path, deepest, prefix))
				return
			}
			names, err := s.names(ctx, op, f.location)
			if err != nil {
				yield("", err)
				return
			}
			for _, name := range names {
				path, isFolder := strings.CutSuffix(strings.TrimPrefix(f.path+"/"+name, "/"), "/")
				switch {
				case isFolder && path == s.cfg.StagedPrefix:
				case isFolder:
					waiting = append(waiting, folder{location{f.mount, path}, f.depth + 1})
				case !yield(f.mount+"/"+path, nil):
					return
				}
			}
		}
	}
}

// A folder is one that is still to be looked into.
type folder struct {
	location
	depth int
}

// locateFolder is locate for a folder, which may be the whole mount.
func (s *Store) locateFolder(op, prefix string) (location, error) {
	mount := s.cfg.Mount
	if mount == "" && !strings.Contains(prefix, "/") {
		mount = prefix
	}
	if prefix == mount && prefix != "" && utf8.ValidString(prefix) && !strings.ContainsFunc(prefix, unicode.IsControl) {
		return location{mount: mount}, nil
	}
	return s.locate(op, keyturn.SecretRef{Path: prefix})
}

// names lists one folder. Those of folders end in a slash.
func (s *Store) names(ctx context.Context, op string, l location) ([]string, error) {
	secret, err := s.call(ctx, op, l.at("metadata"), listFolder)
	if keyturn.KindOf(err) == keyturn.Denied {
		under := strings.TrimSuffix(l.at("metadata"), "/")
		return nil, keyturn.Errorf(keyturn.Denied, op,
			`Vault does not let Keyturn list %s/%s; add to its policy, see docs/stores.md: path "%s/*" { capabilities = ["list"] }`, l.mount, l.path, under)
	}
	if err != nil || secret == nil {
		return nil, err
	}
	keys, ok := secret.Data["keys"].([]any)
	names := make([]string, 0, len(keys))
	for _, k := range keys {
		name, isText := k.(string)
		ok = ok && isText && name != ""
		names = append(names, name)
	}
	if !ok {
		return nil, keyturn.Errorf(keyturn.Unavailable, op, "Vault's answer could not be understood")
	}
	return names, nil
}

// listFolder is the client's own List, except that it tells a folder that is
// empty, which is no error, from an engine that is not mounted.
func listFolder(ctx context.Context, v *api.Client, path string) (*api.Secret, error) {
	ctx, cancel := context.WithTimeout(ctx, v.ClientTimeout())
	defer cancel()
	resp, err := v.Logical().ReadRawWithDataWithContext(ctx, path, map[string][]string{"list": {"true"}})
	if resp != nil {
		defer func() { _ = resp.Body.Close() }()
	}
	var answer *api.ResponseError
	switch {
	case errors.As(err, &answer) && answer.StatusCode == http.StatusNotFound && len(answer.Errors) == 0:
		return nil, nil
	case err != nil:
		return nil, err
	}
	return api.ParseSecret(resp.Body)
}
