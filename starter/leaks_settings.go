package main

import (
	"context"
	"fmt"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/config"
	"github.com/keyturn/keyturn/leaks"
)

// leakSettings is the section leaks of the configuration file.
type leakSettings struct {
	// Keep is where values are kept that were found and that are no key's.
	Keep *config.Keep `yaml:"keep"`
}

// prints makes fingerprints as the workers do, or only the public one where the
// configuration has no key.
func (s *settings) prints() (leaks.Fingerprinter, error) {
	if s.FingerprintKeyFile == "" {
		return leaks.Fingerprinter{}, nil
	}
	key, err := config.Key32(s.FingerprintKeyFile)
	if err != nil {
		return leaks.Fingerprinter{}, usagef("fingerprint_key_file: %w; mend the configuration", err)
	}
	return leaks.Fingerprinter{Key: keyturn.NewSecret(string(key))}, nil
}

// keeper opens the store in which values are kept that are no key's; nil where the
// configuration names none. The caller calls done when it has reported everything.
func (s *settings) keeper(ctx context.Context) (keep *activities.Keeper, done func() error, err error) {
	k := s.Leaks.Keep
	if k == nil {
		return nil, func() error { return nil }, nil
	}
	only := config.Stores{k.Name(): s.Stores[k.Name()]}
	if err := k.Check(s.Stores); err != nil {
		return nil, nil, usagef("%w; mend the configuration", err)
	}
	if err := only.Check(); err != nil {
		return nil, nil, usagef("%w; mend the configuration", err)
	}
	catalog, done, err := only.Open(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("opening the store for values that are no key's: %w", err)
	}
	return &activities.Keeper{Stores: catalog, Store: k.Name(), Folder: k.Path}, done, nil
}
