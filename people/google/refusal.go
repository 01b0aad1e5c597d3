package google

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/exchange"
)

// why is what Google refused a request for, where it makes a difference to us.
type why string

const (
	forbidden why = "the administrator may not, or it is another organisation's"
	taken     why = "a channel of that id is there"
)

// refusal reads an error of the Directory API. Its reasons are those of Google's
// older APIs, beside which newer ones come as details. Its texts are not shown.
func refusal(op string, got exchange.Answer) (why, error) {
	var said struct {
		Error struct {
			Code    int
			Status  string
			Errors  []struct{ Reason string }
			Details []struct{ Reason, RetryDelay string }
		}
	}
	understood := json.Unmarshal(got.Body, &said) == nil && said.Error.Code != 0
	reasons := []string{said.Error.Status}
	var wait time.Duration
	for _, e := range said.Error.Errors {
		reasons = append(reasons, e.Reason)
	}
	for _, d := range said.Error.Details {
		reasons = append(reasons, d.Reason)
		if w, err := time.ParseDuration(d.RetryDelay); err == nil {
			wait = max(wait, w)
		}
	}
	is := func(wanted ...string) bool {
		return slices.ContainsFunc(wanted, func(r string) bool { return slices.Contains(reasons, r) })
	}
	if is("quotaExceeded", "rateLimitExceeded", "userRateLimitExceeded", "dailyLimitExceeded", "RESOURCE_EXHAUSTED") {
		got.Status = http.StatusTooManyRequests // which it is, though it often says 403
	}
	e := new(keyturn.Error)
	if err := got.Err(op); !errors.As(err, &e) {
		return "", err
	}
	switch {
	case e.Kind == keyturn.RateLimited:
		e.Message, e.RetryAfter = "throttled by Google", max(e.RetryAfter, wait)
	case e.Kind == keyturn.NotFound && !understood: // it must not pass for a missing person
		e.Kind, e.Message = keyturn.Unavailable, "there is no Directory API at the address; is base_url right?"
	case e.Kind == keyturn.NotFound:
		e.Message = "Google Workspace knows nobody and nothing of that name"
	case is("channelIdNotUnique"):
		e.Kind, e.Message = keyturn.Conflict, "a channel of that id is there"
		return taken, e
	case is("push.webhookUrlUnauthorized"):
		e.Kind, e.Message = keyturn.Denied, "Google does not deliver to the address of the webhooks; its certificate must be one that everybody trusts, and its domain may have to be verified in the Google Cloud project"
	case is("accessNotConfigured", "SERVICE_DISABLED"):
		e.Kind, e.Message = keyturn.Denied, "the Admin SDK API is not enabled in the service account's project; enable admin.googleapis.com"
	case is("insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"):
		e.Kind, e.Message = keyturn.Denied, "the service account was not delegated all three scopes; see people/google/README.md"
	case got.Status == http.StatusUnauthorized:
		e.Message = "Google does not accept the access token; see that the service account is still delegated the scopes in people/google/README.md"
	case got.Status == http.StatusForbidden:
		e.Message = "the administrator that the setting admin names lacks a privilege; see people/google/README.md"
		return forbidden, e
	}
	return "", e
}
