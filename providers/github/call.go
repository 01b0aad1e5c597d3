package github

import (
	"context"
	"errors"
	"io"
	"iter"
	"net/http"
	"strconv"
	"strings"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/exchange"
	"github.com/keyturn/keyturn/providers"
)

// maxAnswer is the longest answer read. A page of 100 repositories is well
// under 1 MiB.
const maxAnswer = 8 << 20

// A request is one call. With out nil the answer's body is not looked at.
type request struct {
	op, method, path string
	in, out          any
}

// An answer is what came back, besides the body.
type answer struct {
	status int
	header http.Header
}

// do makes one request, with bearer if there is one: POST /credentials/revoke
// refuses a caller who says who it is.
func (p *provider) do(ctx context.Context, bearer keyturn.Secret, r request) (answer, error) {
	var got answer
	req, err := exchange.NewRequest(ctx, r.op, r.method, p.env.BaseURL+r.path, r.in)
	if err != nil {
		return got, err
	}
	req.Header.Set("Accept", "application/vnd.github+json")
	req.Header.Set("User-Agent", "keyturn")
	req.Header.Set("X-GitHub-Api-Version", "2022-11-28")
	if !bearer.IsZero() {
		if strings.ContainsFunc(bearer.Expose(), func(r rune) bool { return r <= ' ' || r == 0x7f }) {
			return got, keyturn.Errorf(keyturn.Invalid, r.op, "the token contains a blank or a line break; store it without")
		}
		req.Header.Set("Authorization", "Bearer "+bearer.Expose())
	}
	resp, err := exchange.Do(ctx, r.op, p.env.HTTP, req)
	if err != nil {
		return got, err
	}
	defer func() { _ = resp.Body.Close() }()
	got = answer{resp.StatusCode, resp.Header}
	if err := p.refused(r.op, resp); err != nil || r.out == nil {
		return got, err
	}
	if err := exchange.DecodeJSON(ctx, r.op, resp, maxAnswer, r.out); err != nil {
		return got, err
	}
	return got, nil
}

// refused turns a status into an error.
func (p *provider) refused(op string, resp *http.Response) error {
	var e *keyturn.Error
	if !errors.As(exchange.StatusError(op, resp), &e) {
		return nil
	}
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return keyturn.Errorf(keyturn.Invalid, op, "the repository was renamed or moved; correct the entry's scope.principal")
	case http.StatusForbidden, http.StatusTooManyRequests:
	default:
		return e
	}
	body := func() []byte {
		b, _ := io.ReadAll(io.LimitReader(resp.Body, 4<<10))
		return b
	}
	wait, throttled := exchange.GitHubThrottled(resp.StatusCode, resp.Header, body, p.env.Now())
	if !throttled {
		return e
	}
	return &keyturn.Error{Kind: keyturn.RateLimited, Op: op, Message: "too many requests", RetryAfter: wait}
}

// undocumented is for an answer that is not what GitHub documents. For a mint
// the key may exist.
func undocumented(op string) error {
	return keyturn.Errorf(keyturn.Unavailable, op, "the answer is not the documented one")
}

// pageSize is the most GitHub puts on a page.
const pageSize = 100

// pages reads a listing to its end, or until the reader has enough. The answer
// is a P, which holds some Ts; nil are none, which GitHub never says.
func pages[P, T any](ctx context.Context, p *provider, op, path string, items func(P) []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		for number := 1; ; number++ {
			var page P
			s, err := p.session(ctx, op)
			if err != nil {
				yield(none, err)
				return
			}
			sep := "?"
			if strings.Contains(path, "?") {
				sep = "&"
			}
			at := path + sep + "per_page=" + strconv.Itoa(pageSize) + "&page=" + strconv.Itoa(number)
			answer, err := p.as(ctx, s, request{op, http.MethodGet, at, nil, &page})
			if err == nil && items(page) == nil {
				err = undocumented(op)
			}
			if err != nil {
				yield(none, err)
				return
			}
			for _, x := range items(page) {
				if !yield(x, nil) {
					return
				}
			}
			// The link itself is not followed: it would choose who sees the token.
			if len(items(page)) < pageSize && !strings.Contains(answer.header.Get("Link"), `rel="next"`) {
				return
			}
		}
	}
}

// all is the items of a page that is a plain list.
func all[T any](page []T) []T { return page }

// each yields what a listing holds as keys, and reports whether to go on.
func each[T any](seq iter.Seq2[T, error], remote func(T) providers.RemoteKey, yield func(providers.RemoteKey, error) bool) bool {
	for x, err := range seq {
		if err != nil {
			return yield(providers.RemoteKey{}, err)
		}
		if !yield(remote(x), nil) {
			return false
		}
	}
	return true
}
