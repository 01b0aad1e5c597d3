package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/secrets"
	"github.com/keyturn/keyturn/tickets"
	"github.com/keyturn/keyturn/tickets/github"
	"github.com/keyturn/keyturn/tickets/jira"
	"github.com/keyturn/keyturn/tickets/linear"
)

// Tickets says in which tracker people are asked for what no API can do.
type Tickets struct {
	Trackers map[string]Tracker `yaml:"trackers"`
	// Default is the tracker of teams that are not in Teams. Default: the only
	// one there is.
	Default string            `yaml:"default"`
	Teams   map[string]string `yaml:"teams"` // team to tracker; the team that rotates a key counts before the one that owns it
	// Wording is a folder of templates that replace the built-in ones; see
	// docs/manual-rotation.md.
	Wording string `yaml:"wording"`
}

// A Tracker is one project of one ticketing system.
type Tracker struct {
	Tracker string `yaml:"tracker"`  // required: jira, linear or github
	BaseURL string `yaml:"base_url"` // default: the vendor's own address
	// CallsPerSecond is how many requests this worker sends. Default 5.
	CallsPerSecond float64 `yaml:"calls_per_second"`
	// Timeout bounds one request. Default 20s.
	Timeout keyturn.Duration `yaml:"timeout"`
	// WebhookSecretFile holds the secret the tracker signs its deliveries with.
	// Without it /webhooks/tickets/<name> is not served, and a closed ticket is
	// noticed when the next reminder is due.
	WebhookSecretFile string         `yaml:"webhook_secret_file"`
	Settings          map[string]any `yaml:"settings"` // the tracker's own; see its README
}

func (t Tickets) withDefaults() Tickets {
	for name, tr := range t.Trackers {
		or(&tr.CallsPerSecond, 5)
		or(&tr.Timeout, keyturn.Duration(20*time.Second))
		t.Trackers[name] = tr
		if len(t.Trackers) == 1 {
			or(&t.Default, name)
		}
	}
	return t
}

func (t Tickets) check() error {
	var errs []error
	known := func(field, name string) {
		if _, ok := t.Trackers[name]; name != "" && !ok {
			errs = append(errs, fmt.Errorf("%s: no tracker is called %q; name one of tickets.trackers", field, name))
		}
	}
	known("tickets.default", t.Default)
	for team, name := range t.Teams {
		known("tickets.teams."+team, name)
	}
	for name, tr := range t.Trackers {
		if !isURLName(name) {
			errs = append(errs, fmt.Errorf("tickets.trackers.%s: a name is 1 to 32 of a-z, 0-9 and -: it becomes part of a URL", name))
		}
		if tr.CallsPerSecond < 0 {
			errs = append(errs, fmt.Errorf("tickets.trackers.%s: calls_per_second cannot be negative", name))
		}
	}
	if _, err := tickets.LoadWording(t.Wording); err != nil {
		errs = append(errs, fmt.Errorf("tickets.wording: %w", err))
	}
	return errors.Join(errs...)
}

// trackers are the ticketing systems compiled in.
func trackers() []tickets.Factory {
	return []tickets.Factory{github.Factory, jira.Factory, linear.Factory}
}

// openTickets opens every configured tracker.
func openTickets(c Tickets, keys *activities.Keys, m *metrics) (*activities.People, error) {
	wording, err := tickets.LoadWording(c.Wording)
	if err != nil {
		return nil, fmt.Errorf("tickets.wording: %w", err)
	}
	out := &activities.People{Keys: keys, Trackers: map[string]tickets.Tracker{}, Tracker: c.Default, Teams: c.Teams, Wording: wording}
	for name, t := range c.Trackers {
		if out.Trackers[name], err = openTracker(t, keys.Secrets, m); err != nil {
			return nil, fmt.Errorf("tickets.trackers.%s: %w", name, err)
		}
	}
	return out, nil
}

func openTracker(t Tracker, stores secrets.Catalog, m *metrics) (tickets.Tracker, error) {
	for _, f := range trackers() {
		if f.Name != t.Tracker {
			continue
		}
		env := tickets.Env{
			HTTP:    newClient(t.Tracker, t.CallsPerSecond, time.Duration(t.Timeout), m),
			BaseURL: t.BaseURL, Decode: func(v any) error { return strict(t.Settings, v) }, Secret: secret(stores), Now: time.Now,
		}
		var err error
		if env.WebhookSecret, err = webhookSecret(t.WebhookSecretFile); err != nil {
			return nil, err
		}
		return f.New(env)
	}
	return nil, fmt.Errorf("this worker knows no tracker %q; it knows github, jira and linear", t.Tracker)
}

// secret reads a credential where it is kept, as it is now.
func secret(stores secrets.Catalog) func(context.Context, keyturn.SecretRef) (keyturn.Secret, error) {
	read := credential(stores)
	return func(ctx context.Context, ref keyturn.SecretRef) (keyturn.Secret, error) {
		c, err := read(ctx, ref)
		return c.Secret, err
	}
}

// checkTrackers asks every configured tracker, by harmless calls only, whether
// it can be used.
func checkTrackers(ctx context.Context, c Config, out io.Writer) (err error) {
	m, err := newMetrics()
	if err != nil {
		return err
	}
	stores, closeStores, err := c.Stores.Open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeStores()) }()
	people, err := openTickets(c.Tickets, &activities.Keys{Secrets: stores}, m)
	if err != nil {
		return err
	}
	return askEach(ctx, out, "trackers", people.Trackers)
}
