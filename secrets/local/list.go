package local

import (
	"context"
	"iter"
	"os"
	"path/filepath"
	"strings"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/secrets"
)

var _ secrets.Lister = (*Store)(nil)

// List implements secrets.Lister. It opens every file that may lie below the
// folder, because the name of a long path does not hold all of it.
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[string, error] {
	const op = "local: list"
	return func(yield func(string, error) bool) {
		if err := checkPath(op, prefix); err != nil {
			yield("", err)
			return
		}
		files, err := os.ReadDir(s.dir)
		if err != nil {
			yield("", keyturn.Errorf(keyturn.Unavailable, op, "folder %s cannot be read; check its permissions and the disk", s.dir))
			return
		}
		folder := prefix + "/"
		begins := escape(folder)
		begins = begins[:min(len(begins), kept)]
		for _, f := range files {
			if err := ctx.Err(); err != nil {
				yield("", err)
				return
			}
			if !strings.HasPrefix(f.Name(), begins) || !strings.HasSuffix(f.Name(), extension) {
				continue
			}
			r, err := s.unseal(op, filepath.Join(s.dir, f.Name()))
			if err != nil {
				yield("", err)
				return
			}
			if r.Current != "" && strings.HasPrefix(r.Path, folder) && !yield(r.Path, nil) {
				return
			}
		}
	}
}
