package gitlab

import (
	"context"
	"net/http"
	"strconv"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
)

// self is where any token may look at itself and revoke itself, whatever its
// scopes (Personal access tokens API, "Self-inform" and "Self-revoke"). Project
// and group access tokens are personal access tokens of a bot user, and may too.
const self = "/api/v4/personal_access_tokens/self"

// Verify shows GitLab the token and nothing else. A value that works but is
// another token's is Invalid: it is neither the token that was meant nor a dead
// one.
func (p *provider) Verify(ctx context.Context, id string, secret keyturn.Secret) error {
	const op = "gitlab: verify"
	got, err := p.show(ctx, op, secret)
	if err == nil && id != "" && got != id {
		return keyturn.Errorf(keyturn.Invalid, op, "the value works, but it is not that of token %s", id)
	}
	return err
}

// Identify asks the value for its token's id, which is unique in the instance:
// a token of somebody else there is in no entry. A token that is dead can no
// longer say.
func (p *provider) Identify(ctx context.Context, secret keyturn.Secret) (string, error) {
	const op = "gitlab: identify"
	id, err := p.show(ctx, op, secret)
	if keyturn.KindOf(err) == keyturn.Denied {
		return "", keyturn.Errorf(keyturn.NotFound, op, "the value is that of no living token")
	}
	return id, err
}

func (p *provider) show(ctx context.Context, op string, secret keyturn.Secret) (string, error) {
	r, err := p.asItself(ctx, op, http.MethodGet, secret)
	if err != nil {
		return "", err
	}
	var t token
	switch err := r.read(op, &t); {
	case err != nil:
		return "", err
	case t.ID == 0:
		return "", undocumented(op)
	case t.Revoked || !t.Active:
		return "", keyturn.Errorf(keyturn.Denied, op, "GitLab says that the token is revoked or has expired")
	}
	return strconv.FormatInt(t.ID, 10), nil
}

// RevokeValue lets the token revoke itself.
func (p *provider) RevokeValue(ctx context.Context, secret keyturn.Secret) error {
	const op = "gitlab: revoke value"
	r, err := p.asItself(ctx, op, http.MethodDelete, secret)
	if err == nil {
		err = r.err(op)
	}
	if keyturn.KindOf(err) == keyturn.Denied {
		return nil // dead already
	}
	return err
}

// asItself makes a call to self, and tells what proves that a token is dead
// from what proves nothing. GitLab says 401 of a token it does not accept, in
// JSON; a proxy before it says so in HTML. It says 403 to a token it knows, of
// a blocked user for example, and so may a firewall.
func (p *provider) asItself(ctx context.Context, op, method string, secret keyturn.Secret) (reply, error) {
	if secret.IsZero() {
		return reply{}, keyturn.Errorf(keyturn.Invalid, op, "there is no value to try")
	}
	r, err := p.send(ctx, op, method, self, secret, nil)
	switch {
	case err != nil:
		return reply{}, err
	case r.Status == http.StatusUnauthorized && !r.isGitLabs():
		return reply{}, keyturn.Errorf(keyturn.Unavailable, op, "something in front of GitLab refused the request")
	case r.Status == http.StatusForbidden:
		return reply{}, keyturn.Errorf(keyturn.Invalid, op, "GitLab, or something in front of it, forbids the request; that proves neither that the token works nor that it is dead")
	}
	return r, nil
}

// CheckPermissions looks at the administrator's own token, and at the tokens of
// principal if one is given.
func (p *provider) CheckPermissions(ctx context.Context, principal string) ([]providers.Permission, error) {
	const op = "gitlab: check permissions"
	admin, err := p.admin(ctx)
	if err != nil {
		return nil, err
	}
	r, err := p.send(ctx, op, http.MethodGet, self, admin, nil)
	if err != nil {
		return nil, err
	}
	var t struct {
		ID     int64    `json:"id"`
		Scopes []string `json:"scopes"`
	}
	if err := r.read(op, &t); err != nil {
		return nil, err
	}
	if t.ID == 0 {
		return nil, undocumented(op)
	}
	scope := providers.Permission{Name: "api", Need: "anything: it is the scope to create, list and revoke tokens"}
	for _, s := range t.Scopes {
		scope.Granted = scope.Granted || s == scope.Name
	}
	out := []providers.Permission{scope}
	if principal == "" {
		return out, nil
	}
	of, err := parseOwner(op, principal)
	if err != nil {
		return nil, err
	}
	r, err = p.send(ctx, op, http.MethodGet, of.path()+"/access_tokens?per_page=1", admin, nil)
	if err == nil {
		err = r.err(op)
	}
	role := providers.Permission{Name: of.role() + " of " + of.String(), Granted: err == nil, Need: "creating, listing and revoking its tokens"}
	switch keyturn.KindOf(err) {
	case "", keyturn.Denied, keyturn.NotFound:
		return append(out, role), nil
	}
	return nil, err
}
