package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/keyturn/keyturn/config"
	"github.com/keyturn/keyturn/dial"
	"github.com/keyturn/keyturn/registry"
)

// settings is the configuration file.
type settings struct {
	Temporal dial.Config     `yaml:"temporal"`
	Registry config.Registry `yaml:"registry"`
	// Schedules is what "keyturn schedules apply" goes by.
	Schedules scheduleSettings `yaml:"schedules"`
	// Scan adds formats of the organisation's own to what "keyturn scan" finds.
	Scan scanSettings `yaml:"scan"`
	// Stores are needed only to supply values made by hand, and to keep leaked values
	// that are no key's.
	Stores config.Stores `yaml:"stores"`
	// FingerprintKeyFile holds the workers' own key. Without it "keyturn leaks" matches
	// values by their public fingerprint alone.
	FingerprintKeyFile string       `yaml:"fingerprint_key_file"`
	Leaks              leakSettings `yaml:"leaks"`
}

// configPath finds the configuration file: --config, else $KEYTURN_CONFIG,
// else keyturn.yaml here, else keyturn/config.yaml in the user's directory.
func (a *app) configPath() (string, error) {
	if a.global.config != "" {
		return a.global.config, nil
	}
	if a.env.ConfigFile != "" {
		return a.env.ConfigFile, nil
	}
	places := []string{"keyturn.yaml"}
	if a.env.ConfigHome != "" {
		places = append(places, filepath.Join(a.env.ConfigHome, "keyturn", "config.yaml"))
	}
	for _, p := range places {
		switch _, err := os.Stat(p); {
		case err == nil:
			return p, nil
		case !errors.Is(err, fs.ErrNotExist):
			return "", usagef("reading the configuration: %w; make it readable, or name another with --config FILE", err)
		}
	}
	return "", usagef("no configuration at %s; write one, or name it with --config FILE or KEYTURN_CONFIG", strings.Join(places, " or "))
}

// load reads the configuration once.
func (a *app) load() (*settings, error) {
	if a.settings != nil {
		return a.settings, nil
	}
	path, err := a.configPath()
	if err != nil {
		return nil, err
	}
	var s settings
	if err := config.Load(path, &s); err != nil {
		return nil, usagef("%w; mend the file, or name another with --config FILE", firstLine(err))
	}
	if a.global.address != "" {
		s.Temporal.Address = a.global.address
	}
	if a.global.namespace != "" {
		s.Temporal.Namespace = a.global.namespace
	}
	s.Temporal = s.Temporal.WithDefaults()
	a.settings = &s
	return a.settings, nil
}

// registry opens the registry; the caller closes it.
func (a *app) registry(ctx context.Context) (registry.Store, error) {
	s, err := a.load()
	if err != nil {
		return nil, err
	}
	if (s.Registry.Postgres == nil) == (s.Registry.SQLite == nil) {
		return nil, usagef("the configuration names no registry; set exactly one of registry.postgres.url_file and registry.sqlite.path")
	}
	store, err := a.openRegistry(ctx, s.Registry)
	if err != nil {
		return nil, fmt.Errorf("opening the registry: %w", err)
	}
	return store, nil
}

// firstLine keeps the line that says what and where. The lines below it quote
// the file, which may hold what does not belong on a screen.
func firstLine(err error) error {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return errors.New(strings.TrimSpace(line))
}
