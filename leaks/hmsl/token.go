package hmsl

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/exchange"
)

// gitGuardian is where tokens are made.
const gitGuardian = "https://api.gitguardian.com"

const (
	early = time.Minute // how long before its end a token is replaced
	// longest is how long a token is kept at most: one that is withdrawn before its end
	// is not tried for longer.
	longest = 10 * time.Minute
)

// An Exchange has GitGuardian make tokens for HasMySecretLeaked, with an API key of a
// workspace. It is safe for concurrent use; its fields must not change once it is in
// use.
type Exchange struct {
	HTTP    *http.Client // counted, rate limited, never retried; follows no redirect
	BaseURL string       // of GitGuardian's API; empty means GitGuardian's own
	// Audience is the address of HasMySecretLeaked that tokens are made for; empty
	// means Vendor.
	Audience string
	// APIKey reads the key, anew for each call, so that it can be replaced.
	APIKey func(context.Context) (keyturn.Secret, error)
	Now    func() time.Time

	mu    sync.Mutex
	of    [sha256.Size]byte // the API key that token was had for
	token keyturn.Secret
	until time.Time
}

// Token returns a token that is good for a minute at least, and asks for one only where
// none is kept.
func (e *Exchange) Token(ctx context.Context) (keyturn.Secret, error) {
	const op = "gitguardian: token"
	key, err := e.APIKey(ctx)
	switch {
	case keyturn.KindOf(err) == keyturn.NotFound:
		return keyturn.Secret{}, keyturn.Errorf(keyturn.Denied, op, "the secret that is to hold the API key does not exist")
	case err != nil:
		return keyturn.Secret{}, err
	case !plain(key):
		return keyturn.Secret{}, keyturn.Errorf(keyturn.Invalid, op, "the API key is empty or contains a space, a line break or the like; store the key alone")
	}
	of := sha256.Sum256([]byte(key.Expose()))
	if token, ok := e.kept(of); ok {
		return token, nil
	}
	token, err := e.grant(ctx, op, key)
	if err != nil {
		return keyturn.Secret{}, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.of, e.token, e.until = of, token, e.end(token)
	return token, nil
}

func (e *Exchange) kept(of [sha256.Size]byte) (keyturn.Secret, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.token, e.of == of && e.Now().Before(e.until)
}

func (e *Exchange) grant(ctx context.Context, op string, key keyturn.Secret) (keyturn.Secret, error) {
	base, audience := e.BaseURL, e.Audience
	if base == "" {
		base = gitGuardian
	}
	if audience == "" {
		audience = Vendor
	}
	req, err := exchange.NewRequest(ctx, op, http.MethodPost, base+"/v1/auth/jwt", map[string]string{"audience": audience, "audience_type": "hmsl"})
	if err != nil {
		return keyturn.Secret{}, err
	}
	req.Header.Set("Authorization", "Token "+key.Expose())
	got, err := exchange.Ask(ctx, op, e.HTTP, req, 64<<10)
	if err != nil {
		return keyturn.Secret{}, err
	}
	if err := ungranted(got.Err(op)); err != nil {
		return keyturn.Secret{}, err
	}
	var answer struct {
		Token string `json:"token"`
	}
	if json.Unmarshal(got.Body, &answer) != nil || !plain(keyturn.NewSecret(answer.Token)) {
		return keyturn.Secret{}, keyturn.Errorf(keyturn.Unavailable, op, "the answer is not the documented one")
	}
	return keyturn.NewSecret(answer.Token), nil
}

// ungranted explains a refusal.
func ungranted(err error) error {
	var e *keyturn.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Kind {
	case keyturn.Denied:
		e.Message = "GitGuardian does not take the API key, or lets it make no tokens; make another one in the workspace"
	case keyturn.NotFound:
		e.Kind, e.Message = keyturn.Unavailable, "GitGuardian's API is not there; is its address right? A self-hosted one makes no tokens"
	}
	return e
}

// end is when a token is to be replaced. It is the service's to verify; of one that does
// not say when it ends, nothing is kept.
func (e *Exchange) end(token keyturn.Secret) time.Time {
	parts := bytes.Split([]byte(token.Expose()), []byte("."))
	if len(parts) != 3 {
		return time.Time{}
	}
	text, err := base64.RawURLEncoding.DecodeString(string(parts[1]))
	var claims struct {
		Expires float64 `json:"exp"` // seconds since 1970 (RFC 7519, 4.1.4)
	}
	if err != nil || json.Unmarshal(text, &claims) != nil {
		return time.Time{}
	}
	end, most := time.Unix(int64(claims.Expires), 0).Add(-early), e.Now().Add(longest)
	if end.After(most) {
		return most
	}
	return end
}
