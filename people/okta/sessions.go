package okta

import (
	"context"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people"
)

// EndSessions ends the person's sessions with Okta, with them the OpenID Connect
// and OAuth tokens Okta issued, and takes back what the person granted to
// applications. Okta does not say how many there were. Sessions that applications
// keep themselves go on (Revoke all user sessions). Where Okta says that
// the person's status does not allow it, nothing is said to have ended.
func (d *directory) EndSessions(ctx context.Context, p people.Person) ([]string, error) {
	const op = "okta: end sessions"
	if !plain(p.ID) {
		return nil, keyturn.Errorf(keyturn.Invalid, op, "the person has no id that Okta gave")
	}
	var ended []string
	for _, what := range []struct{ need, path, ends string }{
		{clearSessions, "/sessions?oauthTokens=true", "all Okta sessions and OAuth tokens"},
		{manageUsers, "/grants", "all application grants"},
	} {
		there, err := d.remove(ctx, op, what.need, usersPath+"/"+p.ID+what.path)
		if err != nil {
			return ended, err
		}
		if there {
			ended = append(ended, what.ends)
		}
	}
	return ended, nil
}
