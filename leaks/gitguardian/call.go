package gitguardian

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/exchange"
)

// maxAnswer is the longest answer read. A page of 100 incidents is under 1 MiB.
const maxAnswer = 8 << 20

// What a token must allow, as GitGuardian calls it.
const (
	readScope  = "incidents:read"
	writeScope = "incidents:write"
)

// get reads a resource into out.
func (s *source) get(ctx context.Context, op, path string, out any) (http.Header, error) {
	got, err := s.ask(ctx, op, readScope, http.MethodGet, path, nil)
	if err != nil {
		return nil, err
	}
	if json.Unmarshal(got.Body, out) != nil {
		return nil, undocumented(op)
	}
	return got.Header, nil
}

// ask makes one request and refuses what GitGuardian refuses. need is the scope that a
// refusal names.
func (s *source) ask(ctx context.Context, op, need, method, path string, in any) (exchange.Answer, error) {
	req, err := exchange.NewRequest(ctx, op, method, s.env.BaseURL+path, in)
	if err != nil {
		return exchange.Answer{}, err
	}
	_, token, err := s.env.Secret(ctx, s.Token)
	switch {
	case keyturn.KindOf(err) == keyturn.NotFound: // it must not pass for a missing incident
		return exchange.Answer{}, keyturn.Errorf(keyturn.Denied, op, "the secret that the setting token names does not exist")
	case err != nil:
		return exchange.Answer{}, err
	case token.IsZero() || strings.ContainsFunc(token.Expose(), func(r rune) bool { return r <= ' ' || r >= 0x7f }):
		return exchange.Answer{}, keyturn.Errorf(keyturn.Invalid, op, "the secret that the setting token names is empty or contains a space, a line break or the like; store the token alone")
	}
	req.Header.Set("Authorization", "Token "+token.Expose())
	// With it, GitGuardian leaves out what would show a value.
	req.Header.Set("X-Privacy-Mode", "true")
	got, err := exchange.Ask(ctx, op, s.env.HTTP, req, maxAnswer)
	if err != nil {
		return exchange.Answer{}, err
	}
	return got, refusal(op, need, got)
}

// refusal is the error of an answer, with the mend where it is known. That something is
// not there only GitGuardian's own words say: anything else on the way may answer 404,
// and must not close an incident.
func refusal(op, need string, got exchange.Answer) error {
	err := got.Err(op)
	var e *keyturn.Error
	if !errors.As(err, &e) {
		return err
	}
	switch got.Status {
	case http.StatusUnauthorized:
		e.Message = "GitGuardian does not take the token; make a new one, store it where the setting token says, and see that base_url is of the workspace's region"
	case http.StatusForbidden:
		e.Message = "the token may not do this; it needs the scope " + need + ", and access to the incident"
	case http.StatusNotFound:
		var body struct {
			Detail string `json:"detail"`
		}
		if json.Unmarshal(got.Body, &body) != nil || body.Detail == "" {
			e.Kind, e.Message = keyturn.Unavailable, "GitGuardian's API is not there; is base_url right?"
		}
	}
	return e
}

// undocumented is for an answer that is not what GitGuardian documents.
func undocumented(op string) error {
	return keyturn.Errorf(keyturn.Unavailable, op, "the answer is not the documented one")
}
