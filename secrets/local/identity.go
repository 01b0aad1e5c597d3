package local

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"filippo.io/age"

	"github.com/keyturn/keyturn"
)

// openIdentity reads the identity file, and makes it first where it may.
func (s *Store) openIdentity(ctx context.Context, cfg Config) (*age.X25519Identity, error) {
	const op = "local: open"
	// One process makes the identity; the others find it.
	unlock, err := s.locks.lock(ctx, op, "")
	if err != nil {
		return nil, err
	}
	defer unlock()
	_, err = os.Stat(cfg.Identity)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return createIdentity(op, cfg)
	case err != nil:
		return nil, keyturn.Errorf(keyturn.Invalid, op, "identity file %s cannot be looked at; check the permissions of the folders above it", cfg.Identity)
	}
	if err := private(op, cfg.Identity, 0o077, "600"); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(cfg.Identity)
	if err != nil {
		return nil, keyturn.Errorf(keyturn.Invalid, op, "identity file %s cannot be read; check who owns it", cfg.Identity)
	}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if identity, err := age.ParseX25519Identity(line); err == nil {
			return identity, nil
		}
		break
	}
	return nil, keyturn.Errorf(keyturn.Invalid, op, "identity file %s holds no AGE-SECRET-KEY line, as age-keygen writes it; bring it back from a backup", cfg.Identity)
}

// createIdentity makes a new identity, unless that would leave files behind
// that nobody can open.
func createIdentity(op string, cfg Config) (*age.X25519Identity, error) {
	if !cfg.Create {
		return nil, keyturn.Errorf(keyturn.Invalid, op, "identity file %s does not exist; make it with age-keygen, or set create: true", cfg.Identity)
	}
	if files, _ := filepath.Glob(filepath.Join(cfg.Dir, "*"+extension)); len(files) > 0 {
		return nil, keyturn.Errorf(keyturn.Invalid, op, "identity file %s does not exist, but %s holds values encrypted for it; bring it back from a backup", cfg.Identity, cfg.Dir)
	}
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, keyturn.Errorf(keyturn.Unavailable, op, "an identity could not be made")
	}
	if err := os.MkdirAll(filepath.Dir(cfg.Identity), 0o700); err != nil {
		return nil, keyturn.Errorf(keyturn.Invalid, op, "the folder of identity file %s cannot be made; check who owns the one above it", cfg.Identity)
	}
	text := "# Keyturn's local secret store. Keep a copy elsewhere: without it the values are lost.\n# public key: " +
		identity.Recipient().String() + "\n" + identity.String() + "\n"
	return identity, replace(op, cfg.Identity, []byte(text))
}

// private refuses a file or folder that others may use in ways they must not.
func private(op, path string, forbidden fs.FileMode, mend string) error {
	if runtime.GOOS == "windows" {
		return nil // permissions are kept in another way there
	}
	info, err := os.Stat(path)
	if err != nil {
		return keyturn.Errorf(keyturn.Invalid, op, "%s cannot be looked at; check its permissions", path)
	}
	if info.Mode().Perm()&forbidden != 0 {
		return keyturn.Errorf(keyturn.Invalid, op, "%s can be used by other users of this machine (mode %04o); run: chmod %s %s", path, info.Mode().Perm(), mend, path)
	}
	return nil
}
