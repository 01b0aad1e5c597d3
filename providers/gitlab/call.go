package gitlab

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/exchange"
)

// maxAnswer is the longest answer read. A page of 100 tokens is under 100 KiB.
const maxAnswer = 4 << 20

// A reply is an answer that can be asked what GitLab means by it.
type reply struct{ exchange.Answer }

// admin reads the administrator's token.
func (p *provider) admin(ctx context.Context) (keyturn.Secret, error) {
	c, err := p.env.Credential(ctx, p.Token)
	return c.Secret, err
}

// manage makes a call as the administrator.
func (p *provider) manage(ctx context.Context, op, method, path string, in any) (reply, error) {
	admin, err := p.admin(ctx)
	if err != nil {
		return reply{}, err
	}
	return p.send(ctx, op, method, path, admin, in)
}

// send makes one request. Its error says that there was no answer.
func (p *provider) send(ctx context.Context, op, method, path string, as keyturn.Secret, in any) (reply, error) {
	req, err := exchange.NewRequest(ctx, op, method, p.env.BaseURL+path, in)
	if err != nil {
		return reply{}, err
	}
	if strings.ContainsFunc(as.Expose(), func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return reply{}, keyturn.Errorf(keyturn.Invalid, op, "the token contains a line break or the like; store it without")
	}
	req.Header.Set("PRIVATE-TOKEN", as.Expose())
	a, err := exchange.Ask(ctx, op, p.env.HTTP, req, maxAnswer)
	return reply{a}, err
}

// err turns the status into an error. GitLab says how long to wait in
// Retry-After (Rate limits, "Headers").
func (r reply) err(op string) error {
	return r.Err(op)
}

// read turns a refusal into an error and anything else into out.
func (r reply) read(op string, out any) error {
	if err := r.err(op); err != nil {
		return err
	}
	if json.Unmarshal(r.Body, out) != nil {
		return undocumented(op)
	}
	return nil
}

// says reports whether the body contains words, whatever their case.
func (r reply) says(words string) bool {
	return bytes.Contains(bytes.ToLower(r.Body), []byte(words))
}

// noSuchToken reports a 404 that is about the token and not about its project
// or group: "404 project Access Token Not Found", in older versions "404 Could not
// find project access token with token_id: 1 Not Found".
func (r reply) noSuchToken() bool {
	return r.Status == http.StatusNotFound && r.says("access token")
}

// isGitLabs reports whether an error is worded as GitLab does it: a JSON object
// with a message or an error (REST API, "Status codes").
func (r reply) isGitLabs() bool {
	var said struct{ Message, Error json.RawMessage }
	return json.Unmarshal(r.Body, &said) == nil && (said.Message != nil || said.Error != nil)
}

// undocumented is for an answer that is not what GitLab documents. For a mint
// the token may exist.
func undocumented(op string) error {
	return keyturn.Errorf(keyturn.Unavailable, op, "the answer is not the documented one")
}
