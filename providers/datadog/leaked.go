package datadog

import (
	"context"
	"net/http"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
)

// validate returns the id of the API key that has a value.
func (p *provider) validate(ctx context.Context, op string, secret keyturn.Secret) (id string, err error) {
	if secret.IsZero() {
		return "", keyturn.Errorf(keyturn.Invalid, op, "there is no value to try")
	}
	var out struct {
		Data struct {
			Attributes struct {
				Valid *bool
				ID    string `json:"api_key_id"`
			}
		}
	}
	err = p.do(ctx, op, http.MethodGet, "/api/v2/validate", pair{api: secret}, nil, &out)
	got := out.Data.Attributes
	switch {
	case err != nil:
		return "", err
	case got.Valid == nil:
		return "", undocumented(op)
	case !*got.Valid:
		return "", keyturn.Errorf(keyturn.Denied, op, "Datadog says that the key is not valid")
	}
	return got.ID, nil
}

// Identify asks Datadog which key the value is, and then whether the
// organisation has that key: a valid value may be another organisation's.
// A value that is no longer accepted is NotFound.
func (p *provider) Identify(ctx context.Context, secret keyturn.Secret) (string, error) {
	const op = "datadog: identify"
	admin, err := p.admin(ctx)
	if err != nil {
		return "", err // before the value is shown to anybody
	}
	id, err := p.validate(ctx, op, secret)
	if keyturn.KindOf(err) == keyturn.Denied {
		return "", keyturn.Errorf(keyturn.NotFound, op, "the value is that of no living API key")
	}
	if err != nil {
		return "", err
	}
	path, err := keyPath(op, id)
	if err != nil {
		return "", undocumented(op)
	}
	var out struct{ Data key }
	if err := p.do(ctx, op, http.MethodGet, path, admin, nil, &out); err != nil {
		return "", err // NotFound is another organisation's key
	}
	if out.Data.ID == "" {
		return "", undocumented(op)
	}
	return out.Data.ID, nil
}

// CheckPermissions asks whether the pair is accepted, which needs no
// permission, and whether it may list. Creating and deleting would be changes.
func (p *provider) CheckPermissions(ctx context.Context, principal string) ([]providers.Permission, error) {
	const op = "datadog: check permissions"
	if principal != "" {
		return nil, keyturn.Errorf(keyturn.Invalid, op, "API keys belong to no principal; ask about the account")
	}
	var pair struct{ Status string }
	if err := p.manage(ctx, op, http.MethodGet, "/api/v2/validate_keys", nil, &pair); err != nil {
		return nil, err
	}
	if pair.Status != "ok" {
		return nil, undocumented(op)
	}
	read := providers.Permission{Name: "api_keys_read", Granted: true, Need: "to find keys whose minting was cut short, and to see when a key was last used"}
	var page struct{ Data []key }
	err := p.manage(ctx, op, http.MethodGet, "/api/v2/api_keys?page%5Bsize%5D=1", nil, &page)
	switch {
	case keyturn.KindOf(err) == keyturn.Denied:
		read.Granted = false
	case err != nil:
		return nil, err
	case page.Data == nil:
		return nil, undocumented(op)
	}
	return []providers.Permission{read}, nil
}
