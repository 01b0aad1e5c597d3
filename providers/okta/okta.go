// Package okta manages the client secrets of an Okta org's OAuth 2.0 apps. The
// account is the org's domain and the principal of a key its app's id.
//
// An app holds two secrets at most. Okta keeps no label with one and does not
// say how secret_hash is made, so Okta makes the secrets, and an orphan is
// told by what was there before. A key's id here is the app's id and Okta's
// secret id with a dot between them: whoever tries a secret must name the app.
package okta

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
)

// Factory registers this provider; see providers/all.
var Factory = providers.Factory{Name: "okta", New: open}

type settings struct {
	// Token is where the API token (SSWS) of Keyturn's administrator is kept.
	Token keyturn.SecretRef `json:"token"`
	// Apps are the apps, by id, that differ from what Okta does by default.
	Apps map[string]app `json:"apps,omitempty"`
}

// app is how an app authenticates.
type app struct {
	// ClientID is the app's client id where it is not the app's id.
	ClientID string `json:"client_id,omitempty"`
	// Auth is the app's token_endpoint_auth_method: client_secret_basic (the
	// default) or client_secret_post.
	Auth string `json:"auth,omitempty"`
}

const (
	inHeader = "client_secret_basic"
	inBody   = "client_secret_post"
)

type provider struct {
	env providers.Env
	settings
	vendor string // the org's own address, which page links may name
}

var (
	_ providers.Minter            = (*provider)(nil)
	_ providers.Lister            = (*provider)(nil)
	_ providers.Verifier          = (*provider)(nil)
	_ providers.Suspender         = (*provider)(nil)
	_ providers.Revoker           = (*provider)(nil)
	_ providers.PermissionChecker = (*provider)(nil)
	_ providers.UseReader         = (*provider)(nil)
)

func open(env providers.Env) (providers.Provider, error) {
	p := &provider{env: env}
	if err := env.Decode(&p.settings); err != nil {
		return nil, fmt.Errorf("okta: settings: %w", err)
	}
	if p.Token.Path == "" {
		return nil, fmt.Errorf("okta: settings: token must say where the administrator's API token is kept")
	}
	if !regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)+$`).MatchString(env.Account) {
		return nil, fmt.Errorf("okta: the account must be the org's domain such as acme.okta.com, not an address")
	}
	for id, a := range p.Apps {
		if !plain(id) || a.Auth != "" && a.Auth != inHeader && a.Auth != inBody {
			return nil, fmt.Errorf("okta: settings: apps must go by app ids, and auth be %s or %s", inHeader, inBody)
		}
	}
	if p.env.Now == nil {
		p.env.Now = time.Now
	}
	p.vendor = "https://" + env.Account
	if p.env.BaseURL == "" {
		p.env.BaseURL = p.vendor
	}
	return p, nil
}

func (p *provider) Info() providers.Info {
	return providers.Info{
		Name: "okta", Title: "Okta OAuth client secrets",
		Docs: "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/ApplicationSSOPublicKeys/",
		// "You can create up to two secret objects" (Create an OAuth 2.0
		// client secret). Inactive ones count.
		MaxLive: 2,
		// Okta documents no delay; this is our caution.
		Settle: 10 * time.Second,
	}
}

// secret is an OAuth2ClientSecret as Okta shows it. Okta shows the value in
// every answer; only Mint looks.
type secret struct {
	ID      string    `json:"id"`
	Status  string    `json:"status"`
	Created time.Time `json:"created"`
}

const active, inactive = "ACTIVE", "INACTIVE"

func (s secret) remote(app string) providers.RemoteKey {
	return providers.RemoteKey{ID: app + "." + s.ID, Principal: app, Created: s.Created, Enabled: s.Status == active}
}

// Mint has Okta make a secret for the app req.Principal.
func (p *provider) Mint(ctx context.Context, req providers.MintRequest) (providers.Minted, error) {
	const op = "okta: mint"
	path, err := secretsPath(op, req.Principal)
	if err != nil {
		return providers.Minted{}, err
	}
	var out struct {
		secret
		Value string `json:"client_secret"`
	}
	if err := p.manage(ctx, op, http.MethodPost, path, map[string]string{"status": active}, &out); err != nil {
		return providers.Minted{}, err
	}
	if !plain(out.ID) || out.Value == "" {
		return providers.Minted{}, undocumented(op)
	}
	return providers.Minted{Key: out.remote(req.Principal), Secret: keyturn.NewSecret(out.Value)}, nil
}

// Disable deactivates the secret; it keeps its slot. Okta refuses it for the
// only active secret of an app.
func (p *provider) Disable(ctx context.Context, principal, id string) error {
	return p.setStatus(ctx, "okta: disable", principal, id, "deactivate", inactive)
}

// Enable activates an inactive secret again.
func (p *provider) Enable(ctx context.Context, principal, id string) error {
	return p.setStatus(ctx, "okta: enable", principal, id, "activate", active)
}

func (p *provider) setStatus(ctx context.Context, op, principal, id, verb, status string) error {
	path, err := secretPath(op, principal, id)
	if err != nil {
		return err
	}
	token, err := p.env.Credential(ctx, p.Token)
	if err != nil {
		return err
	}
	return p.turn(ctx, op, token.Secret, path, verb, status)
}

// turn makes a secret active or inactive. Okta does not document what it says
// to a secret that is so already: where it refuses, the secret is read.
func (p *provider) turn(ctx context.Context, op string, token keyturn.Secret, path, verb, status string) error {
	var out secret
	err := p.as(ctx, op, token, http.MethodPost, path+"/lifecycle/"+verb, nil, &out)
	if keyturn.KindOf(err) == keyturn.Invalid {
		var now secret
		if p.as(ctx, op, token, http.MethodGet, path, nil, &now) == nil && now.Status == status {
			return nil
		}
	}
	if err == nil && out.Status != status {
		return undocumented(op)
	}
	return err
}

// Revoke deactivates the secret and deletes it: Okta deletes no active one. A
// secret that was disabled before is deactivated again, which does no harm.
// The only active secret of an app cannot be revoked: the error is Invalid.
func (p *provider) Revoke(ctx context.Context, principal, id string) error {
	const op = "okta: revoke"
	path, err := secretPath(op, principal, id)
	if err != nil {
		return err
	}
	token, err := p.env.Credential(ctx, p.Token)
	if err != nil {
		return err // a missing credential of ours is no missing key
	}
	err = p.turn(ctx, op, token.Secret, path, "deactivate", inactive)
	if err == nil {
		err = p.as(ctx, op, token.Secret, http.MethodDelete, path, nil, nil)
	}
	if keyturn.KindOf(err) == keyturn.NotFound {
		return nil
	}
	return err
}
