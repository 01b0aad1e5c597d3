package gitlab

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
)

// What follows the source's own path, as a GitLab instance is told. The names are those
// of the Token Revocation API.
const (
	typesPath  = "/revocable_token_types"
	revokePath = "/revoke_tokens"
)

// Hear takes a delivery of found tokens, and tells a GitLab instance which it may send.
// What is sent to another path is a NotFound error, and another method is answered 405.
// A signed delivery may have to wait for the public keys to be read: if they cannot be,
// the error is Unavailable, and the delivery must be answered so that it is sent again.
func (s *source) Hear(ctx context.Context, d leaks.Delivery) (leaks.News, error) {
	const op = "gitlab: hear"
	if s.env.WebhookSecret.IsZero() {
		return leaks.News{}, unheard(op)
	}
	if s.Format == signed {
		return s.hearSigned(ctx, op, d)
	}
	if !keyturn.NewSecret(d.Header.Get("Authorization")).Equal(s.env.WebhookSecret) {
		return leaks.News{}, keyturn.Errorf(keyturn.Denied, op, "the Authorization header is not the webhook secret")
	}
	method, ok := map[string]string{typesPath: http.MethodGet, revokePath: http.MethodPost}[d.Path]
	switch {
	case !ok:
		return leaks.News{}, nowhere(op)
	case d.Method != method:
		return leaks.News{Status: http.StatusMethodNotAllowed}, nil
	case d.Path == typesPath:
		return s.answerTypes(), nil
	}
	news, err := s.news(op, d.Body)
	if err != nil {
		return leaks.News{}, err
	}
	news.Status = http.StatusNoContent // "accepted for eventual revocation"
	return news, nil
}

// answerTypes is the list GitLab asks for before it sends tokens.
func (s *source) answerTypes() leaks.News {
	list, _ := json.Marshal(map[string][]string{"types": s.Types}) // texts can be encoded
	return leaks.News{Answer: string(list), ContentType: "application/json"}
}

// hearSigned takes a delivery of a partner programme. What was signed is the body as
// it came.
func (s *source) hearSigned(ctx context.Context, op string, d leaks.Delivery) (leaks.News, error) {
	if err := s.verify(ctx, op, d.Header, d.Body); err != nil {
		return leaks.News{}, err
	}
	switch {
	case d.Path != "":
		return leaks.News{}, nowhere(op)
	case d.Method != http.MethodPost:
		return leaks.News{Status: http.StatusMethodNotAllowed}, nil
	}
	return s.news(op, d.Body)
}

func nowhere(op string) error {
	return keyturn.Errorf(keyturn.NotFound, op, "nothing is taken at this path; where the setting format is token, tokens go to %s, else to the source's own path", revokePath)
}
