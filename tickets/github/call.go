package github

import (
	"context"
	"net/http"
	"strings"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/exchange"
)

// maxAnswer is the longest answer read: a page of 100 issues or comments, of up
// to 64 KiB each.
const maxAnswer = 16 << 20

// An answer is what came back, besides the body.
type answer struct {
	status int
	header http.Header
}

// call makes one request. With out nil the answer's body is not looked at.
func (t *tracker) call(ctx context.Context, op, method, path string, in, out any) (answer, error) {
	var got answer
	req, err := exchange.NewRequest(ctx, op, method, t.env.BaseURL+path, in)
	if err != nil {
		return got, err
	}
	if err := t.sign(ctx, op, req); err != nil {
		return got, err
	}
	resp, err := exchange.Do(ctx, op, t.env.HTTP, req)
	if err != nil {
		return got, err
	}
	defer func() { _ = resp.Body.Close() }()
	got = answer{resp.StatusCode, resp.Header}
	if err := t.refused(op, resp); err != nil || out == nil {
		return got, err
	}
	return got, exchange.DecodeJSON(ctx, op, resp, maxAnswer, out)
}

// sign reads the token and puts it on a request.
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
	req.Header.Set("Accept", "application/vnd.github+json")
	req.Header.Set("User-Agent", "keyturn")
	req.Header.Set("X-GitHub-Api-Version", "2022-11-28")
	req.Header.Set("Authorization", "Bearer "+token.Expose())
	return nil
}

// in is a path below the repository.
func (t *tracker) in(path string) string { return "/repos/" + t.Repository + path }

// undocumented is for an answer that is not what GitHub documents.
func undocumented(op string) error {
	return keyturn.Errorf(keyturn.Unavailable, op, "the answer is not the documented one")
}
