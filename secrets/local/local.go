// Package local keeps values in a folder of encrypted files, for a laptop or
// a single machine without a secret store.
//
// Each path is one file, which holds all its versions, encrypted with age.
// Each change replaces the file as a whole and is on disk before it is
// reported: a key that was made at a provider must not be lost in a power
// cut, so there is no option to do without. Worker and command line may use
// the folder at the same time; a network file system must support locks.
package local

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"filippo.io/age"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/secrets"
)

// Config says where the files are.
type Config struct {
	// Dir is the folder of encrypted files. It is made on first use.
	Dir string `yaml:"dir"`
	// Identity is the age identity file that opens them. Keep a copy of it
	// elsewhere: without it the values are lost. Default "identity.txt" in
	// Dir, which protects copies of single files, but not the whole folder.
	Identity string `yaml:"identity"`
	// Create makes the identity on first use, where Dir holds no values yet.
	Create bool `yaml:"create"`
}

// A Store is a secrets.Store on one folder. It is safe for concurrent use, by
// other processes too.
type Store struct {
	dir       string
	identity  *age.X25519Identity
	recipient *age.X25519Recipient
	locks     locks
}

var _ secrets.Store = (*Store)(nil)

// Open returns a Store. It refuses an identity file and a folder that other
// users of the machine could read or change.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	const op = "local: open"
	if cfg.Dir == "" {
		return nil, keyturn.Errorf(keyturn.Invalid, op, "dir is needed: the folder for the encrypted files")
	}
	if cfg.Identity == "" {
		cfg.Identity = filepath.Join(cfg.Dir, "identity.txt")
	}
	if err := os.MkdirAll(filepath.Join(cfg.Dir, lockFolder), 0o700); err != nil {
		return nil, keyturn.Errorf(keyturn.Invalid, op, "folder %s cannot be made; check who owns the one above it", cfg.Dir)
	}
	if err := private(op, cfg.Dir, 0o022, "go-w"); err != nil {
		return nil, err
	}
	s := &Store{dir: cfg.Dir, locks: newLocks(filepath.Join(cfg.Dir, lockFolder))}
	identity, err := s.openIdentity(ctx, cfg)
	if err != nil {
		return nil, err
	}
	s.identity, s.recipient = identity, identity.Recipient()
	return s, nil
}

// Format prints the Store without its identity.
func (s *Store) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "local.Store(%s)", s.dir) }

// Stage implements secrets.Store.
func (s *Store) Stage(ctx context.Context, ref keyturn.SecretRef, d secrets.Draft) (secrets.Version, error) {
	const op = "local: stage"
	var staged secrets.Version
	if isPutName(keyturn.SecretVersion(d.Label)) || d.Label == "" || d.Value.IsZero() {
		return staged, keyturn.Errorf(keyturn.Invalid, op, "a draft needs a label, other than put:1 and the like, and a value")
	}
	err := s.change(ctx, op, ref, func(r *record) (bool, error) {
		if first := r.find(keyturn.SecretVersion(d.Label)); first != nil {
			staged = first.describe()
			return false, nil
		}
		v := version{
			Name: keyturn.SecretVersion(d.Label), RemoteID: d.RemoteID,
			Created: d.Created.UTC().Round(0), Value: []byte(d.Value.Expose()),
		}
		r.Versions = append(r.Versions, v)
		staged = v.describe()
		return true, nil
	})
	if err != nil {
		return secrets.Version{}, err
	}
	return staged, nil
}

// Find implements secrets.Store.
func (s *Store) Find(ctx context.Context, ref keyturn.SecretRef, label string) (secrets.Version, error) {
	const op = "local: find"
	r, err := s.load(ctx, op, ref)
	if err != nil {
		return secrets.Version{}, err
	}
	v := r.find(keyturn.SecretVersion(label))
	if v == nil || isPutName(v.Name) {
		return secrets.Version{}, keyturn.Errorf(keyturn.NotFound, op, "nothing is staged for %s as %s", ref.Path, label)
	}
	return v.describe(), nil
}

// Current implements secrets.Store.
func (s *Store) Current(ctx context.Context, ref keyturn.SecretRef) (secrets.Version, error) {
	const op = "local: current"
	r, err := s.load(ctx, op, ref)
	if err != nil {
		return secrets.Version{}, err
	}
	v := r.find(r.Current)
	if v == nil {
		return secrets.Version{}, keyturn.Errorf(keyturn.NotFound, op, "nothing to read at %s", ref.Path)
	}
	return v.describe(), nil
}

