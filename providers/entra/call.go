package entra

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/keyturn/keyturn"
)

// version is the version of Graph this package was written against.
const version = "/v1.0"

// maxAnswer is the longest answer read. A page of 999 applications with three
// passwords each is under 2 MiB.
const maxAnswer = 8 << 20

// graph makes a call to Graph as Keyturn's own application.
func (p *provider) graph(ctx context.Context, op, method, path string, in, out any) error {
	token, err := p.token(ctx, op)
	if err != nil {
		return err
	}
	return p.as(ctx, op, token, method, path, in, out)
}

// as makes a call with an access token. With out nil the answer must be the
// 204 that Graph gives where there is nothing to say.
func (p *provider) as(ctx context.Context, op string, token keyturn.Secret, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return keyturn.Errorf(keyturn.Invalid, op, "the request cannot be written as JSON")
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, p.at.graph+version+path, body)
	if err != nil {
		return keyturn.Errorf(keyturn.Invalid, op, "the request's address is malformed")
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Authorization", "Bearer "+token.Expose())
	resp, err := p.env.HTTP.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return keyturn.Errorf(keyturn.Unavailable, op, "no answer")
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode == http.StatusUnauthorized {
		p.tokens.forget(token)
	}
	if err := refused(op, resp); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return err
	}
	if out == nil {
		if resp.StatusCode != http.StatusNoContent {
			return undocumented(op)
		}
		return nil
	}
	return p.decode(ctx, op, resp, out)
}

func (p *provider) decode(ctx context.Context, op string, resp *http.Response, out any) error {
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(out); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return undocumented(op)
	}
	return nil
}

// undocumented is for an answer that is not what Microsoft documents. For a
// mint the password may exist.
func undocumented(op string) error {
	return keyturn.Errorf(keyturn.Unavailable, op, "the answer is not the documented one")
}

// forbidden reports whether err is Graph's 403: known to it, but not allowed.
func forbidden(err error) bool {
	var e *keyturn.Error
	return errors.As(err, &e) && e.Kind == keyturn.Denied && e.Message == lacksPermission
}
