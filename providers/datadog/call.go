package datadog

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/exchange"
)

// maxAnswer is the longest answer read. A page of 100 keys is under 100 KiB; one of
// Audit Trail may hold whole dashboards, before and after.
const maxAnswer = 8 << 20

// pair is what a request is authenticated with. The application key is left
// out where a request is about the API key alone.
type pair struct{ api, application keyturn.Secret }

// admin reads the administrator's pair.
func (p *provider) admin(ctx context.Context) (pair, error) {
	api, err := p.env.Credential(ctx, p.APIKey)
	if err != nil {
		return pair{}, err
	}
	application, err := p.env.Credential(ctx, p.ApplicationKey)
	return pair{api.Secret, application.Secret}, err
}

// manage makes a call as the administrator.
func (p *provider) manage(ctx context.Context, op, method, path string, in, out any) error {
	admin, err := p.admin(ctx)
	if err != nil {
		return err
	}
	return p.do(ctx, op, method, path, admin, in, out)
}

// do makes one request. With out nil the answer's body is not looked at.
func (p *provider) do(ctx context.Context, op, method, path string, as pair, in, out any) error {
	req, err := exchange.NewRequest(ctx, op, method, p.env.BaseURL+path, in)
	if err != nil {
		return err
	}
	for name, key := range map[string]keyturn.Secret{"DD-API-KEY": as.api, "DD-APPLICATION-KEY": as.application} {
		if strings.ContainsFunc(key.Expose(), func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return keyturn.Errorf(keyturn.Invalid, op, "the value for %s contains a line break or the like; store it without", name)
		}
		if !key.IsZero() {
			req.Header.Set(name, key.Expose())
		}
	}
	resp, err := exchange.Do(ctx, op, p.env.HTTP, req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if err := refused(op, resp); err != nil || out == nil {
		return err
	}
	if err := exchange.DecodeJSON(ctx, op, resp, maxAnswer, out); err != nil {
		return err
	}
	return nil
}

// refused turns a status into an error. Throttled callers are told how many
// seconds to wait in X-RateLimit-Reset (API Reference, "Rate Limits").
func refused(op string, resp *http.Response) error {
	if resp.StatusCode >= 300 && resp.StatusCode < 400 {
		return keyturn.Errorf(keyturn.Unavailable, op, "Datadog pointed elsewhere; check the setting site")
	}
	err := exchange.StatusError(op, resp)
	var e *keyturn.Error
	if errors.As(err, &e) && e.Kind == keyturn.RateLimited {
		if n, err := strconv.Atoi(resp.Header.Get("X-RateLimit-Reset")); err == nil && n > 0 {
			e.RetryAfter = time.Duration(n) * time.Second
		}
	}
	return err
}

// undocumented is for an answer that is not what Datadog documents. For a
// mint the key may exist.
func undocumented(op string) error {
	return keyturn.Errorf(keyturn.Unavailable, op, "the answer is not the documented one")
}
