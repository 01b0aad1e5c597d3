package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/leaks/gitguardian"
	"github.com/keyturn/keyturn/leaks/github"
	"github.com/keyturn/keyturn/leaks/gitlab"
	"github.com/keyturn/keyturn/leaks/hmsl"
)

// scanners are the sources of leaks compiled in.
func scanners() []leaks.Factory {
	return []leaks.Factory{gitguardian.Factory, github.Factory, gitlab.Factory}
}

// sourceKinds are the words that say what a source is.
func sourceKinds() []string {
	var out []string
	for _, f := range scanners() {
		out = append(out, f.Name)
	}
	slices.Sort(out)
	return out
}

// openLeaks opens every configured scanner.
func openLeaks(c Leaks, w *wiring, m *metrics) (*activities.Leaks, error) {
	out := &activities.Leaks{
		Keys: w.keys, People: w.people, Sources: map[string]leaks.Source{}, Rules: c.rules(), Poll: 200 * time.Millisecond, Retry: 15 * time.Second,
	}
	if c.Keep != nil {
		out.Keep = &activities.Keeper{Stores: w.keys.Secrets, Store: c.Keep.Name(), Folder: c.Keep.Path}
	}
	if c.HasMySecretLeaked != nil {
		out.Hashes = openHashes(*c.HasMySecretLeaked, w, m)
	}
	for name, s := range c.Sources {
		var err error
		if out.Sources[name], err = openSource(name, s, w, m); err != nil {
			return nil, fmt.Errorf("leaks.sources.%s: %w", name, err)
		}
	}
	return out, nil
}

func openSource(name string, s LeakSource, w *wiring, m *metrics) (leaks.Source, error) {
	for _, f := range scanners() {
		if f.Name != s.Source {
			continue
		}
		env := leaks.Env{
			Name:    name,
			HTTP:    newClient("leaks/"+s.Source, s.CallsPerSecond, time.Duration(s.Timeout), m),
			BaseURL: s.BaseURL, Decode: func(v any) error { return strict(s.Settings, v) }, Secret: pair(w.keys.Secrets), Now: time.Now,
		}
		var err error
		if env.WebhookSecret, err = webhookSecret(s.WebhookSecretFile); err != nil {
			return nil, err
		}
		return f.New(env)
	}
	return nil, fmt.Errorf("this worker knows no source %q", s.Source)
}

// checkSources asks every configured scanner, by harmless calls only, whether it can be
// used.
func checkSources(ctx context.Context, c Config, out io.Writer) error {
	return opened(ctx, c, func(w *wiring) error {
		all := map[string]checked{}
		for name, s := range w.leaks.Sources {
			all[name] = s
		}
		if h, ok := w.leaks.Hashes.(hashes); ok {
			all[activities.HashSource] = h
		}
		return askEach(ctx, out, "sources", all)
	})
}

// hashes is GitGuardian's service as activities see it.
type hashes struct{ client *hmsl.Client }

func openHashes(c HasMySecretLeaked, w *wiring, m *metrics) hashes {
	hc := newClient("leaks/"+activities.HashSource, 5, 20*time.Second, m)
	client := &hmsl.Client{HTTP: hc, BaseURL: c.BaseURL}
	if c.APIKey.Path != "" {
		read := secret(w.keys.Secrets)
		exchange := &hmsl.Exchange{HTTP: hc, BaseURL: c.TokenURL, Audience: c.BaseURL, Now: time.Now, APIKey: func(ctx context.Context) (keyturn.Secret, error) { return read(ctx, c.APIKey) }}
		client.Token = exchange.Token
	}
	return hashes{client}
}

// Check asks about nothing, which is free.
func (h hashes) Check(ctx context.Context) error {
	_, err := h.client.Look(ctx, nil)
	return err
}

// Known implements [activities.HashChecker].
func (h hashes) Known(ctx context.Context, asked []string) (found []activities.KnownHash, next int, err error) {
	res, err := h.client.Look(ctx, asked)
	if err != nil {
		return nil, 0, err
	}
	for _, m := range res.Matches {
		found = append(found, activities.KnownHash{Hash: m.Hash, Count: m.Count, URL: m.URL})
	}
	return found, res.Quota.Hashes(), nil
}

// reportLeaks records what a scanner found and has it answered.
func reportLeaks(w *wiring) func(context.Context, string, []leaks.Finding) error {
	return func(ctx context.Context, source string, found []leaks.Finding) error {
		_, err := activities.NewReporter(w.leaks, source).Report(ctx, found)
		return err
	}
}
