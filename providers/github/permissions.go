package github

import (
	"context"
	"net/http"
	"strconv"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
)

// CheckPermissions reads what the account has granted the App. GitHub keeps
// that as a list, so nothing has to be tried.
func (p *provider) CheckPermissions(ctx context.Context, principal string) ([]providers.Permission, error) {
	const op = "github: check permissions"
	if principal != "" {
		if err := p.check(op, principal); err != nil {
			return nil, err
		}
	}
	s, err := p.session(ctx, op)
	if err != nil {
		return nil, err
	}
	cred, err := p.env.Credential(ctx, p.PrivateKey)
	if err != nil {
		return nil, err
	}
	assertion, err := p.assertion(op, cred)
	if err != nil {
		return nil, err
	}
	var i installation
	_, err = p.do(ctx, assertion, request{op, http.MethodGet, "/app/installations/" + strconv.FormatInt(s.installation, 10), nil, &i})
	switch {
	case err != nil:
		return nil, unlessOurs(err)
	case i.ID == 0 || i.Permissions == nil:
		return nil, undocumented(op)
	case i.Suspended != nil:
		return nil, keyturn.Errorf(keyturn.Denied, op, "the App is suspended in account %s", p.env.Account)
	}
	need := func(name, level, why string) providers.Permission {
		got := i.Permissions[name]
		return providers.Permission{Name: name + ": " + level, Granted: got == level || got == "write" || got == "admin", Need: why}
	}
	var out []providers.Permission
	if principal != pats {
		out = append(out, need("administration", "write", "to create, list and delete deploy keys"),
			need("metadata", "read", "to list the account's repositories"))
	}
	if p.PersonalTokens && (principal == "" || principal == pats) {
		out = append(out, need("organization_personal_access_tokens", "write", "to list personal access tokens and end their access"))
	}
	return out, nil
}
