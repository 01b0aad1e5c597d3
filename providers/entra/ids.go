package entra

import (
	"context"
	"net/http"
	"strings"

	"github.com/keyturn/keyturn"
)

// byClientID begins a principal that is a client id.
const byClientID = "appId="

// application is the client id of the application a principal names.
func (p *provider) application(ctx context.Context, op, principal string) (string, error) {
	path, err := principalPath(op, principal)
	if err != nil {
		return "", err
	}
	if app, ok := strings.CutPrefix(principal, byClientID); ok {
		return strings.ToLower(app), nil
	}
	if app, ok := p.apps.Load(principal); ok {
		return app.(string), nil
	}
	var out application
	if err := p.graph(ctx, op, http.MethodGet, path+"?$select=id,appId", nil, &out); err != nil {
		return "", err
	}
	if !plain(out.AppID) {
		return "", undocumented(op)
	}
	p.apps.Store(principal, out.AppID)
	return out.AppID, nil
}

// principalPath is where the application of a principal is.
func principalPath(op, principal string) (string, error) {
	if principal == "" {
		return "", keyturn.Errorf(keyturn.Invalid, op, "name the application in the entry's scope.principal: appId=<application (client) id>, or its object id")
	}
	app, byClient := strings.CutPrefix(principal, byClientID)
	switch {
	case !plain(app):
		return "", keyturn.Errorf(keyturn.Invalid, op, "scope.principal is neither appId=<application (client) id> nor an object id")
	case byClient:
		return appPath(strings.ToLower(app)), nil
	}
	return "/applications/" + app, nil
}

func appPath(app string) string { return "/applications(appId='" + app + "')" }

// split takes a key's id apart. Anything strange could name something else.
func split(op, id string) (app, keyID string, err error) {
	app, keyID, ok := strings.Cut(id, ".")
	if !ok || !plain(app) || !plain(keyID) {
		return "", "", keyturn.Errorf(keyturn.Invalid, op, "the key id is not <application (client) id>.<key id>")
	}
	return app, keyID, nil
}

// plain reports whether s is made of what Entra's ids are made of.
func plain(s string) bool {
	strange := func(r rune) bool { return r != '-' && (r < '0' || r > '9') && (r|0x20 < 'a' || r|0x20 > 'z') }
	return s != "" && !strings.ContainsFunc(s, strange)
}
