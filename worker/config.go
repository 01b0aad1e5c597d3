package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/config"
	"github.com/keyturn/keyturn/dial"
	"github.com/keyturn/keyturn/notices/dispatch"
)

// Config is the worker's configuration file. Every field has a useful zero
// value except where it says required. Secrets are named by file, never held.
type Config struct {
	Temporal  dial.Config     `yaml:"temporal"`
	Registry  config.Registry `yaml:"registry"`  // required
	Stores    config.Stores   `yaml:"stores"`    // required; entries name them, "default" when they do not
	Providers []Account       `yaml:"providers"` // the accounts this worker issues keys in
	Tickets   Tickets         `yaml:"tickets"`   // how people are asked for what no API can do
	Notices   dispatch.Config `yaml:"notices"`   // who is told what; see docs/notices.md
	Webhooks  Webhooks        `yaml:"webhooks"`  // where trackers call us
	People    People          `yaml:"people"`    // who works here; see docs/offboarding.md
	Leaks     Leaks           `yaml:"leaks"`     // what happens when a value leaks; see docs/leaks.md
	Brake     Brake           `yaml:"brake"`     // when an account is paused because too much fails there
	// FingerprintKeyFile holds 32 bytes in base64, the HMAC key of the
	// fingerprints that join a leaked value to its key. Without it only the
	// public HasMySecretLeaked fingerprint is kept.
	FingerprintKeyFile string    `yaml:"fingerprint_key_file"`
	Synthetic          Synthetic `yaml:"synthetic"`
	Rollout            Rollout   `yaml:"rollout"`
	// Listen serves /livez, /readyz and /metrics. Default 127.0.0.1:9464.
	Listen string `yaml:"listen"`
	// Drain is how long activities may finish after a stop signal. Default 30s.
	Drain       keyturn.Duration `yaml:"drain"`
	Log         Log              `yaml:"log"`
	Concurrency Concurrency      `yaml:"concurrency"`
}

// An Account is one account at one vendor.
type Account struct {
	Provider string `yaml:"provider"` // required: a name from providers/all
	Account  string `yaml:"account"`  // required: the vendor's id, as entries have it in scope.account_id
	BaseURL  string `yaml:"base_url"` // default: the vendor's own address
	// Rate is how many activities per second may start on this account's task
	// queue, over all workers. Default 5.
	Rate float64 `yaml:"rate"`
	// CallsPerSecond is how many requests this worker sends. Default 4 × Rate.
	CallsPerSecond float64 `yaml:"calls_per_second"`
	// Timeout bounds one request. Default 20s.
	Timeout keyturn.Duration `yaml:"timeout"`
	// Settle is how long the vendor may still answer as before a change.
	// Default: what the provider's README says. Longer is safe.
	Settle keyturn.Duration `yaml:"settle"`
	// UsageLag is how far the vendor's record of use may run behind. Default:
	// what the provider's README says. An overlap is never shorter than it.
	UsageLag keyturn.Duration `yaml:"usage_lag"`
	Settings map[string]any   `yaml:"settings"` // the provider's own; see its README
}

// Synthetic says what keys' own tests may do on this worker.
type Synthetic struct {
	HTTP     bool     `yaml:"http"`     // whether entries may have HTTP tests
	Commands []string `yaml:"commands"` // absolute paths of the programs entries may name
}

// Rollout says how consumers are watched.
type Rollout struct {
	Poll keyturn.Duration `yaml:"poll"` // default 15s
}

// Log says what the worker writes to standard error.
type Log struct {
	Level  string `yaml:"level"`  // debug, info, warn, error; default info
	Format string `yaml:"format"` // text or json; default text
}

// Concurrency bounds what one worker does at once.
type Concurrency struct {
	Workflows  int `yaml:"workflows"`  // workflow tasks; default 200
	Activities int `yaml:"activities"` // activities per provider account; default 100
	Pollers    int `yaml:"pollers"`    // long polls per queue; default 4
}

// load reads, completes and checks a configuration file. The error names every
// mistake it finds.
func load(path string) (Config, error) {
	var c Config
	if err := config.Load(path, &c); err != nil {
		return c, err
	}
	c = c.withDefaults()
	if err := c.check(); err != nil {
		return c, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

func (c Config) withDefaults() Config {
	c.Temporal = c.Temporal.WithDefaults()
	or(&c.Listen, "127.0.0.1:9464")
	c.Tickets = c.Tickets.withDefaults()
	c.Webhooks = c.Webhooks.withDefaults()
	c.People = c.People.withDefaults()
	c.Leaks = c.Leaks.withDefaults()
	or(&c.Drain, keyturn.Duration(30*time.Second))
	or(&c.Rollout.Poll, keyturn.Duration(15*time.Second))
	or(&c.Log.Level, "info")
	or(&c.Log.Format, "text")
	or(&c.Concurrency.Workflows, 200)
	or(&c.Concurrency.Activities, 100)
	or(&c.Concurrency.Pollers, 4)
	for i := range c.Providers {
		a := &c.Providers[i]
		or(&a.Rate, 5)
		or(&a.CallsPerSecond, 4*a.Rate)
		or(&a.Timeout, keyturn.Duration(20*time.Second))
	}
	return c
}

func or[T comparable](v *T, otherwise T) {
	var zero T
	if *v == zero {
		*v = otherwise
	}
}

func (c Config) check() error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if (c.Registry.Postgres == nil) == (c.Registry.SQLite == nil) {
		wrong("registry: set exactly one of registry.postgres.url_file and registry.sqlite.path")
	}
	if len(c.Stores) == 0 {
		wrong("stores: name at least one; entries use the one called default")
	}
	errs = append(errs, c.Stores.Check(), c.Tickets.check(), c.Notices.Check(), c.Webhooks.check(), c.People.check(), c.Leaks.check(c.Stores), c.Brake.check())
	seen := map[keyturn.Issuer]bool{}
	for i, a := range c.Providers {
		issuer := keyturn.Issuer{Provider: a.Provider, Account: a.Account}
		switch {
		case a.Provider == "" || a.Account == "":
			wrong("providers[%d]: provider and account are required", i)
		case seen[issuer]:
			wrong("providers[%d]: %s is there twice", i, issuer)
		case a.Rate < 0 || a.CallsPerSecond < 0:
			wrong("providers[%d]: a rate cannot be negative", i)
		}
		seen[issuer] = true
	}
	for _, p := range c.Synthetic.Commands {
		if !filepath.IsAbs(p) {
			wrong("synthetic.commands: %s must be an absolute path", p)
		}
	}
	if _, err := c.Log.logger(nil); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
