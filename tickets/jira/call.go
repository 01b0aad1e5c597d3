package jira

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/exchange"
)

// maxAnswer is the longest answer read. The longest is a page of comments, of
// 32,767 characters each before formatting.
const maxAnswer = 16 << 20

// call makes one request of the REST API. With out nil the answer's body is
// not looked at.
func (t *tracker) call(ctx context.Context, op, method, path string, in, out any) error {
	req, err := exchange.NewRequest(ctx, op, method, t.env.BaseURL+"/rest/api/3"+path, in)
	if err != nil {
		return err
	}
	if err := t.sign(ctx, op, req); err != nil {
		return err
	}
	resp, err := exchange.Do(ctx, op, t.env.HTTP, req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if err := refused(op, resp, t.env.Now()); err != nil || out == nil {
		return err
	}
	return exchange.DecodeJSON(ctx, op, resp, maxAnswer, out)
}

// sign reads the credential and puts it on a request.
func (t *tracker) sign(ctx context.Context, op string, req *http.Request) error {
	token, err := t.env.Secret(ctx, t.Token)
	switch {
	case keyturn.KindOf(err) == keyturn.NotFound: // it must not pass for a missing ticket
		return keyturn.Errorf(keyturn.Denied, op, "the secret that the setting token names does not exist")
	case err != nil:
		return err
	case token.IsZero() || strings.ContainsFunc(token.Expose(), func(r rune) bool { return r <= ' ' || r >= 0x7f }):
		return keyturn.Errorf(keyturn.Invalid, op, "the secret that the setting token names is empty or contains a space, a line break or the like; store the token alone")
	}
	if t.Auth == "bearer" {
		req.Header.Set("Authorization", "Bearer "+token.Expose())
	} else {
		req.SetBasicAuth(t.Email, token.Expose())
	}
	return nil
}

// refused turns a status into an error that says the mend where there is one.
func refused(op string, resp *http.Response, now time.Time) error {
	err := exchange.StatusError(op, resp)
	var e *keyturn.Error
	if !errors.As(err, &e) {
		return err
	}
	switch s := resp.StatusCode; {
	case s < 400:
		e.Message = "Jira pointed elsewhere; check the settings site and cloud_id"
	case s == http.StatusUnauthorized:
		e.Message = "Jira refused the credential; check the settings auth, email and token, and cloud_id, which a token with scopes needs"
	case s == http.StatusForbidden:
		e.Message = "the account or the token's scopes do not allow it; the tracker's README lists what is needed"
	case s == http.StatusConflict:
		// "Edit issue" and "Transition issue", 409: a conflicting update. Ours are
		// safe to repeat.
		e.Kind, e.Message = keyturn.Unavailable, "somebody changed the ticket at the same moment"
	case s == http.StatusRequestEntityTooLarge:
		// "Add comment", 413: the per-issue limit has been breached.
		e.Kind, e.Message = keyturn.Exhausted, "the ticket is full: Jira takes no more comments on it"
	case s == http.StatusTooManyRequests:
		e.Message = throttle(resp.Header.Get("RateLimit-Reason"))
		if e.RetryAfter == 0 {
			e.RetryAfter = untilReset(resp.Header.Get("X-RateLimit-Reset"), now)
		}
	}
	return e
}

// throttle words what the header RateLimit-Reason says ("Rate limiting").
func throttle(reason string) string {
	switch reason {
	case "jira-quota-global-based", "jira-quota-tenant-based":
		return "throttled: the hour's quota of requests to Jira is used up"
	case "jira-burst-based":
		return "throttled: more requests a second than Jira takes from all callers of this site"
	case "jira-per-issue-on-write":
		return "throttled: one ticket was changed too often in a short time"
	}
	return "throttled by Jira"
}

// untilReset reads X-RateLimit-Reset, a time to the minute or second in ISO
// 8601, which stands in where Retry-After is missing ("Rate limiting").
func untilReset(v string, now time.Time) time.Duration {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00"} {
		if at, err := time.Parse(layout, v); err == nil {
			return max(0, at.Sub(now).Round(time.Second))
		}
	}
	return 0
}

// signedIn asks Jira who we are, which no anonymous caller may.
func (t *tracker) signedIn(ctx context.Context, op string) error {
	var out struct{ AccountID string }
	err := t.call(ctx, op, http.MethodGet, "/myself", nil, &out)
	switch {
	case keyturn.KindOf(err) == keyturn.NotFound:
		return keyturn.Errorf(keyturn.Invalid, op, "there is no Jira at this address; check the settings site and cloud_id")
	case err == nil && out.AccountID == "":
		return undocumented(op)
	}
	return err
}

// missing explains the NotFound of a request about a ticket. Jira lets
// anonymous callers read some issues and calls the others missing, so a
// credential that has died could make every ticket look deleted: before we say
// so, we ask whether Jira knows us.
func (t *tracker) missing(ctx context.Context, op string, err error) error {
	if keyturn.KindOf(err) != keyturn.NotFound {
		return err
	}
	if err := t.signedIn(ctx, op); err != nil {
		return err
	}
	return keyturn.Errorf(keyturn.NotFound, op, "there is no such ticket, or the account may not see it")
}

// undocumented is for an answer that is not what Jira documents.
func undocumented(op string) error {
	return keyturn.Errorf(keyturn.Unavailable, op, "the answer is not the documented one")
}
