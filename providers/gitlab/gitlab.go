// Package gitlab manages project and group access tokens of GitLab, on
// gitlab.com or an instance of one's own.
//
// A token belongs to a project or a group, which is the key's principal:
// "project/42" or "group/7". Ids are numbers, because a path can be renamed
// and then taken by somebody else. The label given to Mint becomes the token's
// name.
//
// GitLab's own call to rotate a token is not used: it revokes the old token at
// once (Project access tokens API, "Rotate a project access token"), and
// whoever still reads the old value is locked out.
package gitlab

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
)

// Factory registers this provider; see providers/all.
var Factory = providers.Factory{Name: "gitlab", New: open}

type settings struct {
	// URL is the instance; https://gitlab.com by default.
	URL string `json:"url,omitempty"`
	// Token is the administrator's personal access token.
	Token keyturn.SecretRef `json:"token"`
	// Group is the id of the group that makes up the account: a listing of the
	// whole account goes through it, its subgroups and their projects.
	Group int64 `json:"group,omitempty"`
	// MaxDays is the longest life the instance allows a token; 365 by default.
	MaxDays int `json:"max_days,omitempty"`
}

type provider struct {
	env providers.Env
	settings
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
)

func open(env providers.Env) (providers.Provider, error) {
	p := &provider{env: env, settings: settings{URL: "https://gitlab.com", MaxDays: 365}}
	if err := env.Decode(&p.settings); err != nil {
		return nil, fmt.Errorf("gitlab: settings: %w", err)
	}
	if p.Token.Path == "" {
		return nil, fmt.Errorf("gitlab: settings: token must say where the administrator's personal access token is kept")
	}
	if u, err := url.Parse(p.URL); err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("gitlab: settings: url must be the instance's https address, such as https://gitlab.example.com")
	}
	if p.MaxDays < 1 || p.Group < 0 {
		return nil, fmt.Errorf("gitlab: settings: max_days and group must be positive")
	}
	if p.env.BaseURL == "" {
		p.env.BaseURL = strings.TrimRight(p.URL, "/")
	}
	return p, nil
}

func (p *provider) Info() providers.Info {
	return providers.Info{
		Name: "gitlab", Title: "GitLab project and group access tokens",
		Docs:   "https://docs.gitlab.com/api/project_access_tokens/",
		Labels: true,
		// GitLab documents no delay. An instance may read from a replica of its
		// database, so some caution.
		Settle: 10 * time.Second,
		// "Token usage times are updated every 10 minutes" (Project access
		// tokens).
		UsageLag: 10 * time.Minute,
	}
}

// token is an access token as GitLab shows it (Project access tokens API).
type token struct {
	ID       int64      `json:"id"`
	Name     string     `json:"name"`
	Value    string     `json:"token"` // only in the answer that creates it
	Created  time.Time  `json:"created_at"`
	LastUsed *time.Time `json:"last_used_at"`
	Active   bool       `json:"active"`
	Revoked  bool       `json:"revoked"`
}

func (t token) remote(of owner) providers.RemoteKey {
	return providers.RemoteKey{ID: strconv.FormatInt(t.ID, 10), Principal: of.String(), Label: t.Name, Created: t.Created, Enabled: t.Active}
}

// Mint creates a token named req.Label. See [wish] for req.Permissions.
func (p *provider) Mint(ctx context.Context, req providers.MintRequest) (providers.Minted, error) {
	const op = "gitlab: mint"
	of, err := parseOwner(op, req.Principal)
	if err != nil {
		return providers.Minted{}, err
	}
	in, err := p.wish(op, req)
	if err != nil {
		return providers.Minted{}, err
	}
	r, err := p.manage(ctx, op, http.MethodPost, of.path()+"/access_tokens", in)
	if err != nil {
		return providers.Minted{}, err
	}
	var out token
	switch {
	case r.Status == http.StatusBadRequest && r.says("limit reached"):
		err = keyturn.Errorf(keyturn.Exhausted, op, "GitLab allows %s no more tokens", of)
	case r.Status == http.StatusBadRequest && r.says("permission"):
		err = keyturn.Errorf(keyturn.Denied, op, "the administrator may not create a token with that role in %s", of)
	default:
		err = r.read(op, &out)
	}
	if err == nil && (out.ID == 0 || out.Value == "") {
		err = undocumented(op)
	}
	if err != nil {
		return providers.Minted{}, err
	}
	return providers.Minted{Key: out.remote(of), Secret: keyturn.NewSecret(out.Value)}, nil
}

// Revoke revokes the token. A 404 means that there is no such token, or no
// such project within the administrator's sight: only the first is success.
// GitLab answers 400 both to an administrator who may not and for a token
// revoked a moment ago whose bot user is being deleted, so then the token
// itself is looked at.
func (p *provider) Revoke(ctx context.Context, principal, id string) error {
	const op = "gitlab: revoke"
	path, err := tokenPath(op, principal, id)
	if err != nil {
		return err
	}
	r, err := p.manage(ctx, op, http.MethodDelete, path, nil)
	switch {
	case err != nil:
		return err
	case r.noSuchToken():
		return nil
	case r.Status != http.StatusBadRequest:
		return r.err(op)
	}
	if t, err := p.token(ctx, op, path); keyturn.KindOf(err) == keyturn.NotFound && t.Revoked {
		return nil
	}
	return keyturn.Errorf(keyturn.Denied, op, "GitLab refuses to revoke the token; is the administrator a Maintainer of the project, or an Owner of the group?")
}

// LastUsed reads last_used_at, which is null for a token never used.
func (p *provider) LastUsed(ctx context.Context, principal, id string) (time.Time, error) {
	const op = "gitlab: last used"
	path, err := tokenPath(op, principal, id)
	if err != nil {
		return time.Time{}, err
	}
	t, err := p.token(ctx, op, path)
	if err != nil || t.LastUsed == nil {
		return time.Time{}, err
	}
	return *t.LastUsed, nil
}

// token reads one token. One that is gone is NotFound, and Revoked if GitLab
// knows it to be.
func (p *provider) token(ctx context.Context, op, path string) (token, error) {
	r, err := p.manage(ctx, op, http.MethodGet, path, nil)
	if err != nil {
		return token{}, err
	}
	if r.noSuchToken() {
		return token{Revoked: true}, keyturn.Errorf(keyturn.NotFound, op, "there is no such token")
	}
	var t token
	switch err := r.read(op, &t); {
	case err != nil:
		return token{}, err
	case t.ID == 0:
		return token{}, undocumented(op)
	case t.Revoked:
		return t, keyturn.Errorf(keyturn.NotFound, op, "the token was revoked")
	}
	return t, nil
}
