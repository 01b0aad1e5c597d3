package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/config"
	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/providers/all"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/rollout"
	"github.com/keyturn/keyturn/rollout/httpprobe"
	"github.com/keyturn/keyturn/rollout/lastused"
	"github.com/keyturn/keyturn/secrets"
	"github.com/keyturn/keyturn/synthetic"
)

// wiring is everything the worker was configured with, opened. This file is
// the only place where adapters are chosen.
type wiring struct {
	keys     *activities.Keys
	people   *activities.People
	leavers  *activities.Leavers
	leaks    *activities.Leaks
	teller   *teller
	registry registry.Store
	closers  []func() error
}

func wire(ctx context.Context, c Config, log *slog.Logger, m *metrics) (*wiring, error) {
	w := &wiring{}
	if err := w.open(ctx, c, log, m); err != nil {
		return nil, errors.Join(err, w.close())
	}
	return w, nil
}

func (w *wiring) open(ctx context.Context, c Config, log *slog.Logger, m *metrics) (err error) {
	w.keys = &activities.Keys{Now: time.Now, Poll: time.Duration(c.Rollout.Poll), Patience: 20 * time.Second}
	if c.FingerprintKeyFile != "" {
		key, err := config.Key32(c.FingerprintKeyFile)
		if err != nil {
			return fmt.Errorf("fingerprint_key_file: %w", err)
		}
		w.keys.Fingerprints = leaks.Fingerprinter{Key: keyturn.NewSecret(string(key))}
	}
	if w.registry, err = c.Registry.Open(ctx); err != nil {
		return err
	}
	w.keys.Registry = w.registry
	w.closers = append(w.closers, w.registry.Close)
	stores, closeStores, err := c.Stores.Open(ctx)
	if err != nil {
		return err
	}
	w.keys.Secrets = stores
	w.closers = append(w.closers, closeStores)
	if w.keys.Providers, err = accounts(c.Providers, w.keys.Secrets, log, m); err != nil {
		return err
	}
	w.keys.Timing = map[keyturn.Issuer]activities.Timing{}
	for _, a := range c.Providers {
		w.keys.Timing[keyturn.Issuer{Provider: a.Provider, Account: a.Account}] = activities.Timing{
			Settle: time.Duration(a.Settle), UsageLag: time.Duration(a.UsageLag),
		}
	}
	w.keys.Synthetic = runner(c.Synthetic)
	w.keys.Checkers = checkers(w.keys.Providers)
	if w.people, err = openTickets(c.Tickets, w.keys, m); err != nil {
		return err
	}
	if w.leavers, err = openPeople(c.People, w, m); err != nil {
		return err
	}
	if w.leaks, err = openLeaks(c.Leaks, w, m); err != nil {
		return err
	}
	if w.teller, err = newTeller(c.Notices, w, log, m); err != nil {
		return err
	}
	w.leaks.Page = w.teller.dispatcher.Page
	return nil
}

func (w *wiring) close() error {
	var errs []error
	for _, c := range w.closers {
		errs = append(errs, c())
	}
	return errors.Join(errs...)
}

// accounts opens every configured provider account.
func accounts(configured []Account, stores secrets.Catalog, log *slog.Logger, m *metrics) (providers.Catalog, error) {
	factories := map[string]providers.Factory{}
	for _, f := range all.Factories() {
		factories[f.Name] = f
	}
	out := providers.Catalog{}
	for _, a := range configured {
		f, ok := factories[a.Provider]
		if !ok {
			return nil, fmt.Errorf("providers: this worker knows no provider %q; see keyturn-worker -providers", a.Provider)
		}
		p, err := f.New(providers.Env{
			Account: a.Account, BaseURL: a.BaseURL, Now: time.Now,
			HTTP:       newClient(a.Provider, a.CallsPerSecond, time.Duration(a.Timeout), m),
			Decode:     func(v any) error { return strict(a.Settings, v) },
			Credential: credential(stores),
			Log:        log.With("provider", a.Provider, "account", a.Account),
		})
		if err != nil {
			return nil, fmt.Errorf("providers: %s/%s: %w", a.Provider, a.Account, err)
		}
		out[keyturn.Issuer{Provider: a.Provider, Account: a.Account}] = p
	}
	return out, nil
}

// stay follows no redirect: it would show a credential to another host.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// strict decodes a provider's own settings and refuses what it does not know.
func strict(settings map[string]any, v any) error {
	if settings == nil {
		settings = map[string]any{}
	}
	b, err := json.Marshal(settings)
	if err != nil {
		return fmt.Errorf("settings: %w", err)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("settings: %w", err)
	}
	return nil
}

// credential reads an administrator credential where it is kept, as it is now.
func credential(stores secrets.Catalog) func(context.Context, keyturn.SecretRef) (providers.Credential, error) {
	return func(ctx context.Context, ref keyturn.SecretRef) (providers.Credential, error) {
		if ref.Store == "" {
			ref.Store = "default"
		}
		store, err := stores.Open(ref.Store)
		if err != nil {
			return providers.Credential{}, err
		}
		now, err := store.Current(ctx, ref)
		if keyturn.KindOf(err) == keyturn.NotFound {
			// Not NotFound: an adapter would take it for the key it asked about.
			return providers.Credential{}, keyturn.Errorf(keyturn.Denied, "administrator credential", "nothing is stored at %s; store it there", ref.Path)
		}
		if err != nil {
			return providers.Credential{}, err
		}
		v, err := store.Read(ctx, ref, now.Name)
		return providers.Credential{ID: v.RemoteID, Secret: v.Secret}, err
	}
}

func runner(c Synthetic) synthetic.Runner {
	r := synthetic.Runner{Commands: c.Commands}
	if c.HTTP {
		r.HTTP = &http.Client{Timeout: 30 * time.Second}
	}
	return r
}

func checkers(catalog providers.Catalog) map[string]rollout.Checker {
	out := map[string]rollout.Checker{}
	for _, c := range []rollout.Checker{
		httpprobe.Checker{HTTP: &http.Client{Timeout: 10 * time.Second}},
		lastused.Checker{LastUsed: func(ctx context.Context, s keyturn.Scope, id string) (time.Time, error) {
			usage, err := providers.As[providers.UsageReader](catalog, s.Issuer())
			if err != nil {
				return time.Time{}, err
			}
			return usage.LastUsed(ctx, s.Principal, id)
		}},
	} {
		out[c.Kind()] = c
	}
	return out
}
