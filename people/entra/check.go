package entra

import (
	"context"
	"net/http"
	"net/url"

	"github.com/keyturn/keyturn"
)

// Check reads one user, one group, and that user's grants. Whether sessions may
// be ended only ending some would show.
func (d *directory) Check(ctx context.Context) error {
	const op = "entra: check"
	var users struct {
		Value []user `json:"value"`
	}
	one := "?" + url.Values{"$select": {fields}, "$top": {"1"}}.Encode()
	if err := d.ask(ctx, request{op: op, method: http.MethodGet, path: "/users" + one, needs: needsUsers}, &users); err != nil {
		return err
	}
	if len(users.Value) == 0 { // a tenant has an administrator, at least
		return undocumented(op)
	}
	p, err := users.Value[0].person(op)
	if err != nil {
		return err
	}
	one = "?" + url.Values{"$select": {"id"}, "$top": {"1"}}.Encode()
	if err := d.ask(ctx, request{op: op, method: http.MethodGet, path: "/groups" + one, needs: needsGroups}, nil); err != nil {
		return err
	}
	err = d.ask(ctx, request{op: op, method: http.MethodGet, path: "/users/" + p.ID + "/oauth2PermissionGrants", needs: needsGrants}, nil)
	if keyturn.KindOf(err) == keyturn.NotFound { // deleted meanwhile
		return nil
	}
	return err
}
