package entra

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/exchange"
)

const lacksPermission = "Keyturn's application lacks Application.ReadWrite.OwnedBy, or is no owner of this one"

// refused turns Graph's refusal into an error. Graph says one thing with
// several statuses, so its code and message decide (Microsoft Graph, "Error
// responses"). Neither is passed on.
func refused(op string, resp *http.Response) error {
	err := exchange.StatusError(op, resp)
	var e *keyturn.Error
	if !errors.As(err, &e) || e.Kind == keyturn.RateLimited || e.Kind == keyturn.Unavailable {
		return err
	}
	var body struct {
		Error struct{ Code, Message string }
	}
	_ = json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(&body)
	code, message := body.Error.Code, strings.ToLower(body.Error.Message)
	switch {
	// One change at a time. Also told with a 400, in the message alone.
	case code == "Directory_ConcurrencyViolation", strings.Contains(message, "concurrent requests"):
		e.Kind, e.RetryAfter, e.Message = keyturn.Unavailable, 5*time.Second, "another change to the tenant is under way"
	case code == "CredentialTypeNotAllowedAsPerAppPolicy":
		e.Kind, e.Message = keyturn.Invalid, "the tenant's app management policy forbids new passwords (passwordAddition); exempt this application from it"
	case code == "CredentialInvalidLifetimeAsPerAppPolicy", strings.Contains(message, "lifetime exceeds the max"):
		e.Kind, e.Message = keyturn.Invalid, "the tenant's app management policy allows passwords less time (passwordLifetime); bring the entry's expiry forward"
	case strings.HasSuffix(code, "AsPerAppPolicy"):
		e.Kind, e.Message = keyturn.Invalid, "the tenant's app management policy refuses it; exempt this application or follow the policy"
	case strings.Contains(message, "no password credential found"): // a 400
		e.Kind, e.Message = keyturn.NotFound, "the application has no such password"
	case code == "Directory_QuotaExceeded":
		e.Kind, e.Message = keyturn.Exhausted, "a directory quota is used up"
	case resp.StatusCode == http.StatusForbidden:
		e.Message = lacksPermission
	}
	return e
}

// signInRefused turns the sign-in service's refusal into an error. Only the
// number of its error is looked at (Microsoft identity platform, "Error codes
// for debugging"): its words quote what was sent. It is nil for an application
// that proved who it is and is kept out by policy.
func signInRefused(op string, resp *http.Response) error {
	err := exchange.StatusError(op, resp)
	var e *keyturn.Error
	if !errors.As(err, &e) || e.Kind == keyturn.RateLimited || e.Kind == keyturn.Unavailable {
		return err
	}
	var body struct {
		Codes []int `json:"error_codes"`
	}
	_ = json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(&body)
	code := 0
	if len(body.Codes) > 0 {
		code = body.Codes[0]
	}
	switch code {
	case 7000215:
		return keyturn.Errorf(keyturn.Denied, op, "the password is refused")
	case 7000222:
		return keyturn.Errorf(keyturn.Denied, op, "the password is past its end date")
	case 53003: // asked only after the password was found right
		return nil
	case 700016, 7000229:
		return keyturn.Errorf(keyturn.NotFound, op, "the tenant has no such application, or no service principal of it")
	case 7000112:
		return keyturn.Errorf(keyturn.Invalid, op, "the application is disabled, so nobody can tell whether the password is good")
	case 90002, 900023:
		return keyturn.Errorf(keyturn.Invalid, op, "there is no such tenant; correct the account")
	case 50196, 90033:
		return &keyturn.Error{Kind: keyturn.Unavailable, Op: op, RetryAfter: time.Minute, Message: "the sign-in service is busy"}
	case 0:
		if e.Kind == keyturn.Denied { // a proxy's, perhaps: no proof of anything
			return keyturn.Errorf(keyturn.Unavailable, op, "refused without one of the documented reasons")
		}
		return e
	}
	return keyturn.Errorf(keyturn.Invalid, op, "the sign-in service refuses it with AADSTS%d", code)
}
