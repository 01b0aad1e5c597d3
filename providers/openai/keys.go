package openai

import (
	"context"
	"net/http"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
)

// A key is one of a project's or of the organisation's as OpenAI shows it (API
// reference, "Project API keys", "Admin API keys").
type key struct {
	ID       string
	Name     string
	Created  int64  `json:"created_at"`
	LastUsed int64  `json:"last_used_at"` // null is never
	Expires  int64  `json:"expires_at"`   // null is never
	Access   string `json:"owner_project_access"`
	Owner    struct {
		Account *account `json:"service_account"`
		User    *account
	}
}

// An account is a service account or a person.
type account struct{ ID, Name string }

// moment turns what OpenAI says of time into a time; 0 is none.
func moment(seconds int64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

// remote turns a project's key into a key. One in a service account of its own
// belongs to the account it was made for; see mintSwap.
func (p *provider) remote(project string, k key) providers.RemoteKey {
	out := providers.RemoteKey{ID: k.ID, Label: k.Name, Created: moment(k.Created)}
	out.Enabled = k.Access != "inactive" && (k.Expires == 0 || p.env.Now().Before(moment(k.Expires)))
	if project == "" {
		out.Principal = "admin"
		return out
	}
	switch o := k.Owner; {
	case o.Account != nil:
		out.Principal = project + "/" + o.Account.ID
		if label, of, ok := swapped(o.Account.Name); ok {
			out.Label, out.Principal = label, project+"/"+of
		}
	case o.User != nil:
		out.Principal = project + "/" + o.User.ID
	}
	return out
}

// exists is NotFound unless there is such a service account.
func (p *provider) exists(ctx context.Context, op string, o owner) error {
	var out account
	err := p.manage(ctx, request{op, http.MethodGet, o.accounts() + "/" + o.id, nil, &out})
	if err == nil && out.ID == "" {
		err = undocumented(op)
	}
	return err
}

// keyPath is where a key is. Anything but an id could name another resource.
func keyPath(op, principal, id string) (owner, string, error) {
	o, err := parse(op, principal)
	if err == nil && !idPattern.MatchString(id) {
		err = keyturn.Errorf(keyturn.Invalid, op, "the key id is not one of OpenAI's")
	}
	return o, o.keys() + "/" + id, err
}

// Revoke deletes the key, and with it the service account made for it alone.
func (p *provider) Revoke(ctx context.Context, principal, id string) error {
	const op = "openai: revoke"
	o, path, err := keyPath(op, principal, id)
	if err != nil {
		return err
	}
	admin, err := p.env.Credential(ctx, p.AdminKey)
	if err != nil {
		return err // a missing credential of ours is no missing key
	}
	if p.Swap && !o.admin() {
		if path, err = p.swapPath(ctx, op, admin.Secret, o, path); err != nil {
			return gone(err)
		}
	}
	_, err = p.do(ctx, admin.Secret, request{op, http.MethodDelete, path, nil, nil})
	return gone(err)
}

// gone takes a missing key for what was wanted.
func gone(err error) error {
	if keyturn.KindOf(err) == keyturn.NotFound {
		return nil
	}
	return err
}

// LastUsed reads last_used_at, which is null for a key never used.
func (p *provider) LastUsed(ctx context.Context, principal, id string) (time.Time, error) {
	const op = "openai: last used"
	_, path, err := keyPath(op, principal, id)
	if err != nil {
		return time.Time{}, err
	}
	var k key
	err = p.manage(ctx, request{op, http.MethodGet, path, nil, &k})
	if err == nil && k.ID == "" {
		err = undocumented(op)
	}
	return moment(k.LastUsed), err
}
