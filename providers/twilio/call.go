package twilio

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/exchange"
)

const (
	hostAPI = "api.twilio.com"
	hostIAM = "iam.twilio.com"
	// maxAnswer is the longest answer read. A page of 100 keys is under 50 KiB.
	maxAnswer = 4 << 20
	// maxRefusal is the longest refusal read, of which one number is wanted.
	maxRefusal = 64 << 10
)

// pair is what a request is authenticated with.
type pair struct {
	user     string
	password keyturn.Secret
}

// call is one request.
type call struct {
	method, host, path string
	form               url.Values
}

// answer is what a refusal said: Twilio's own number for it is 0 where the
// body has none, as when the answer is somebody else's.
type answer struct{ status, code int }

// admin reads the administrator's credential. One without an id is the
// account's Auth Token.
func (p *provider) admin(ctx context.Context) (pair, error) {
	c, err := p.env.Credential(ctx, p.Credentials)
	return pair{cmp.Or(c.ID, p.env.Account), c.Secret}, err
}

// manage makes a call on API keys as the administrator.
func (p *provider) manage(ctx context.Context, op, method, path string, form url.Values, out any) error {
	admin, err := p.admin(ctx)
	if err != nil {
		return err
	}
	_, err = p.do(ctx, op, admin, call{method, hostIAM, path, form}, out)
	return err
}

// do makes one request. With out nil the answer's body is not looked at.
func (p *provider) do(ctx context.Context, op string, as pair, c call, out any) (answer, error) {
	base := cmp.Or(p.env.BaseURL, "https://"+c.host)
	var body io.Reader
	if c.form != nil {
		body = strings.NewReader(c.form.Encode())
	}
	req, err := http.NewRequestWithContext(ctx, c.method, base+c.path, body)
	if err != nil {
		return answer{}, keyturn.Errorf(keyturn.Invalid, op, "the request's address is malformed")
	}
	if c.form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	req.Header.Set("Accept", "application/json")
	req.SetBasicAuth(as.user, as.password.Expose())
	resp, err := exchange.Do(ctx, op, p.env.HTTP, req)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	if err := exchange.StatusError(op, resp); err != nil {
		return answer{resp.StatusCode, codeOf(resp.Body)}, err
	}
	if out == nil {
		return answer{}, nil
	}
	return answer{}, exchange.DecodeJSON(ctx, op, resp, maxAnswer, out)
}

// codeOf reads the number of a refusal and nothing else of it.
func codeOf(body io.Reader) int {
	var out struct {
		Code int `json:"code"`
	}
	if json.NewDecoder(io.LimitReader(body, maxRefusal)).Decode(&out) != nil {
		return 0
	}
	return out.Code
}

// undocumented is for an answer that is not what Twilio documents. For a mint
// the key may exist.
func undocumented(op string) error {
	return keyturn.Errorf(keyturn.Unavailable, op, "the answer is not the documented one")
}
