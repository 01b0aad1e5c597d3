package okta

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/exchange"
)

// maxAnswer is the longest answer read. A page of 200 apps is under 2 MiB.
const maxAnswer = 8 << 20

const lacksRole = "the API token's administrator may not do this with this app"

// manage makes a call as the administrator.
func (p *provider) manage(ctx context.Context, op, method, path string, in, out any) error {
	token, err := p.env.Credential(ctx, p.Token)
	if err != nil {
		return err
	}
	return p.as(ctx, op, token.Secret, method, path, in, out)
}

// as makes a call with an API token. With out nil the answer must be the 204
// that Okta gives where there is nothing to say.
func (p *provider) as(ctx context.Context, op string, token keyturn.Secret, method, path string, in, out any) error {
	resp, err := p.ask(ctx, op, token, method, path, in)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if out != nil {
		return p.decode(ctx, op, resp, out)
	}
	if resp.StatusCode != http.StatusNoContent {
		return undocumented(op)
	}
	return nil
}

// page is as for a GET whose answer's headers matter.
func (p *provider) page(ctx context.Context, op, path string, out any) (http.Header, error) {
	token, err := p.env.Credential(ctx, p.Token)
	if err != nil {
		return nil, err
	}
	resp, err := p.ask(ctx, op, token.Secret, http.MethodGet, path, nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	return resp.Header, p.decode(ctx, op, resp, out)
}

// ask makes one request as the administrator and refuses what Okta refuses.
func (p *provider) ask(ctx context.Context, op string, token keyturn.Secret, method, path string, in any) (*http.Response, error) {
	if strings.ContainsFunc(token.Expose(), control) {
		return nil, keyturn.Errorf(keyturn.Invalid, op, "the API token contains a line break or the like; store it without")
	}
	req, err := exchange.NewRequest(ctx, op, method, p.env.BaseURL+path, in)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "SSWS "+token.Expose())
	resp, err := p.send(ctx, op, req)
	if err != nil {
		return nil, err
	}
	if err := p.refused(op, resp); err != nil {
		_ = resp.Body.Close()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, err
	}
	return resp, nil
}

func (p *provider) send(ctx context.Context, op string, req *http.Request) (*http.Response, error) {
	resp, err := exchange.Do(ctx, op, p.env.HTTP, req)
	if err != nil {
		return nil, err
	}
	return resp, nil
}

func (p *provider) decode(ctx context.Context, op string, resp *http.Response, out any) error {
	if err := exchange.DecodeJSON(ctx, op, resp, maxAnswer, out); err != nil {
		return err
	}
	return nil
}

// status is StatusError, and how long Okta wants callers to wait: until
// X-Rate-Limit-Reset, in seconds since 1970 (Okta, "Rate limit best
// practices"). The answer's own Date stands for Okta's clock.
func (p *provider) status(op string, resp *http.Response) error {
	err := exchange.StatusError(op, resp)
	var e *keyturn.Error
	if !errors.As(err, &e) || e.Kind != keyturn.RateLimited {
		return err
	}
	if reset, err := strconv.ParseInt(resp.Header.Get("X-Rate-Limit-Reset"), 10, 64); err == nil {
		now, err := http.ParseTime(resp.Header.Get("Date"))
		if err != nil {
			now = p.env.Now()
		}
		// Windows last a minute; more is a mistake of somebody's clock.
		e.RetryAfter = min(max(time.Unix(reset, 0).Sub(now), time.Second), 5*time.Minute)
	}
	return e
}

// refused turns a refusal of the management API into an error. Okta gives one
// code, E0000001, to everything it finds wrong with a request and tells the
// rest in words (Okta, "Error codes"). They decide, and are not passed on.
func (p *provider) refused(op string, resp *http.Response) error {
	err := p.status(op, resp)
	var e *keyturn.Error
	if !errors.As(err, &e) {
		return err
	}
	if resp.StatusCode == http.StatusForbidden {
		e.Message = lacksRole
	}
	if e.Kind != keyturn.Invalid {
		return e
	}
	var body struct {
		Causes []struct {
			Summary string `json:"errorSummary"`
		} `json:"errorCauses"`
	}
	_ = json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(&body)
	for _, c := range body.Causes {
		switch words := strings.ToLower(c.Summary); {
		case strings.Contains(words, "maximum number of client secrets"):
			e.Kind, e.Message = keyturn.Exhausted, "the app holds two client secrets already"
		case strings.Contains(words, "only active client secret"):
			e.Message = "it is the app's only active client secret, which Okta does not let go; rotate it, or deactivate the app"
		case strings.Contains(words, "private_key_jwt"):
			e.Message = "the app authenticates with private_key_jwt and can have no client secret"
		}
	}
	return e
}

// undocumented is for an answer that is not what Okta documents. For a mint
// the secret may exist.
func undocumented(op string) error {
	return keyturn.Errorf(keyturn.Unavailable, op, "the answer is not the documented one")
}

func control(r rune) bool { return r < ' ' || r == 0x7f }
