package okta

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/exchange"
)

// maxAnswer is the longest answer read. A page of 200 people with 20 KiB of
// custom profile each is under 4 MiB.
const maxAnswer = 8 << 20

const (
	usersPath  = "/api/v1/users"
	groupsPath = "/api/v1/groups"
)

// What a role or an access token must allow, as Okta calls it. Only roles know
// clearSessions.
const (
	readUsers     = "okta.users.read"
	readGroups    = "okta.groups.read"
	manageUsers   = "okta.users.manage"
	clearSessions = "okta.users.lifecycle.clearSessions or " + manageUsers
)

const mayNot = "the token may not do this; it needs "

// lacks reports whether Okta took the token but does not let it do this.
func lacks(err error) bool {
	var e *keyturn.Error
	return errors.As(err, &e) && e.Kind == keyturn.Denied && strings.HasPrefix(e.Message, mayNot)
}

// get reads a resource into out, which must be a pointer to a struct or slice.
// An answer of null is not one that Okta documents.
func (d *directory) get(ctx context.Context, op, need, path string, out any) (http.Header, error) {
	got, err := d.ask(ctx, op, need, http.MethodGet, path)
	if err != nil {
		return nil, err
	}
	if strings.TrimSpace(string(got.Body)) == "null" || json.Unmarshal(got.Body, out) != nil {
		return nil, undocumented(op)
	}
	return got.Header, nil
}

// remove deletes what a user has, and reports whether there may have been
// something.
func (d *directory) remove(ctx context.Context, op, need, path string) (bool, error) {
	got, err := d.ask(ctx, op, need, http.MethodDelete, path)
	switch {
	case keyturn.KindOf(err) == keyturn.NotFound || code(got) == wrongStatus:
		return false, nil
	case err != nil:
		return false, err
	case got.Status != http.StatusNoContent:
		return false, undocumented(op)
	}
	return true, nil
}

// ask makes one request and refuses what Okta refuses. need is the permission
// that a refusal names. The answer comes back beside a refusal.
func (d *directory) ask(ctx context.Context, op, need, method, path string) (exchange.Answer, error) {
	req, err := exchange.NewRequest(ctx, op, method, d.env.BaseURL+path, nil)
	if err != nil {
		return exchange.Answer{}, err
	}
	if err := d.sign(ctx, op, req); err != nil {
		return exchange.Answer{}, err
	}
	got, err := exchange.Ask(ctx, op, d.env.HTTP, req, maxAnswer)
	if err != nil {
		return exchange.Answer{}, err
	}
	return got, d.refusal(op, need, got)
}

// sign reads the token and puts it on a request.
func (d *directory) sign(ctx context.Context, op string, req *http.Request) error {
	_, token, err := d.env.Secret(ctx, d.Token)
	switch {
	case keyturn.KindOf(err) == keyturn.NotFound: // it must not pass for a missing person
		return keyturn.Errorf(keyturn.Denied, op, "the secret that the setting token names does not exist")
	case err != nil:
		return err
	case token.IsZero() || strings.ContainsFunc(token.Expose(), func(r rune) bool { return r <= ' ' || r >= 0x7f }):
		return keyturn.Errorf(keyturn.Invalid, op, "the secret that the setting token names is empty or contains a space, a line break or the like; store the token alone")
	}
	scheme := "SSWS "
	if d.Auth == "oauth" {
		scheme = "Bearer "
	}
	req.Header.Set("Authorization", scheme+token.Expose())
	return nil
}

// Error codes that say more than the status (Okta, "Error codes").
const (
	noResource  = "E0000007" // 404
	noFeature   = "E0000015" // 401: the org lacks it
	wrongStatus = "E0000038" // 403: the user's status does not allow it
)

func code(got exchange.Answer) string {
	var body struct {
		Code string `json:"errorCode"`
	}
	if got.Status/100 == 2 || json.Unmarshal(got.Body, &body) != nil {
		return ""
	}
	return body.Code
}

// refusal is the error of an answer, with the mend where it is known. That
// something is not there only Okta's own code says: anything else on the way may
// answer 404, and must not make a leaver of anybody.
func (d *directory) refusal(op, need string, got exchange.Answer) error {
	err := got.Err(op)
	var e *keyturn.Error
	if !errors.As(err, &e) {
		return err
	}
	switch code := code(got); {
	case got.Status == http.StatusNotFound && code != noResource:
		e.Kind, e.Message = keyturn.Unavailable, "Okta's API is not there; is domain the org's own?"
	case code == noFeature || got.Status == http.StatusMethodNotAllowed:
		e.Kind, e.Message = keyturn.Unsupported, "the org does not have this"
	case got.Status == http.StatusUnauthorized:
		e.Message = "Okta does not take the token; make a new one, store it where the setting token says, and see that auth fits it"
	case got.Status == http.StatusForbidden:
		e.Message = mayNot + need
	case got.Status == http.StatusTooManyRequests:
		e.RetryAfter = d.wait(got.Header, e.RetryAfter)
	}
	return e
}

// wait is how long Okta wants callers to wait: until X-Rate-Limit-Reset, in
// seconds since 1970 (Okta, "Rate limit best practices"). The answer's own Date
// stands for Okta's clock.
func (d *directory) wait(h http.Header, otherwise time.Duration) time.Duration {
	reset, err := strconv.ParseInt(h.Get("X-Rate-Limit-Reset"), 10, 64)
	if err != nil {
		return otherwise
	}
	now, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		now = d.env.Now()
	}
	// Windows last a minute; more is a mistake of somebody's clock.
	return min(max(time.Unix(reset, 0).Sub(now), time.Second), 5*time.Minute)
}

// undocumented is for an answer that is not what Okta documents.
func undocumented(op string) error {
	return keyturn.Errorf(keyturn.Unavailable, op, "the answer is not the documented one")
}
