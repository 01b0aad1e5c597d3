// Package github manages deploy keys of repositories, and takes stock of the
// fine-grained personal access tokens an organisation has let in.
//
// The principal says which: "owner/repo" is that repository's deploy keys,
// "pat" the organisation's tokens. GitHub lets nobody create a personal
// access token by API, so for "pat" there is no Mint. An installation token
// ("installation/<id>") lives an hour and has no id: there is nothing to
// rotate, and Keyturn does not manage it.
//
// Everything is done as a GitHub App. A deploy key made with a personal access
// token would die with that token (REST API, "Deploy keys").
package github

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
)

// Factory registers this provider; see providers/all.
var Factory = providers.Factory{Name: "github", New: open}

type settings struct {
	// PrivateKey is where the App's private key (PEM) is kept.
	PrivateKey keyturn.SecretRef `json:"private_key"`
	// App is the App's client id or number. Absent means that it is kept
	// beside the private key, as its id.
	App string `json:"app,omitempty"`
	// PersonalTokens says that the account is an organisation whose personal
	// access tokens are to be seen to.
	PersonalTokens bool `json:"personal_tokens,omitempty"`
}

type provider struct {
	env providers.Env
	settings
	app app
}

var (
	_ providers.Minter            = (*provider)(nil)
	_ providers.Lister            = (*provider)(nil)
	_ providers.Verifier          = (*provider)(nil)
	_ providers.Revoker           = (*provider)(nil)
	_ providers.UsageReader       = (*provider)(nil)
	_ providers.Identifier        = (*provider)(nil)
	_ providers.ValueRevoker      = (*provider)(nil)
	_ providers.PermissionChecker = (*provider)(nil)
	_ providers.UseReader         = (*provider)(nil)
)

func open(env providers.Env) (providers.Provider, error) {
	p := &provider{env: env, app: app{busy: make(chan struct{}, 1)}}
	if err := env.Decode(&p.settings); err != nil {
		return nil, fmt.Errorf("github: settings: %w", err)
	}
	if p.PrivateKey.Path == "" {
		return nil, fmt.Errorf("github: settings: private_key must say where the App's private key is kept")
	}
	if p.env.BaseURL == "" {
		p.env.BaseURL = "https://api.github.com"
	}
	if p.env.Now == nil {
		p.env.Now = time.Now
	}
	return p, nil
}

func (p *provider) Info() providers.Info {
	return providers.Info{
		Name: "github", Title: "GitHub deploy keys and tokens",
		Docs:   "https://docs.github.com/en/rest/deploy-keys/deploy-keys",
		Labels: true,
		// Revoking by value is done later (status 202, REST API, "Revocation").
		// GitHub names no figure for anything; this is our caution.
		Settle: time.Minute,
		// Not documented either.
		UsageLag: 24 * time.Hour,
	}
}

// pats is the principal of the organisation's personal access tokens.
const pats = "pat"

// repoPattern is owner/repo, as GitHub allows names.
var repoPattern = regexp.MustCompile(`^([A-Za-z0-9-]+)/[A-Za-z0-9._-]+$`)

// check says what is wrong with a principal, nil for one that can be managed.
func (p *provider) check(op, principal string) error {
	owner, name, _ := strings.Cut(principal, "/")
	switch {
	case principal == "":
		return keyturn.Errorf(keyturn.Invalid, op, "name the repository (owner/repo) in the entry's scope.principal")
	case principal == pats:
		return p.inventory(op)
	case owner == "installation" && !strings.EqualFold(p.env.Account, owner):
		return keyturn.Errorf(keyturn.Unsupported, op, "installation tokens end after an hour and have no id; there is nothing to manage")
	case !repoPattern.MatchString(principal) || name == "." || name == "..":
		return keyturn.Errorf(keyturn.Invalid, op, `scope.principal must be owner/repo for deploy keys, or "pat"`)
	case !strings.EqualFold(owner, p.env.Account):
		return keyturn.Errorf(keyturn.Invalid, op, "the repository is not one of account %s; correct scope.principal or scope.account_id", p.env.Account)
	}
	return nil
}

