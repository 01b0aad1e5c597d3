// Package config is what the configuration files of all binaries have in
// common: strict YAML, files that hold secrets, and the registry section.
package config

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/keyturn/keyturn"
)

// Load reads a YAML file into v. Unknown and repeated fields are errors that
// name the file, the line and what is wrong. They do not quote the line: it may
// hold a secret that somebody wrote in the wrong place.
func Load(path string, v any) error {
	b, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if err != nil {
		return fmt.Errorf("reading the configuration: %w", err)
	}
	if err := yaml.UnmarshalWithOptions(b, v, yaml.Strict()); err != nil {
		what, _, _ := strings.Cut(strings.TrimSpace(yaml.FormatError(err, false, false)), "\n")
		if at, rest, ok := strings.Cut(strings.TrimPrefix(what, "["), "] "); ok {
			return fmt.Errorf("%s:%s: %s", path, at, rest)
		}
		return fmt.Errorf("%s: %s", path, what)
	}
	return nil
}

// Secret reads a value from a file of its own, without the line end. It
// refuses a file that other users may read, and says how to mend it.
func Secret(path string) (keyturn.Secret, error) {
	info, err := os.Stat(path)
	if err != nil {
		return keyturn.Secret{}, err
	}
	if info.Mode().Perm()&0o077 != 0 && !mounted(path) {
		return keyturn.Secret{}, fmt.Errorf("%s: other users may read this secret; run: chmod 600 %[1]s", path)
	}
	b, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if err != nil {
		return keyturn.Secret{}, err
	}
	value := strings.TrimRight(string(b), "\r\n")
	if value == "" {
		return keyturn.Secret{}, fmt.Errorf("%s: the file is empty", path)
	}
	return keyturn.NewSecret(value), nil
}

// mounted recognises the directories where container platforms place secrets
// read-only with a mode that cannot be changed.
func mounted(path string) bool {
	abs, err := filepath.Abs(path)
	return err == nil && (strings.HasPrefix(abs, "/run/secrets/") || strings.HasPrefix(abs, "/var/run/secrets/"))
}

// Key32 reads a 32-byte key, base64-encoded, from a file of its own.
func Key32(path string) ([]byte, error) {
	s, err := Secret(path)
	if err != nil {
		return nil, err
	}
	key, err := base64.StdEncoding.DecodeString(s.Expose())
	if err != nil || len(key) != 32 {
		return nil, fmt.Errorf("%s: it must hold 32 bytes in base64; make one with: head -c 32 /dev/urandom | base64", path)
	}
	return key, nil
}
