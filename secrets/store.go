// Package secrets defines where key values live. A value is staged first,
// where no consumer looks, and promoted once it is known to work. The former
// value stays readable, so that promoting it again is the rollback.
package secrets

import (
	"context"
	"iter"
	"time"

	"github.com/keyturn/keyturn"
)

// A Draft is a value on its way into a Store.
type Draft struct {
	Label    string // names this generation; staging it twice stages it once
	RemoteID string // the provider's name for the key this value opens
	Value    keyturn.Secret
	Created  time.Time // when the provider made the key
}

// A Version is what can be said about a stored value without the value.
type Version struct {
	Name     keyturn.SecretVersion // the label, for a version Keyturn staged
	RemoteID string
	Created  time.Time // when the provider made the key; zero if unknown
}

// A Value is a stored value and the provider's id for the key it opens.
type Value struct {
	RemoteID string
	Secret   keyturn.Secret
}

// A Store keeps versions of values by path. All methods honour ctx, are safe
// for concurrent use and safe to repeat, make one attempt, and return
// *keyturn.Error values, except that a cancelled ctx comes back as ctx.Err().
type Store interface {
	// Stage saves a value as a version nobody reads yet. Staging a label
	// again returns the first version and leaves its value as it was.
	Stage(ctx context.Context, ref keyturn.SecretRef, d Draft) (Version, error)
	// Find returns what was staged under label and not yet destroyed, or a
	// NotFound error.
	Find(ctx context.Context, ref keyturn.SecretRef, label string) (Version, error)
	// Current returns the version consumers read, or a NotFound error where
	// there is none.
	Current(ctx context.Context, ref keyturn.SecretRef) (Version, error)
	// Promote makes to the version consumers read, if they read from now;
	// from is empty where nothing was ever promoted. If they read to already
	// it succeeds. If they read anything else, somebody else wrote the path:
	// that is a Conflict, and nothing is changed. The version it replaces
	// stays readable. Promote(to, from) is the rollback.
	Promote(ctx context.Context, ref keyturn.SecretRef, from, to keyturn.SecretVersion) error
	// Read returns a value, or a NotFound error. Only activities that must
	// present the value call this.
	Read(ctx context.Context, ref keyturn.SecretRef, v keyturn.SecretVersion) (Value, error)
	// Destroy removes a version beyond recovery. A version that is not there
	// is no error. The version consumers read is a Conflict.
	Destroy(ctx context.Context, ref keyturn.SecretRef, v keyturn.SecretVersion) error
}

// A Lister is a Store that can name the paths it holds. Implementing it is how a
// Store says so: it is how values are found that belong to no entry.
type Lister interface {
	// List yields every path below the folder prefix, once and in no promised
	// order, written as in entries. It reads pages or folders as the caller keeps
	// going, and stops after the first error. A folder that is not there has no
	// paths; a folder it may not list is a Denied error that says what is lacking.
	// A path where a value is only staged is not among them. One whose value was
	// deleted may be: ask Current.
	List(ctx context.Context, prefix string) iter.Seq2[string, error]
}

// A Catalog is the set of configured stores by name.
type Catalog map[string]Store

// Open returns the named store, or a NotFound error.
func (c Catalog) Open(name string) (Store, error) {
	if s, ok := c[name]; ok {
		return s, nil
	}
	return nil, keyturn.Errorf(keyturn.NotFound, "secrets", "no store named %q is configured on this worker", name)
}
