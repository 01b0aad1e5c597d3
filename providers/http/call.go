package http

import (
	"context"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"strings"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/exchange"
)

// maxAnswer is the longest answer read. A page of 100 keys is under 100 KiB.
const maxAnswer = 4 << 20

// A reply is an answer that can be asked what the contract means by it.
type reply struct{ exchange.Answer }

// manage makes a call as the administrator.
func (p *provider) manage(ctx context.Context, op, method, path string, in any) (reply, error) {
	admin, err := p.env.Credential(ctx, p.Token)
	if err != nil {
		return reply{}, err
	}
	return p.send(ctx, op, method, path, admin.Secret, in)
}

// send makes one request. Its error says that there was no answer.
func (p *provider) send(ctx context.Context, op, method, path string, as keyturn.Secret, in any) (reply, error) {
	req, err := exchange.NewRequest(ctx, op, method, p.env.BaseURL+path, in)
	if err != nil {
		return reply{}, err
	}
	if strings.ContainsFunc(as.Expose(), func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return reply{}, keyturn.Errorf(keyturn.Invalid, op, "the bearer contains a space, a line break or the like; store it without")
	}
	req.Header.Set("Accept", "application/json, application/problem+json")
	req.Header.Set("Authorization", "Bearer "+as.Expose())
	a, err := exchange.Ask(ctx, op, p.env.HTTP, req, maxAnswer)
	return reply{a}, err
}

// code is the problem's code, if the answer is a problem and has one.
func (r reply) code() string {
	var problem struct{ Code string }
	if t, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); t != "application/problem+json" || json.Unmarshal(r.Body, &problem) != nil {
		return ""
	}
	return problem.Code
}

// err turns a refusal into an error, in words of our own for the codes of the
// contract.
func (r reply) err(op string) error {
	err := r.Err(op)
	var e *keyturn.Error
	if !errors.As(err, &e) {
		return err
	}
	switch code := r.code(); {
	case r.Status == http.StatusConflict && code == "limit_reached":
		e.Kind, e.Message = keyturn.Exhausted, "the principal holds as many keys as it may"
	case r.Status == http.StatusConflict && code == "label_taken":
		e.Message = "a key with this label exists already"
	case r.Status == http.StatusNotFound && code == "principal_not_found":
		e.Message = "the service knows no such principal"
	case r.Status == http.StatusNotFound && code == "":
		e.Message = "not found, and not in the words of the contract; is the setting url right?"
	}
	return err
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

// undocumented is for an answer that is not what the contract says. For a mint
// the key may exist.
func undocumented(op string) error {
	return keyturn.Errorf(keyturn.Unavailable, op, "the answer is not what the contract says")
}
