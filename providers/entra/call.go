package entra

import (
	"context"
	"errors"
	"net/http"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/exchange"
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
	req, err := exchange.NewRequest(ctx, op, method, p.at.graph+version+path, in)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+token.Expose())
	resp, err := exchange.Do(ctx, op, p.env.HTTP, req)
	if err != nil {
		return err
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
	if err := exchange.DecodeJSON(ctx, op, resp, maxAnswer, out); err != nil {
		return err
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
