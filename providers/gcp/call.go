package gcp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/exchange"
	"github.com/keyturn/keyturn/providers"
)

// maxAnswer is the longest answer read. A page of 300 API keys, each with many
// restrictions, or of 250 lines of an audit log is well under it.
const maxAnswer = 4 << 20

// client is one project and how to talk to Google about it.
type client struct {
	settings
	env     providers.Env
	project string
	tokens  tokens
}

// request is one call of a Google API. The method is GET unless it says so.
type request struct {
	op, method string
	host, path string
	query      url.Values
	in         any
}

// address is where a host's path is asked for.
func (c *client) address(host, path string) string {
	if c.env.BaseURL != "" {
		host = strings.TrimSuffix(c.env.BaseURL, "/")
	}
	return host + path
}

// manage makes a call as the administrator.
func (c *client) manage(ctx context.Context, q request, out any) error {
	_, err := c.ask(ctx, q, out)
	return err
}

// ask is manage for those who need to know why a call was refused.
func (c *client) ask(ctx context.Context, q request, out any) (why, error) {
	token, err := c.admin(ctx, q.op)
	if err != nil {
		return "", err
	}
	return c.do(ctx, q, token, out)
}

// unlessGone is manage for those to whom it is no error that what the call is
// about does not exist. That our own credential cannot be found still is one.
func (c *client) unlessGone(ctx context.Context, q request, out any) (gone bool, err error) {
	token, err := c.admin(ctx, q.op)
	if err != nil {
		return false, err
	}
	if _, err = c.do(ctx, q, token, out); keyturn.KindOf(err) == keyturn.NotFound {
		return true, err
	}
	return false, err
}

// do makes one request. With out nil the answer's body is not looked at.
func (c *client) do(ctx context.Context, q request, token keyturn.Secret, out any) (why, error) {
	var body io.Reader
	if q.in != nil {
		b, err := json.Marshal(q.in)
		if err != nil {
			return "", keyturn.Errorf(keyturn.Invalid, q.op, "the request cannot be written as JSON")
		}
		body = bytes.NewReader(b)
	}
	address := c.address(q.host, q.path)
	if len(q.query) > 0 {
		address += "?" + q.query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, q.method, address, body)
	if err != nil {
		return "", keyturn.Errorf(keyturn.Invalid, q.op, "the request's address is malformed")
	}
	if q.in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Authorization", "Bearer "+token.Expose())
	var reason why
	answer, err := c.send(q.op, req, func(e *keyturn.Error, body []byte) { reason = explain(e, body) })
	if e := (*keyturn.Error)(nil); errors.As(err, &e) && reason == unauthenticated {
		c.tokens.drop(token)
	}
	if err != nil || out == nil {
		return reason, err
	}
	if json.Unmarshal(answer, out) != nil {
		return "", undocumented(q.op)
	}
	return "", nil
}

// send makes one request and reads its answer. What it is refused with, explain
// may say more exactly; the refusal's body goes no further.
func (c *client) send(op string, req *http.Request, explain func(*keyturn.Error, []byte)) ([]byte, error) {
	ctx := req.Context()
	resp, err := c.env.HTTP.Do(req) //nolint:gosec // the host is one of Google's, or base_url
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, keyturn.Errorf(keyturn.Unavailable, op, "no answer")
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if e := (*keyturn.Error)(nil); errors.As(exchange.StatusError(op, resp), &e) {
		explain(e, body)
		return nil, e
	}
	if err != nil {
		return nil, undocumented(op)
	}
	return body, nil
}
