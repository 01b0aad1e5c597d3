package stripe

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/exchange"
	"github.com/keyturn/keyturn/providers"
)

const (
	// maxAnswer is the longest answer read. A page of 100 keys with all their
	// permissions is under 1 MiB.
	maxAnswer = 4 << 20
	// maxRefusal is the longest refusal read, of which two words are wanted.
	maxRefusal = 64 << 10
)

// request is one call, made with key.
type request struct {
	op, method, path string
	key              keyturn.Secret
	header           map[string]string
	body             any
}

// refusal is what a refusal said: Stripe's own words for it are empty where
// the answer is somebody else's. Its message is never read.
type refusal struct {
	status     int
	Type, Code string
}

func (r refusal) stripes() bool { return r.Type != "" || r.Code != "" }

// send makes one request. With out nil the answer's body is not looked at.
func send(ctx context.Context, env providers.Env, r request, out any) (refusal, error) {
	req, err := build(ctx, env.BaseURL, r)
	if err != nil {
		return refusal{}, err
	}
	resp, err := exchange.Do(ctx, r.op, env.HTTP, req)
	if err != nil {
		return refusal{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	if err := exchange.StatusError(r.op, resp); err != nil {
		return refused(resp, err)
	}
	if out == nil {
		return refusal{}, nil
	}
	return refusal{}, exchange.DecodeJSON(ctx, r.op, resp, maxAnswer, out)
}

func build(ctx context.Context, base string, r request) (*http.Request, error) {
	if strings.ContainsFunc(r.key.Expose(), func(c rune) bool { return c <= ' ' || c >= 0x7f }) {
		return nil, keyturn.Errorf(keyturn.Invalid, r.op, "the value contains a line break or the like; store it without")
	}
	req, err := exchange.NewRequest(ctx, r.op, r.method, base+r.path, r.body)
	if err != nil {
		return nil, err
	}
	// Go would by itself send a request with an Idempotency-Key once more.
	req.GetBody = nil
	req.Header.Set("Authorization", "Bearer "+r.key.Expose())
	for name, value := range r.header {
		req.Header.Set(name, value)
	}
	return req, nil
}

// refused reads Stripe's words for a refusal (API Reference, "Errors") and
// corrects the kind where they mean something else than the status.
func refused(resp *http.Response, err error) (refusal, error) {
	got := refusal{status: resp.StatusCode}
	var body struct {
		Error *struct{ Type, Code string } `json:"error"`
	}
	if json.NewDecoder(io.LimitReader(resp.Body, maxRefusal)).Decode(&body) == nil && body.Error != nil {
		got.Type, got.Code = body.Error.Type, body.Error.Code
	}
	var e *keyturn.Error
	if !errors.As(err, &e) {
		return got, err
	}
	switch {
	case resp.StatusCode == http.StatusTooManyRequests && got.Code == "lock_timeout":
		// Not a rate limit, although the status says so ("Rate limits").
		e.Kind, e.Message = keyturn.Unavailable, "Stripe could not lock what the request is about"
	case resp.StatusCode == http.StatusTooManyRequests:
		e.Message = limited(resp.Header.Get("Stripe-Rate-Limited-Reason"))
	case resp.StatusCode == http.StatusConflict && resp.Header.Get("Stripe-Should-Retry") == "true":
		e.Kind, e.Message = keyturn.Unavailable, "Stripe is still busy with another request"
	}
	return got, e
}

// limited says which limit was met. Only words that Stripe documents are
// repeated ("Rate limits").
func limited(reason string) string {
	switch reason {
	case "global-rate", "endpoint-rate", "global-concurrency", "endpoint-concurrency", "resource-specific":
		return "too many requests (" + reason + ")"
	}
	return "too many requests"
}

// undocumented is for an answer that is not what Stripe documents. For a mint
// the key may exist.
func undocumented(op string) error {
	return keyturn.Errorf(keyturn.Unavailable, op, "the answer is not the documented one")
}
