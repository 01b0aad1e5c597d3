package config

import (
	"context"
	"errors"
	"fmt"

	"github.com/keyturn/keyturn/secrets"
	"github.com/keyturn/keyturn/secrets/local"
	"github.com/keyturn/keyturn/secrets/vault"
)

// Stores are the secret stores by the name entries give them.
type Stores map[string]Store

// A Store is one secret store: exactly one of its fields.
type Store struct {
	Local *local.Config `yaml:"local"`
	Vault *vault.Config `yaml:"vault"`
}

// Check reports the stores that are not one of a kind.
func (s Stores) Check() error {
	var errs []error
	for name, c := range s {
		if (c.Local == nil) == (c.Vault == nil) {
			errs = append(errs, fmt.Errorf("stores.%s: set exactly one of local and vault", name))
		}
	}
	return errors.Join(errs...)
}

// Open opens every store. The caller calls close when it is done with them;
// where Open fails, nothing stays open.
func (s Stores) Open(ctx context.Context) (out secrets.Catalog, closeAll func() error, err error) {
	var closers []func() error
	closeAll = func() error {
		var errs []error
		for _, c := range closers {
			errs = append(errs, c())
		}
		return errors.Join(errs...)
	}
	out = secrets.Catalog{}
	for name, c := range s {
		switch {
		case c.Local != nil:
			store, err := local.Open(ctx, *c.Local)
			if err != nil {
				return nil, nil, errors.Join(fmt.Errorf("stores.%s.local: %w", name, err), closeAll())
			}
			out[name] = store
		case c.Vault != nil:
			store, err := vault.Open(ctx, *c.Vault)
			if err != nil {
				return nil, nil, errors.Join(fmt.Errorf("stores.%s.vault: %w", name, err), closeAll())
			}
			closers = append(closers, store.Close)
			out[name] = store
		}
	}
	return out, closeAll, nil
}