// Promote implements secrets.Store.
func (s *Store) Promote(ctx context.Context, ref keyturn.SecretRef, from, to keyturn.SecretVersion) error {
	const op = "local: promote"
	if to == "" {
		return keyturn.Errorf(keyturn.Invalid, op, "there is no version to promote")
	}
	return s.change(ctx, op, ref, func(r *record) (bool, error) {
		switch {
		case r.Current == to:
			return false, nil
		case r.Current != from:
			return false, keyturn.Errorf(keyturn.Conflict, op, "%s holds %s, not %s: somebody else changed it", ref.Path, orNothing(r.Current), orNothing(from))
		case r.find(to) == nil:
			return false, keyturn.Errorf(keyturn.NotFound, op, "there is no version %s of %s", to, ref.Path)
		}
		r.Current = to
		return true, nil
	})
}

// Read implements secrets.Store.
func (s *Store) Read(ctx context.Context, ref keyturn.SecretRef, v keyturn.SecretVersion) (secrets.Value, error) {
	const op = "local: read"
	r, err := s.load(ctx, op, ref)
	if err != nil {
		return secrets.Value{}, err
	}
	found := r.find(v)
	if found == nil {
		return secrets.Value{}, keyturn.Errorf(keyturn.NotFound, op, "there is no version %s of %s", v, ref.Path)
	}
	return secrets.Value{RemoteID: found.RemoteID, Secret: keyturn.NewSecret(string(found.Value))}, nil
}

// Destroy implements secrets.Store. The file is written anew without the
// version. The disk may keep the old blocks for a while; they are encrypted.
func (s *Store) Destroy(ctx context.Context, ref keyturn.SecretRef, v keyturn.SecretVersion) error {
	const op = "local: destroy"
	if v == "" {
		return keyturn.Errorf(keyturn.Invalid, op, "there is no version to destroy")
	}
	return s.change(ctx, op, ref, func(r *record) (bool, error) {
		if r.Current == v {
			return false, keyturn.Errorf(keyturn.Conflict, op, "consumers of %s read %s", ref.Path, v)
		}
		before := len(r.Versions)
		r.Versions = slices.DeleteFunc(r.Versions, func(x version) bool { return x.Name == v })
		return len(r.Versions) < before, nil
	})
}

// Put places a value by hand, such as the credential Keyturn itself uses at a
// provider, as a version of its own, and makes it the current one. Putting
// what is there already does nothing. A path that Keyturn rotates is a
// Conflict.
func (s *Store) Put(ctx context.Context, ref keyturn.SecretRef, v secrets.Value) error {
	const op = "local: put"
	if v.Secret.IsZero() {
		return keyturn.Errorf(keyturn.Invalid, op, "the value must not be empty")
	}
	return s.change(ctx, op, ref, func(r *record) (bool, error) {
		if now := r.find(r.Current); now != nil {
			if now.RemoteID == v.RemoteID && string(now.Value) == v.Secret.Expose() {
				return false, nil
			}
			if !isPutName(now.Name) {
				return false, keyturn.Errorf(keyturn.Conflict, op, "%s holds %s, which Keyturn rotates; start a rotation instead", ref.Path, now.Name)
			}
		}
		r.Puts++
		put := version{Name: putName(r.Puts), RemoteID: v.RemoteID, Value: []byte(v.Secret.Expose())}
		r.Versions = append(r.Versions, put)
		r.Current = put.Name
		return true, nil
	})
}

func orNothing(v keyturn.SecretVersion) string {
	if v == "" {
		return "nothing"
	}
	return string(v)
}

// load reads the record of a path without a lock: a file is only ever
// replaced as a whole.
func (s *Store) load(ctx context.Context, op string, ref keyturn.SecretRef) (record, error) {
	if err := ctx.Err(); err != nil {
		return record{}, err
	}
	if err := checkPath(op, ref.Path); err != nil {
		return record{}, err
	}
	return s.readFile(op, ref.Path)
}

// change lets edit work on the record of a path while nobody else can, and
// saves it if edit reports a change.
func (s *Store) change(ctx context.Context, op string, ref keyturn.SecretRef, edit func(*record) (bool, error)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := checkPath(op, ref.Path); err != nil {
		return err
	}
	unlock, err := s.locks.lock(ctx, op, ref.Path)
	if err != nil {
		return err
	}
	defer unlock()
	r, err := s.readFile(op, ref.Path)
	if err != nil {
		return err
	}
	changed, err := edit(&r)
	if err != nil || !changed {
		return err
	}
	plain, err := json.Marshal(r)
	if err != nil {
		return keyturn.Errorf(keyturn.Invalid, op, "%s cannot be encoded", ref.Path)
	}
	return s.writeFile(op, ref.Path, plain)
}
