package openai

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/exchange"
)

// maxAnswer is the longest answer read. A page of 100 keys is under 100 KiB.
const maxAnswer = 4 << 20

// A request is one call. With out nil the answer's body is not looked at.
type request struct {
	op, method, path string
	in, out          any
}

// manage makes a call as the administrator.
func (p *provider) manage(ctx context.Context, r request) error {
	admin, err := p.env.Credential(ctx, p.AdminKey)
	if err != nil {
		return err
	}
	_, err = p.do(ctx, admin.Secret, r)
	return err
}

// do makes one request and returns the status that came, 0 if none did.
func (p *provider) do(ctx context.Context, as keyturn.Secret, r request) (int, error) {
	req, err := exchange.NewRequest(ctx, r.op, r.method, p.env.BaseURL+r.path, r.in)
	if err != nil {
		return 0, err
	}
	if strings.ContainsFunc(as.Expose(), func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return 0, keyturn.Errorf(keyturn.Invalid, r.op, "the key contains a blank or a line break; store it without")
	}
	req.Header.Set("Authorization", "Bearer "+as.Expose())
	resp, err := exchange.Do(ctx, r.op, p.env.HTTP, req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	if err := refused(r.op, resp); err != nil || r.out == nil {
		return resp.StatusCode, err
	}
	if err := exchange.DecodeJSON(ctx, r.op, resp, maxAnswer, r.out); err != nil {
		return resp.StatusCode, err
	}
	return resp.StatusCode, nil
}

// refused turns a status into an error. Three refusals mean something else
// than their status says, and only the body tells (Guides, "Error codes"): a
// 401 or 403 for where the request came from says nothing of the key, and a
// 429 for money is no matter of waiting.
func refused(op string, resp *http.Response) error {
	var e *keyturn.Error
	if !errors.As(exchange.StatusError(op, resp), &e) {
		return nil
	}
	if e.Kind != keyturn.Denied && e.Kind != keyturn.RateLimited {
		return e
	}
	b, _ := io.ReadAll(io.LimitReader(resp.Body, 16<<10))
	said := strings.ToLower(string(b))
	says := func(marks ...string) bool {
		for _, m := range marks {
			if strings.Contains(said, m) {
				return true
			}
		}
		return false
	}
	switch {
	case e.Kind == keyturn.RateLimited && says("insufficient_quota", "credit_balance_exhausted"):
		return keyturn.Errorf(keyturn.Exhausted, op, "the organisation has no credit left or has reached its limit of spending")
	case e.Kind == keyturn.Denied && says("ip_not_authorized", "ip not authorized", "unsupported_country_region_territory"):
		return keyturn.Errorf(keyturn.Unavailable, op, "OpenAI does not serve the address the worker calls from; see the organisation's list of allowed addresses")
	}
	return e
}

// undocumented is for an answer that is not what OpenAI documents. For a mint
// the key may exist.
func undocumented(op string) error {
	return keyturn.Errorf(keyturn.Unavailable, op, "the answer is not the documented one")
}
