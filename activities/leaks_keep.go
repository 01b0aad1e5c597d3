package activities

import (
	"context"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/secrets"
)

// A Keeper keeps values that were found and that no entry holds, so that the vendor
// can be asked whose they are, and so that they can be ended and seen dead. They are
// in the secret store, each until its leak is closed, and nowhere else.
type Keeper struct {
	Stores secrets.Catalog
	Store  string // the name of the store
	Folder string // the path below which they are kept
}

func (k *Keeper) ref(leak string) keyturn.SecretRef {
	return keyturn.SecretRef{Store: k.Store, Path: strings.TrimSuffix(k.Folder, "/") + "/" + leak}
}

// put keeps a value. It is safe to repeat.
func (k *Keeper) put(ctx context.Context, leak string, value keyturn.Secret, now time.Time) (keyturn.SecretVersion, error) {
	store, err := k.Stores.Open(k.Store)
	if err != nil {
		return "", err
	}
	v, err := store.Stage(ctx, k.ref(leak), secrets.Draft{Label: leak, RemoteID: leak, Value: value, Created: now.UTC()})
	return v.Name, err
}

// get reads a value that is kept.
func (k *Keeper) get(ctx context.Context, leak string, v keyturn.SecretVersion) (keyturn.Secret, error) {
	store, err := k.Stores.Open(k.Store)
	if err != nil {
		return keyturn.Secret{}, err
	}
	value, err := store.Read(ctx, k.ref(leak), v)
	return value.Secret, err
}

// drop destroys a value that is kept. It is safe to repeat.
func (k *Keeper) drop(ctx context.Context, leak string, v keyturn.SecretVersion) error {
	store, err := k.Stores.Open(k.Store)
	if err != nil {
		return err
	}
	return store.Destroy(ctx, k.ref(leak), v)
}
