package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/config"
	"github.com/keyturn/keyturn/people"
	"github.com/keyturn/keyturn/people/entra"
	"github.com/keyturn/keyturn/people/google"
	"github.com/keyturn/keyturn/people/identitycenter"
	"github.com/keyturn/keyturn/people/okta"
	"github.com/keyturn/keyturn/people/roster"
	"github.com/keyturn/keyturn/people/scim"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/secrets"
	"github.com/keyturn/keyturn/webhooks"
)

// factories are the directories compiled in.
func factories() []people.Factory {
	return []people.Factory{entra.Factory, google.Factory, identitycenter.Factory, okta.Factory}
}

// openPeople opens every configured directory.
func openPeople(c People, w *wiring, m *metrics) (*activities.Leavers, error) {
	out := &activities.Leavers{
		Registry: w.registry, Directories: map[string]people.Directory{}, Rules: c.rules(), Now: time.Now, Poll: 2 * time.Second, Retry: 5 * time.Minute,
	}
	for name, d := range c.Directories {
		var err error
		if out.Directories[name], err = openDirectory(name, d, w, m); err != nil {
			return nil, fmt.Errorf("people.directories.%s: %w", name, err)
		}
	}
	return out, nil
}

func openDirectory(name string, d Directory, w *wiring, m *metrics) (people.Directory, error) {
	if d.Directory == pushed || d.Directory == listed {
		return &roster.Directory{Name: name, Roster: w.registry}, nil
	}
	for _, f := range factories() {
		if f.Name != d.Directory {
			continue
		}
		env := people.Env{
			HTTP:    newClient("people/"+d.Directory, d.CallsPerSecond, time.Duration(d.Timeout), m),
			BaseURL: d.BaseURL, Decode: func(v any) error { return strict(d.Settings, v) }, Secret: pair(w.keys.Secrets), Now: time.Now,
		}
		var err error
		if env.WebhookSecret, err = webhookSecret(d.WebhookSecretFile); err != nil {
			return nil, err
		}
		return f.New(env)
	}
	return nil, fmt.Errorf("this worker knows no directory %q", d.Directory)
}

// directoryKinds are the words that say what a directory is.
func directoryKinds() []string {
	out := []string{listed, pushed}
	for _, f := range factories() {
		out = append(out, f.Name)
	}
	slices.Sort(out)
	return out
}

// pair reads a credential where it is kept, with the id beside it.
func pair(stores secrets.Catalog) func(context.Context, keyturn.SecretRef) (string, keyturn.Secret, error) {
	read := credential(stores)
	return func(ctx context.Context, ref keyturn.SecretRef) (string, keyturn.Secret, error) {
		c, err := read(ctx, ref)
		return c.ID, c.Secret, err
	}
}

// checkDirectories asks every configured directory, by harmless calls only,
// whether it can be used.
func checkDirectories(ctx context.Context, c Config, out io.Writer) error {
	return opened(ctx, c, func(w *wiring) error { return askEach(ctx, out, "directories", w.leavers.Directories) })
}

// opened does something with all that is configured, opened for that.
func opened(ctx context.Context, c Config, do func(*wiring) error) (err error) {
	log, err := c.Log.logger(io.Discard)
	if err != nil {
		return err
	}
	m, err := newMetrics()
	if err != nil {
		return err
	}
	w, err := wire(ctx, c, log, m)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	return do(w)
}

// A checked is something configured that can be asked whether it can be used.
type checked interface {
	Check(ctx context.Context) error
}

// askEach asks each by its name, and fails if one of them cannot be used.
func askEach[C checked](ctx context.Context, out io.Writer, what string, all map[string]C) error {
	wrong := 0
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if err := all[name].Check(ctx); err != nil {
			_, _ = fmt.Fprintf(out, "%s: %v\n", name, err)
			wrong++
		} else {
			_, _ = fmt.Fprintf(out, "%s: ok\n", name)
		}
	}
	if wrong > 0 {
		return fmt.Errorf("%d of %d %s cannot be used", wrong, len(all), what)
	}
	return nil
}

// scimServers are the endpoints that identity providers push people to.
func scimServers(c Config, w *wiring, engine activities.LeaverEngine, log *slog.Logger, m *metrics) map[string]http.Handler {
	out := map[string]http.Handler{}
	for name, d := range c.People.Directories {
		if d.Directory != pushed {
			continue
		}
		s := &scim.Server{
			Directory: name, Address: strings.TrimSuffix(c.Webhooks.PublicURL, "/"), Roster: w.registry, Now: time.Now, Log: log.With("directory", name),
			Token: func(context.Context) (keyturn.Secret, error) { return config.Secret(d.WebhookSecretFile) },
			Left: func(ctx context.Context, l scim.Leaver) error {
				_, err := activities.Announce(ctx, w.registry, engine, registry.Departure{
					ID: activities.NewDepartureID(), Email: l.Email, Aliases: l.Aliases, Origin: name, Event: l.Event, Actor: name, At: time.Now().UTC(), Reason: l.Reason,
				})
				return err
			},
			Back: func(ctx context.Context, email string) error {
				return w.registry.Returned(ctx, email, time.Now().UTC())
			},
			Count: func(o scim.Outcome) { m.webhooks.WithLabelValues("people/"+name, string(o)).Inc() },
		}
		out[name] = s.Handler(webhooks.ScimPath(name))
	}
	return out
}
