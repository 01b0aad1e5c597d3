package okta

import (
	"strings"

	"github.com/keyturn/keyturn"
)

func secretsPath(op, principal string) (string, error) {
	if !plain(principal) {
		return "", keyturn.Errorf(keyturn.Invalid, op, "name the app in the entry's scope.principal by its id, such as 0oa1nkheCuDn82XVI0g4")
	}
	return "/api/v1/apps/" + principal + "/credentials/secrets", nil
}

func secretPath(op, principal, id string) (string, error) {
	app, secret, err := split(op, id)
	if err != nil {
		return "", err
	}
	if principal != "" && principal != app {
		return "", keyturn.Errorf(keyturn.Invalid, op, "the key is one of another app than the entry's scope.principal")
	}
	path, err := secretsPath(op, app)
	return path + "/" + secret, err
}

// split takes a key's id apart. Anything strange could name something else.
func split(op, id string) (app, secret string, err error) {
	app, secret, ok := strings.Cut(id, ".")
	if !ok || !plain(app) || !plain(secret) {
		return "", "", keyturn.Errorf(keyturn.Invalid, op, "the key id is not <app id>.<secret id>")
	}
	return app, secret, nil
}

// plain reports whether s is made of what Okta's ids are made of.
func plain(s string) bool {
	strange := func(r rune) bool {
		return r != '-' && r != '_' && (r < '0' || r > '9') && (r|0x20 < 'a' || r|0x20 > 'z')
	}
	return s != "" && !strings.ContainsFunc(s, strange)
}
