// Package exchange is the one way Keyturn asks an HTTP API: a request is sent once,
// its answer is read within bounds, and a refusal becomes an error of a kind.
package exchange

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"

	"github.com/keyturn/keyturn"
)

// NewRequest makes a request of a JSON API; in, unless it is nil, is sent as
// JSON. Its errors quote neither in nor the address.
func NewRequest(ctx context.Context, op, method, url string, in any) (*http.Request, error) {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return nil, keyturn.Errorf(keyturn.Invalid, op, "the request cannot be written as JSON")
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return nil, keyturn.Errorf(keyturn.Invalid, op, "the request's address is malformed")
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Accept", "application/json")
	return req, nil
}

// Do sends a request once. Its error says that there was no answer, and not
// why: what the network says may quote the request.
func Do(ctx context.Context, op string, c *http.Client, req *http.Request) (*http.Response, error) {
	resp, err := c.Do(req)
	if err != nil {
		return nil, unlessDone(ctx, keyturn.Errorf(keyturn.Unavailable, op, "no answer"))
	}
	return resp, nil
}

// An Answer is what came back, with its body, which must never reach an error.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Ask is Do that reads the whole answer, at most most bytes of it, for vendors
// whose refusals must be read to be understood.
func Ask(ctx context.Context, op string, c *http.Client, req *http.Request, most int64) (Answer, error) {
	resp, err := Do(ctx, op, c, req)
	if err != nil {
		return Answer{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, most))
	if err != nil {
		return Answer{}, unlessDone(ctx, keyturn.Errorf(keyturn.Unavailable, op, "no answer"))
	}
	return Answer{resp.StatusCode, resp.Header, body}, nil
}

// Err is StatusError of the answer.
func (a Answer) Err(op string) error {
	return StatusError(op, &http.Response{StatusCode: a.Status, Header: a.Header})
}

// DecodeJSON reads at most most bytes of an answer into out. An answer that is
// not the documented JSON is Unavailable: for a mint the key may exist.
func DecodeJSON(ctx context.Context, op string, resp *http.Response, most int64, out any) error {
	if json.NewDecoder(io.LimitReader(resp.Body, most)).Decode(out) != nil {
		return unlessDone(ctx, keyturn.Errorf(keyturn.Unavailable, op, "the answer is not the documented one"))
	}
	return nil
}

// unlessDone is err, unless the caller has given up.
func unlessDone(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}
