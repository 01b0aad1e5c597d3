package github

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/exchange"
)

// maxAnswer is the longest answer read. A page of 100 alerts is well under 2 MiB.
const maxAnswer = 8 << 20

// A literal is a value that an answer holds. It is never in a plain string, so that
// nothing that prints what was decoded prints it.
type literal struct{ value keyturn.Secret }

func (l *literal) UnmarshalJSON(b []byte) error {
	var text string
	if err := json.Unmarshal(b, &text); err != nil {
		return errors.New("not a string")
	}
	l.value = keyturn.NewSecret(text)
	return nil
}

// get reads a resource into out.
func (s *source) get(ctx context.Context, op, path string, out any) (http.Header, error) {
	got, err := s.ask(ctx, op, http.MethodGet, path, nil)
	if err != nil {
		return nil, err
	}
	return got.Header, decode(op, got, out)
}

// ask makes one request as the token's owner or the App.
func (s *source) ask(ctx context.Context, op, method, path string, in any) (exchange.Answer, error) {
	bearer, err := s.bearer(ctx, op)
	if err != nil {
		return exchange.Answer{}, err
	}
	got, err := s.send(ctx, op, bearer, method, path, in)
	if got.Status == http.StatusUnauthorized {
		s.forget(ctx, bearer)
	}
	return got, err
}

// bearer is what requests are made with. It is read anew each time.
func (s *source) bearer(ctx context.Context, op string) (keyturn.Secret, error) {
	if s.PrivateKey.Path != "" {
		now, err := s.session(ctx, op)
		return now.token, err
	}
	_, token, err := s.secret(ctx, op, "token", s.Token)
	return token, err
}

// secret reads a credential. One that is missing must not pass for a missing alert.
func (s *source) secret(ctx context.Context, op, setting string, ref keyturn.SecretRef) (string, keyturn.Secret, error) {
	id, value, err := s.env.Secret(ctx, ref)
	if keyturn.KindOf(err) == keyturn.NotFound {
		err = keyturn.Errorf(keyturn.Denied, op, "the secret that the setting %s names does not exist", setting)
	}
	return id, value, err
}

// send makes one request with a bearer, and refuses what GitHub refuses.
func (s *source) send(ctx context.Context, op string, bearer keyturn.Secret, method, path string, in any) (exchange.Answer, error) {
	req, err := exchange.NewRequest(ctx, op, method, s.env.BaseURL+path, in)
	if err != nil {
		return exchange.Answer{}, err
	}
	if bearer.IsZero() || strings.ContainsFunc(bearer.Expose(), func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return exchange.Answer{}, keyturn.Errorf(keyturn.Invalid, op, "the token is empty or contains a space, a line break or the like; store the token alone")
	}
	req.Header.Set("Accept", "application/vnd.github+json")
	req.Header.Set("Authorization", "Bearer "+bearer.Expose())
	req.Header.Set("User-Agent", "keyturn")
	req.Header.Set("X-GitHub-Api-Version", "2022-11-28")
	got, err := exchange.Ask(ctx, op, s.env.HTTP, req, maxAnswer)
	if err != nil {
		return exchange.Answer{}, err
	}
	return got, s.refusal(op, got)
}

// refusal turns a status into an error.
func (s *source) refusal(op string, got exchange.Answer) error {
	var e *keyturn.Error
	if !errors.As(got.Err(op), &e) {
		return nil
	}
	switch got.Status {
	case http.StatusMovedPermanently, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return keyturn.Errorf(keyturn.Invalid, op, "the repository was renamed or moved, and its alerts with it; correct the settings if they name it")
	case http.StatusUnauthorized:
		e.Message = "GitHub does not take the token; make a new one and store it where the settings say"
		return e
	case http.StatusNotFound:
		var body struct {
			Message string `json:"message"`
		}
		if json.Unmarshal(got.Body, &body) != nil || body.Message == "" { // it must not pass for a missing alert
			e.Kind, e.Message = keyturn.Unavailable, "GitHub's API is not there; is base_url right?"
		}
		return e
	case http.StatusForbidden, http.StatusTooManyRequests:
	default:
		return e
	}
	wait, throttled := exchange.GitHubThrottled(got.Status, got.Header, func() []byte { return got.Body }, s.env.Now())
	if !throttled {
		e.Message = "the token or the App may not do this; it needs the repository permission Secret scanning alerts, with write access to close alerts"
		return e
	}
	return &keyturn.Error{Kind: keyturn.RateLimited, Op: op, Message: "too many requests", RetryAfter: wait}
}

func decode(op string, got exchange.Answer, out any) error {
	if json.Unmarshal(got.Body, out) != nil {
		return undocumented(op)
	}
	return nil
}

// undocumented is for an answer that is not what GitHub documents.
func undocumented(op string) error {
	return keyturn.Errorf(keyturn.Unavailable, op, "the answer is not the documented one")
}
