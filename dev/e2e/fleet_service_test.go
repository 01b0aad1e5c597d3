package e2e

import (
	"sync"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/secrets"
	"github.com/keyturn/keyturn/secrets/vault"
)

// inService puts n keys into service at a vendor that keeps labels, as if each had
// been issued: it lives there, its value is where consumers read it, and the
// registry knows both. Issuing many takes many times as long.
func (r *rig) inService(a *rigAccount, n int) (ids []keyturn.KeyID) {
	r.t.Helper()
	store, err := vault.Open(r.t.Context(), vault.Config{Address: r.vault.Address(), Auth: vault.Auth{Token: &vault.TokenAuth{File: r.tokenFile(r.t)}}})
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	changes := make([]registry.Change, n)
	r.together(n, func(i int) error {
		k := r.entry(a, i)
		err := r.issued(a, &k, store)
		changes[i] = registry.Change{Key: k, Event: registry.Event{ID: "adopt/" + string(k.ID), Key: k.ID, What: registry.Adopted, At: time.Now()}}
		return err
	})
	for _, c := range changes {
		ids = append(ids, c.Key.ID)
	}
	if err := r.registry.SaveAll(r.t.Context(), changes); err != nil {
		r.t.Fatal(err)
	}
	return ids
}

// issued makes the first generation of a key.
func (r *rig) issued(a *rigAccount, k *keyturn.Key, store secrets.Store) error {
	ctx, label := r.t.Context(), keyturn.Label(k.ID, 1)
	made, err := a.Ledger.Mint("e2e", fake.Draft{Principal: k.Scope.Principal, Label: label})
	if err != nil {
		return err
	}
	v, err := store.Stage(ctx, k.Storage.Secret, secrets.Draft{Label: label, RemoteID: made.ID, Value: keyturn.NewSecret(made.Secret), Created: made.Created})
	if err != nil {
		return err
	}
	if err := store.Promote(ctx, k.Storage.Secret, "", v.Name); err != nil {
		return err
	}
	k.Generation, k.Rotated = 1, made.Created.UTC()
	k.Ledger = []keyturn.Issued{{Generation: 1, RemoteID: made.ID, Version: v.Name, State: keyturn.Current, Created: k.Rotated, Promoted: k.Rotated}}
	return nil
}

// together does something for each of n, 32 at a time, and waits for all.
func (r *rig) together(n int, do func(i int) error) {
	var wg sync.WaitGroup
	slots := make(chan struct{}, 32)
	for i := range n {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			if err := do(i); err != nil {
				r.t.Error(err)
			}
		})
	}
	wg.Wait()
}
