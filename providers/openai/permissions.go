package openai

import (
	"context"
	"net/http"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
)

// CheckPermissions tries the reading half of managing keys. Whether the key may
// write only a change would show.
func (p *provider) CheckPermissions(ctx context.Context, principal string) ([]providers.Permission, error) {
	const op = "openai: check permissions"
	path, out := "/v1/organization/projects", providers.Permission{
		Name: "api.management.read", Granted: true,
		Need: "to find keys whose minting was cut short, and to see when a key was last used",
	}
	if principal != "" {
		o, err := parse(op, principal)
		if err != nil {
			return nil, err
		}
		path = o.keys()
	}
	admin, err := p.env.Credential(ctx, p.AdminKey)
	if err != nil {
		return nil, err
	}
	var page struct{ Data []struct{} }
	got, err := p.do(ctx, admin.Secret, request{op, http.MethodGet, path + "?limit=1", nil, &page})
	switch {
	case keyturn.KindOf(err) == keyturn.Denied && got == http.StatusForbidden:
		out.Granted = false
	case err != nil:
		return nil, err
	case page.Data == nil:
		return nil, undocumented(op)
	}
	return []providers.Permission{out}, nil
}
