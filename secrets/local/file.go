package local

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"unicode"
	"unicode/utf8"

	"filippo.io/age"

	"github.com/keyturn/keyturn"
)

const extension = ".age"

// checkPath refuses what is no plain path. The name of the file could not
// climb out of the folder in any case; a path that tries is a mistake.
func checkPath(op, path string) error {
	for _, part := range strings.Split(path, "/") {
		if part == "" || part == "." || part == ".." {
			return keyturn.Errorf(keyturn.Invalid, op, "path %q must be parts such as payments/stripe-live, without empty parts, . or ..", path)
		}
	}
	if !utf8.ValidString(path) || strings.ContainsFunc(path, unicode.IsControl) {
		return keyturn.Errorf(keyturn.Invalid, op, "path %q holds characters that cannot be part of a path", path)
	}
	return nil
}

// fileName is the one file of a path. All files lie in one folder, with what
// is not a letter, digit, - _ or . escaped, so that a path can be read off
// its name. A long one is cut and ends in its hash.
func fileName(path string) string {
	name := escape(path)
	if len(name) > longest {
		sum := sha256.Sum256([]byte(path))
		name = fmt.Sprintf("%s%%-%x", name[:kept], sum[:16])
	}
	return name + extension
}

// longest is how long a name may be as it is, and kept how much stays of a
// longer one.
const (
	longest = 180
	kept    = 120
)

func escape(path string) string {
	var b strings.Builder
	for i := range len(path) {
		switch c := path[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.' && i > 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// readFile returns the record of a path, an empty one where there is none. A
// file it cannot make sense of is Invalid, and stays as it is.
func (s *Store) readFile(op, path string) (record, error) {
	file := filepath.Join(s.dir, fileName(path))
	r, err := s.unseal(op, file)
	if err == nil && r.Format == 0 {
		return record{Format: 1, Path: path}, nil
	}
	return r, err
}

// unseal reads one file. The record of a file that is not there has no format.
func (s *Store) unseal(op, file string) (record, error) {
	broken := func(why string) (record, error) {
		return record{}, keyturn.Errorf(keyturn.Invalid, op, "%s %s", file, why)
	}
	sealed, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return record{}, nil
	}
	if err != nil {
		return record{}, keyturn.Errorf(keyturn.Unavailable, op, "%s cannot be read; check its permissions and the disk", file)
	}
	var noMatch *age.NoIdentityMatchError
	plain, err := age.Decrypt(bytes.NewReader(sealed), s.identity)
	if errors.As(err, &noMatch) {
		return broken("was encrypted for another identity; configure the identity file it was made with")
	}
	var text []byte
	if err == nil {
		text, err = io.ReadAll(plain)
	}
	if err != nil {
		return broken("is damaged; bring it back from a backup")
	}
	var r record
	if err := json.Unmarshal(text, &r); err != nil || r.Format != 1 {
		return broken("holds a format this version of Keyturn does not know; use a newer one, or bring the file back from a backup")
	}
	if fileName(r.Path) != filepath.Base(file) {
		return broken(fmt.Sprintf("belongs to path %q; give it back its name", r.Path))
	}
	return r, nil
}

// writeFile replaces the file of a path as a whole, and returns when that is
// on disk. The caller holds the lock of the path, so one temporary name per
// path is enough, and a crash leaves nothing that piles up.
func (s *Store) writeFile(op, path string, plain []byte) error {
	var sealed bytes.Buffer
	w, err := age.Encrypt(&sealed, s.recipient)
	if err == nil {
		_, err = w.Write(plain)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return keyturn.Errorf(keyturn.Unavailable, op, "%s cannot be encrypted", path)
	}
	return replace(op, filepath.Join(s.dir, fileName(path)), sealed.Bytes())
}

// replace writes a file beside the one it replaces, and renames it.
func replace(op, file string, content []byte) error {
	temporary := file + ".tmp"
	err := writeSynced(temporary, content)
	if err == nil {
		err = os.Rename(temporary, file)
	}
	if err == nil {
		err = syncFolder(filepath.Dir(file))
	}
	if err != nil {
		return keyturn.Errorf(keyturn.Unavailable, op, "%s cannot be written; check its permissions and the space on disk", file)
	}
	return nil
}

func writeSynced(file string, content []byte) error {
	// What a crash left there goes first: with O_EXCL the file is ours, and
	// its permissions are those asked for.
	if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Sync(), f.Close())
}

// syncFolder makes a rename last. Windows cannot, and does not need to.
func syncFolder(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
