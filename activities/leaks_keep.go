package activities

import (
	"context"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
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

// get reads a value that is kept. One that is not there, or that the store will never
// show, is none; the error says that it may be shown later.
func (k *Keeper) get(ctx context.Context, l registry.Leak) (keyturn.Secret, error) {
	if k == nil || l.Kept == "" {
		return keyturn.Secret{}, nil
	}
	store, err := k.Stores.Open(k.Store)
	if err != nil {
		return keyturn.Secret{}, nil
	}
	value, err := store.Read(ctx, k.ref(l.ID), l.Kept)
	if err != nil && (ctx.Err() != nil || keyturn.KindOf(err).Retryable()) {
		return keyturn.Secret{}, err
	}
	return value.Secret, nil
}

// drop destroys the value of a leak, if it is kept. It is safe to repeat. On a nil
// Keeper it does nothing.
func (k *Keeper) drop(ctx context.Context, leak string) error {
	if k == nil {
		return nil
	}
	store, err := k.Stores.Open(k.Store)
	if err != nil {
		return err
	}
	v, err := store.Find(ctx, k.ref(leak), leak)
	if keyturn.KindOf(err) == keyturn.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	return store.Destroy(ctx, k.ref(leak), v.Name)
}
