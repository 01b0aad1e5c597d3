package entra

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people"
)

const (
	needsSessions = "User.RevokeSessions.All"
	needsGrants   = "DelegatedPermissionGrant.ReadWrite.All"
)

// grant is an oAuth2PermissionGrant: what an application may do in somebody's
// name.
type grant struct {
	ID      string `json:"id"`
	Consent string `json:"consentType"` // Principal, or AllPrincipals
}

// EndSessions makes every refresh token and session cookie of the user void, and
// deletes what they allowed applications themselves. What an administrator
// allowed in everybody's name stays. Access tokens that are out last until their
// end, an hour or so.
func (d *directory) EndSessions(ctx context.Context, p people.Person) (ended []string, err error) {
	const op = "entra: end sessions"
	if !guid.MatchString(p.ID) {
		return nil, keyturn.Errorf(keyturn.Invalid, op, "the person's id is none of Entra's")
	}
	path := "/users/" + p.ID
	err = d.ask(ctx, request{op: op, method: http.MethodPost, path: path + "/revokeSignInSessions", needs: needsSessions}, nil)
	switch {
	case keyturn.KindOf(err) == keyturn.NotFound:
		return nil, nil // who is gone can sign in nowhere
	case err != nil:
		return nil, err
	}
	ended = []string{"sign-in sessions"}
	grants, err := d.grants(ctx, op, path)
	if err != nil {
		return ended, err
	}
	for _, id := range grants {
		err := d.ask(ctx, request{op: op, method: http.MethodDelete, path: "/oauth2PermissionGrants/" + url.PathEscape(id), needs: needsGrants}, nil)
		if err != nil && keyturn.KindOf(err) != keyturn.NotFound {
			return ended, err
		}
	}
	if n := len(grants); n > 0 {
		ended = append(ended, fmt.Sprintf("%d application grants", n))
	}
	return ended, nil
}

// grants are the ids of the grants a user gave. All are read before one is
// deleted, so that no page shifts.
func (d *directory) grants(ctx context.Context, op, path string) ([]string, error) {
	var out []string
	for g, err := range pages[grant](ctx, d, request{op: op, method: http.MethodGet, path: path + "/oauth2PermissionGrants", needs: needsGrants}) {
		switch {
		case keyturn.KindOf(err) == keyturn.NotFound:
			return nil, nil
		case err != nil:
			return nil, err
		case g.ID == "":
			return nil, undocumented(op)
		case g.Consent == "Principal":
			out = append(out, g.ID)
		}
	}
	return out, nil
}
