package twilio

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
)

const timeToSettle = time.Minute

// Error codes of Twilio (Error and Warning Dictionary).
const (
	codeDenied    = 20003 // "Permission Denied": the pair is unknown, deleted, or not of this account
	codeSuspended = 20403 // "403 Forbidden": the account is suspended or closed
)

// Verify lists one phone number, a call that Standard and Main keys and the
// Auth Token may make. The account itself is never asked for: that answer
// holds the Auth Token.
//
// A Restricted key without permission for it is refused with 403, which says
// that it is alive. A refusal whose code does not say that the pair is unknown
// is Invalid: it proves neither.
func (p *provider) Verify(ctx context.Context, id string, secret keyturn.Secret) error {
	const op = "twilio: verify"
	as := pair{user: id, password: secret}
	switch {
	case isAuthToken(id):
		as.user = p.env.Account
	case !isSID("SK", id):
		return keyturn.Errorf(keyturn.Invalid, op, "the key id is neither that of an API key (SK…) nor %s", AuthToken)
	}
	if secret.IsZero() {
		return keyturn.Errorf(keyturn.Invalid, op, "there is no value to try")
	}
	return p.alive(ctx, op, as)
}

func (p *provider) alive(ctx context.Context, op string, as pair) error {
	if strings.ContainsFunc(as.password.Expose(), func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return keyturn.Errorf(keyturn.Invalid, op, "the value contains a line break or the like; store it without")
	}
	var out struct {
		Numbers *[]struct{} `json:"incoming_phone_numbers"`
	}
	got, err := p.do(ctx, op, as, call{
		method: http.MethodGet, host: hostAPI,
		path: "/2010-04-01/Accounts/" + p.env.Account + "/IncomingPhoneNumbers.json?PageSize=1",
	}, &out)
	switch {
	case err == nil && out.Numbers == nil:
		return undocumented(op)
	case keyturn.KindOf(err) != keyturn.Denied:
		return err
	case got.code == 0:
		return undocumented(op) // not Twilio's own refusal
	case got.code == codeDenied:
		return keyturn.Errorf(keyturn.Denied, op, "Twilio does not accept the key")
	case got.code == codeSuspended:
		return keyturn.Errorf(keyturn.Invalid, op, "the account is suspended or closed, which says nothing about the key")
	case got.status == http.StatusForbidden:
		return nil
	}
	return keyturn.Errorf(keyturn.Invalid, op, "refused with code %d, which says nothing about the key; let it read incoming phone numbers", got.code)
}

// CheckPermissions lists one API key, which needs a Main key or the Auth
// Token. A Standard key is refused there with the very code of an unknown
// one, so that one more call tells the two apart.
func (p *provider) CheckPermissions(ctx context.Context, _ string) ([]providers.Permission, error) {
	const op = "twilio: check permissions"
	main := providers.Permission{Name: "Main API key or Auth Token", Need: "making, listing and deleting API keys"}
	admin, err := p.admin(ctx)
	if err != nil {
		return nil, err
	}
	_, err = p.page(ctx, op, admin, p.query(1))
	switch {
	case err == nil:
		main.Granted = true
	case keyturn.KindOf(err) != keyturn.Denied:
		return nil, err
	default:
		if err := p.alive(ctx, op, admin); err != nil {
			return nil, err
		}
	}
	return []providers.Permission{main}, nil
}
