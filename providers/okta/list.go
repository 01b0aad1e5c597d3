package okta

import (
	"context"
	"errors"
	"iter"
	"net/http"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
)

// firstPage asks for as many apps as Okta puts on a page (List all
// applications).
const firstPage = "limit=200"

const appsPath = "/api/v1/apps"

// List reads one app's secrets, or those of every OpenID Connect app of the
// org: one request for each, as Okta lists no secrets but an app's.
func (p *provider) List(ctx context.Context, principal string) iter.Seq2[providers.RemoteKey, error] {
	const op = "okta: list"
	return func(yield func(providers.RemoteKey, error) bool) {
		if principal != "" {
			keys, _, err := p.secrets(ctx, op, principal)
			each(keys, err, yield)
			return
		}
		for id, err := range p.apps(ctx, op) {
			var keys []providers.RemoteKey
			gone := false
			if err == nil {
				keys, gone, err = p.secrets(ctx, op, id)
			}
			if !gone && !each(keys, err, yield) {
				return // an app that is gone was deleted since
			}
		}
	}
}

// each yields keys, or the error, and reports whether more are wanted.
func each(keys []providers.RemoteKey, err error, yield func(providers.RemoteKey, error) bool) bool {
	if err != nil {
		yield(providers.RemoteKey{}, err)
		return false
	}
	for _, k := range keys {
		if !yield(k, nil) {
			return false
		}
	}
	return true
}

// secrets reads an app's secrets. Gone says that there is no such app, unlike
// an administrator's token that is not there.
func (p *provider) secrets(ctx context.Context, op, app string) (out []providers.RemoteKey, gone bool, err error) {
	path, err := secretsPath(op, app)
	if err != nil {
		return nil, false, err
	}
	token, err := p.env.Credential(ctx, p.Token)
	if err != nil {
		return nil, false, err
	}
	var all []secret
	if err := p.as(ctx, op, token.Secret, http.MethodGet, path, nil, &all); err != nil {
		return nil, keyturn.KindOf(err) == keyturn.NotFound, err
	}
	if all == nil {
		return nil, false, undocumented(op)
	}
	for _, s := range all {
		if !plain(s.ID) {
			return nil, false, undocumented(op)
		}
		out = append(out, s.remote(app))
	}
	return out, false, nil
}

// apps yields the ids of the org's apps that may have client secrets, page by
// page.
func (p *provider) apps(ctx context.Context, op string) iter.Seq2[string, error] {
	type app struct {
		ID          string `json:"id"`
		Mode        string `json:"signOnMode"`
		Credentials struct {
			OAuth struct {
				Auth string `json:"token_endpoint_auth_method"`
			} `json:"oauthClient"`
		} `json:"credentials"`
	}
	return func(yield func(string, error) bool) {
		for a, err := range pages[app](ctx, p, op, appsPath, firstPage) {
			if err != nil {
				yield("", err)
				return
			}
			if a.Mode == "OPENID_CONNECT" && a.Credentials.OAuth.Auth != "none" && !yield(a.ID, nil) {
				return
			}
		}
	}
}

// CheckPermissions reads one app's secrets, or the first of the apps. Whether
// secrets may be changed only a change would show.
func (p *provider) CheckPermissions(ctx context.Context, principal string) ([]providers.Permission, error) {
	const op = "okta: check permissions"
	path := appsPath + "?limit=1"
	if principal != "" {
		one, err := secretsPath(op, principal)
		if err != nil {
			return nil, err
		}
		path = one
	}
	reads := providers.Permission{
		Name: "okta.apps.read", Granted: true,
		Need: "listing client secrets; without it an orphan is never found",
	}
	var out []struct{}
	err := p.manage(ctx, op, http.MethodGet, path, nil, &out)
	var e *keyturn.Error
	switch {
	case errors.As(err, &e) && e.Kind == keyturn.Denied && e.Message == lacksRole:
		reads.Granted = false
	case err != nil:
		return nil, err
	case out == nil:
		return nil, undocumented(op)
	}
	return []providers.Permission{reads}, nil
}
