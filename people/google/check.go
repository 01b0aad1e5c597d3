package google

import (
	"context"
	"net/url"

	"github.com/keyturn/keyturn"
)

// Check reads one user, one group, and what the administrator themself granted to
// applications, which takes all scopes and the privileges that go with them.
func (d *directory) Check(ctx context.Context) error {
	const op = "google: check"
	for _, of := range []string{"users", "groups"} {
		q := url.Values{"customer": {customer}, "maxResults": {"1"}, "fields": {"kind"}}
		for _, err := range d.pages(ctx, request{op: op, path: of, query: q}, "admin#directory#"+of) {
			if err != nil {
				return ofAccount(op, err)
			}
		}
	}
	_, err := d.ask(ctx, request{op: op, path: "users/" + url.PathEscape(d.Admin) + "/tokens", query: url.Values{"fields": {"kind"}}}, nil)
	if keyturn.KindOf(err) == keyturn.NotFound {
		return keyturn.Errorf(keyturn.Denied, op, "Google does not know the administrator that the setting admin names")
	}
	return err
}
