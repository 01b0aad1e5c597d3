package entra

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/exchange"
)

// refused turns Graph's refusal into an error. Its code and message are looked
// at (Microsoft Graph, "Error responses") and not passed on.
func refused(r request, answer exchange.Answer) error {
	err := answer.Err(r.op)
	var e *keyturn.Error
	if !errors.As(err, &e) || e.Kind == keyturn.RateLimited || e.Kind == keyturn.Unavailable {
		return err
	}
	var body struct {
		Error struct{ Code, Message string }
	}
	_ = json.Unmarshal(answer.Body, &body)
	message := strings.ToLower(body.Error.Message)
	switch {
	case body.Error.Code == "":
		// A proxy's, or of whatever base_url names. Believing its 404 would make
		// leavers of everybody.
		e.Kind, e.Message = keyturn.Unavailable, "refused, but not in the way Graph does; is base_url right?"
	case strings.Contains(message, "validation request"):
		e.Kind, e.Message = keyturn.Unavailable, "Graph got no proper answer from the webhook's address; can it be reached from the internet?"
	case strings.Contains(message, "quota"):
		e.Kind, e.Message = keyturn.Exhausted, "a quota of the tenant or of Keyturn's application is used up"
	case answer.Status == http.StatusForbidden:
		e.Message = "Keyturn's application lacks " + r.needs + ", or an administrator's consent to it"
	case answer.Status == http.StatusUnauthorized:
		e.Message = "Graph refused the access token"
	}
	return e
}

// signInRefused turns the sign-in service's refusal into an error. Only the
// number of its error is looked at (Microsoft identity platform, "Error codes
// for debugging"): its words quote what was sent. It is never NotFound, because
// what is missing then is ourselves.
func signInRefused(op string, answer exchange.Answer) error {
	err := answer.Err(op)
	var e *keyturn.Error
	if !errors.As(err, &e) || e.Kind == keyturn.RateLimited || e.Kind == keyturn.Unavailable {
		return err
	}
	var body struct {
		Codes []int `json:"error_codes"`
	}
	_ = json.Unmarshal(answer.Body, &body)
	if len(body.Codes) == 0 { // a proxy's, perhaps: no proof of anything
		return keyturn.Errorf(keyturn.Unavailable, op, "the sign-in was refused without one of the documented reasons")
	}
	switch body.Codes[0] {
	case 7000215, 7000222:
		return keyturn.Errorf(keyturn.Denied, op, "the client secret is wrong or past its end date; renew the one the setting credentials names")
	case 53003:
		return keyturn.Errorf(keyturn.Denied, op, "Conditional Access keeps Keyturn's application out")
	case 700016, 7000229, 7000112:
		return keyturn.Errorf(keyturn.Denied, op, "Keyturn's application is not in this tenant, or is disabled; check client_id and tenant")
	case 90002, 900023:
		return keyturn.Errorf(keyturn.Invalid, op, "there is no such tenant; correct the setting tenant")
	case 50196, 90033:
		return &keyturn.Error{Kind: keyturn.Unavailable, Op: op, RetryAfter: time.Minute, Message: "the sign-in service is busy"}
	}
	return keyturn.Errorf(keyturn.Denied, op, "the sign-in service refuses Keyturn's application with AADSTS%d", body.Codes[0])
}