// inventory refuses unless the settings ask for personal access tokens.
func (p *provider) inventory(op string) error {
	if p.PersonalTokens {
		return nil
	}
	return keyturn.Errorf(keyturn.Unsupported, op, "personal access tokens are not seen to; set personal_tokens: true and give the App its permission")
}

// Mint makes an SSH key and hands its public half to the repository. The value
// is the private half, in OpenSSH's own PEM. GitHub ends no deploy key by
// itself, so req.Expires is left out.
func (p *provider) Mint(ctx context.Context, req providers.MintRequest) (providers.Minted, error) {
	const op = "github: mint"
	if req.Principal == pats {
		return providers.Minted{}, keyturn.Errorf(keyturn.Unsupported, op, "GitHub lets nobody create a personal access token by API; its owner must")
	}
	if err := p.check(op, req.Principal); err != nil {
		return providers.Minted{}, err
	}
	return p.mintDeployKey(ctx, op, req)
}

// List reads one repository's deploy keys, the organisation's tokens, or both
// of everything within the App's reach. A repository deleted meanwhile has no
// keys.
func (p *provider) List(ctx context.Context, principal string) iter.Seq2[providers.RemoteKey, error] {
	const op = "github: list"
	return func(yield func(providers.RemoteKey, error) bool) {
		if principal == "" {
			p.listAll(ctx, op, yield)
			return
		}
		switch err := p.check(op, principal); {
		case keyturn.KindOf(err) == keyturn.Invalid:
			yield(providers.RemoteKey{}, keyturn.Errorf(keyturn.NotFound, op, "there is no such repository in account %s", p.env.Account))
		case err != nil:
			yield(providers.RemoteKey{}, err)
		case principal == pats:
			each(p.grants(ctx, op, ""), grant.remote, yield)
		default:
			each(p.deployKeys(ctx, op, principal), ofRepo(principal), yield)
		}
	}
}

// Verify tries what the value is. See verifyDeployKey and verifyToken for what
// that can prove.
func (p *provider) Verify(ctx context.Context, id string, secret keyturn.Secret) error {
	const op = "github: verify"
	if secret.IsZero() {
		return keyturn.Errorf(keyturn.Invalid, op, "there is no value to try")
	}
	if strings.HasPrefix(id, pats+"/") {
		id = "" // a token made by hand, whose id nobody gave
	}
	if strings.Contains(id, "/") {
		return p.verifyDeployKey(ctx, op, id, secret)
	}
	return p.verifyToken(ctx, op, id, secret)
}

// Revoke deletes a deploy key, or ends a personal access token's access to the
// organisation. The token itself stays its owner's; RevokeValue ends it.
func (p *provider) Revoke(ctx context.Context, principal, id string) error {
	const op = "github: revoke"
	err := p.check(op, principal)
	if err != nil {
		return err
	}
	method, path, body := http.MethodDelete, "", any(nil)
	if principal == pats {
		method, body = http.MethodPost, map[string]string{"action": "revoke"}
		path, err = p.grantPath(op, id)
	} else {
		path, err = p.keyPath(op, principal, id)
	}
	if err != nil {
		return err
	}
	s, err := p.session(ctx, op)
	if err != nil {
		return err // a credential of ours that is missing is no missing key
	}
	_, err = p.as(ctx, s, request{op, method, path, body, nil})
	if keyturn.KindOf(err) == keyturn.NotFound {
		return nil
	}
	return err
}

// LastUsed reads last_used of a deploy key, token_last_used_at of a token.
func (p *provider) LastUsed(ctx context.Context, principal, id string) (time.Time, error) {
	const op = "github: last used"
	if err := p.check(op, principal); err != nil {
		return time.Time{}, err
	}
	if principal == pats {
		return p.tokenUsed(ctx, op, id)
	}
	return p.deployKeyUsed(ctx, op, principal, id)
}
