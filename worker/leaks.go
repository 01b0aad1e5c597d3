package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/config"
)

// Leaks says what happens when a value is found where it should not be. Every worker
// has the same; see docs/leaks.md.
type Leaks struct {
	// OnLeak is what comes first for keys whose entry does not say: replace, kill or
	// replace-only. Default replace.
	OnLeak keyturn.OnLeak `yaml:"on_leak"`
	// KillAfter is how long replacing may take before the leaked key is ended all the
	// same. Default 30m. Under replace-only it is never.
	KillAfter keyturn.Duration `yaml:"kill_after"`
	// SLA is how long a leaked value may live before security is told again. Default 5m.
	SLA keyturn.Duration `yaml:"sla"`
	// Lag is how long after the end the vendor's audit log is read once more. Default
	// 30m.
	Lag keyturn.Duration `yaml:"lag"`
	// Keep is where values are kept that no entry holds, so that their vendor can be
	// asked whose they are. Default: nowhere.
	Keep *config.Keep `yaml:"keep"`
	// Sources are the scanners that tell of leaks, by names of yours.
	Sources map[string]LeakSource `yaml:"sources"`
	// HasMySecretLeaked asks GitGuardian which fingerprints are known to have leaked.
	// Only their first five digits are sent. Default: nobody is asked.
	HasMySecretLeaked *HasMySecretLeaked `yaml:"hasmysecretleaked"`
}

// A LeakSource is one scanner.
type LeakSource struct {
	Source  string `yaml:"source"`   // required: github, gitguardian or gitlab
	BaseURL string `yaml:"base_url"` // default: the vendor's own address
	// CallsPerSecond is how many requests this worker sends. Default 5.
	CallsPerSecond float64 `yaml:"calls_per_second"`
	// Timeout bounds one request. Default 20s.
	Timeout keyturn.Duration `yaml:"timeout"`
	// WebhookSecretFile holds what deliveries prove themselves with. Without it none are
	// taken, and what can be asked is asked by schedule only.
	WebhookSecretFile string         `yaml:"webhook_secret_file"`
	Settings          map[string]any `yaml:"settings"` // the source's own; see its README
}

// HasMySecretLeaked says how GitGuardian's service is asked.
type HasMySecretLeaked struct {
	BaseURL string `yaml:"base_url"` // default: the vendor's own address
	// APIKey is where the API key of a GitGuardian workspace is kept. Without it few
	// fingerprints a day may be asked about.
	APIKey keyturn.SecretRef `yaml:"api_key"`
	// TokenURL is the API that tokens are had from. Default: GitGuardian's own.
	TokenURL string `yaml:"token_url"`
}

func (l Leaks) withDefaults() Leaks {
	or(&l.OnLeak, keyturn.ReplaceFirst)
	or(&l.KillAfter, keyturn.Duration(30*time.Minute))
	or(&l.SLA, keyturn.Duration(5*time.Minute))
	or(&l.Lag, keyturn.Duration(30*time.Minute))
	for name, s := range l.Sources {
		or(&s.CallsPerSecond, 5)
		or(&s.Timeout, keyturn.Duration(20*time.Second))
		l.Sources[name] = s
	}
	return l
}

func (l Leaks) check(stores config.Stores) error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if !slices.Contains([]keyturn.OnLeak{keyturn.ReplaceFirst, keyturn.KillFirst, keyturn.ReplaceOnly}, l.OnLeak) {
		wrong("leaks.on_leak: there is no %q; use replace, kill or replace-only", l.OnLeak)
	}
	errs = append(errs, l.Keep.Check(stores))
	for _, name := range slices.Sorted(maps.Keys(l.Sources)) {
		s := l.Sources[name]
		switch {
		case !isURLName(name):
			wrong("leaks.sources.%s: a name is 1 to 32 of a-z, 0-9 and -: it becomes part of a URL", name)
		case name == activities.HashSource:
			wrong("leaks.sources.%s: choose another name: that one says who knew of a fingerprint", name)
		case !slices.Contains(sourceKinds(), s.Source):
			wrong("leaks.sources.%s: there is no source %q; use one of %s", name, s.Source, strings.Join(sourceKinds(), ", "))
		case s.CallsPerSecond < 0:
			wrong("leaks.sources.%s: calls_per_second cannot be negative", name)
		}
	}
	return errors.Join(errs...)
}

// rules are the choices as activities want them.
func (l Leaks) rules() activities.LeakRules {
	return activities.LeakRules{OnLeak: l.OnLeak, KillAfter: time.Duration(l.KillAfter), SLA: time.Duration(l.SLA), Lag: time.Duration(l.Lag)}
}
