// Package http manages the API keys of an organisation's own service, of any
// service that implements Keyturn's contract: a handful of JSON requests, which
// [Contract] describes and docs/http-provider.md explains.
//
// What a service need not have, the setting lacks names; the provider opened
// then lacks it too. CheckPermissions compares that with what the service says
// of itself.
package http

import (
	_ "embed"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
)

// Factory registers this provider; see providers/all.
var Factory = providers.Factory{Name: "http", New: open}

//go:embed openapi.yaml
var contract string

// Contract is version 1 of the contract as an OpenAPI 3.1 document, in YAML.
func Contract() string { return contract }

// What a service may lack, in the words of the setting and of its own
// description.
const (
	suspends   = "suspend"
	lastUsed   = "last_used"
	principals = "principals"
)

type settings struct {
	// URL is where the service is, up to /keyturn/v1. It may be left out where
	// the account's base_url is given.
	URL string `json:"url,omitempty"`
	// Token is the administrator's bearer token.
	Token keyturn.SecretRef `json:"token"`
	Title string            `json:"title,omitempty"`
	Docs  string            `json:"docs,omitempty"`
	// Lacks names what the service does not implement: suspend, last_used,
	// principals.
	Lacks []string `json:"lacks,omitempty"`
	// MaxLive is how many keys one principal may hold; 0 is no limit.
	MaxLive int `json:"max_live,omitempty"`
	// Settle is how long a change may take to be believed; 10s by default.
	Settle keyturn.Duration `json:"settle,omitempty"`
	// UsageLag is how far last_used may run behind; 1m by default.
	UsageLag keyturn.Duration `json:"usage_lag,omitempty"`
}

// provider is what every service can do. It is what the types below are made
// of: which one is opened is how a provider says what it can do.
type provider struct {
	env providers.Env
	settings
}

type (
	withSuspend struct {
		*provider
		suspender
	}
	withUsage struct {
		*provider
		usageReader
	}
	withBoth struct {
		*provider
		suspender
		usageReader
	}
)

var (
	_ providers.Minter            = (*provider)(nil)
	_ providers.Lister            = (*provider)(nil)
	_ providers.Verifier          = (*provider)(nil)
	_ providers.Revoker           = (*provider)(nil)
	_ providers.Identifier        = (*provider)(nil)
	_ providers.PermissionChecker = (*provider)(nil)
	_ providers.Suspender         = withSuspend{}
	_ providers.UsageReader       = withUsage{}
	_ providers.Suspender         = withBoth{}
	_ providers.UsageReader       = withBoth{}
)

func open(env providers.Env) (providers.Provider, error) {
	p := &provider{env: env, settings: settings{
		Title:  "An internal service",
		Docs:   "https://github.com/keyturn/keyturn/blob/main/docs/http-provider.md",
		Settle: keyturn.Duration(10 * time.Second), UsageLag: keyturn.Duration(time.Minute),
	}}
	if err := env.Decode(&p.settings); err != nil {
		return nil, fmt.Errorf("http: settings: %w", err)
	}
	if err := p.check(); err != nil {
		return nil, fmt.Errorf("http: settings: %w", err)
	}
	if p.env.BaseURL == "" {
		p.env.BaseURL = p.URL
	}
	p.env.BaseURL = strings.TrimRight(p.env.BaseURL, "/")
	switch s, u := !p.lacks(suspends), !p.lacks(lastUsed); {
	case s && u:
		return withBoth{p, suspender{p}, usageReader{p}}, nil
	case s:
		return withSuspend{p, suspender{p}}, nil
	case u:
		return withUsage{p, usageReader{p}}, nil
	}
	return p, nil
}

func (p *provider) lacks(what string) bool { return slices.Contains(p.Lacks, what) }

// check reports what is wrong with the settings.
func (p *provider) check() error {
	if p.Token.Path == "" {
		return fmt.Errorf("token must say where the administrator's bearer token is kept")
	}
	for _, l := range p.Lacks {
		if l != suspends && l != lastUsed && l != principals {
			return fmt.Errorf("lacks may name suspend, last_used and principals, and not %q", l)
		}
	}
	if p.MaxLive < 0 || p.UsageLag == 0 {
		return fmt.Errorf("max_live must not be negative, and usage_lag must be more than 0s")
	}
	if p.URL == "" && p.env.BaseURL != "" {
		return nil
	}
	// A bearer token in the clear is nobody's secret; this machine is the
	// exception.
	u, err := url.Parse(p.URL)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" ||
		u.Scheme != "https" && (u.Scheme != "http" || !slices.Contains([]string{"localhost", "127.0.0.1", "::1"}, u.Hostname())) {
		return fmt.Errorf("url must be the service's https address, such as https://billing.internal.example")
	}
	return nil
}

func (p *provider) Info() providers.Info {
	return providers.Info{
		Name: "http", Title: p.Title, Docs: p.Docs, MaxLive: p.MaxLive, Labels: true,
		Settle: time.Duration(p.Settle), UsageLag: time.Duration(p.UsageLag),
	}
}
