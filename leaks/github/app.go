package github

import (
	"context"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/keyturn/keyturn"
)

// permission is what an App needs, with write to close alerts.
const permission = "secret_scanning_alerts"

// An app keeps the installation token, which lasts an hour. There is one for the
// private key that was read last, so that rotating that needs no restart.
type app struct {
	busy chan struct{} // held while the token is read or replaced
	now  session
}

// A session is the App at work in the account.
type session struct {
	of    [sha256.Size]byte // the private key and App it was begun with
	token keyturn.Secret
	ends  time.Time
	may   map[string]string
}

// margin is how long before its end a token is replaced.
const margin = 5 * time.Minute

// session returns one that lasts for some minutes yet. The App's key is read each time.
func (s *source) session(ctx context.Context, op string) (session, error) {
	id, key, err := s.secret(ctx, op, "private_key", s.PrivateKey)
	if err != nil {
		return session{}, err
	}
	if s.App != "" {
		id = s.App
	}
	select {
	case s.app.busy <- struct{}{}:
		defer func() { <-s.app.busy }()
	case <-ctx.Done():
		return session{}, ctx.Err()
	}
	of := sha256.Sum256([]byte(id + "\n" + key.Expose()))
	if s.app.now.of == of && s.env.Now().Add(margin).Before(s.app.now.ends) {
		return s.app.now, nil
	}
	assertion, err := s.assertion(op, id, key)
	if err != nil {
		return session{}, err
	}
	begun, err := s.begin(ctx, op, assertion)
	if kind := keyturn.KindOf(err); kind == keyturn.NotFound || kind == keyturn.Denied {
		return session{}, keyturn.Errorf(keyturn.Denied, op, "GitHub does not let the App in; check its id and private key, that it is installed in the account %s and not suspended, and the worker's clock", s.account())
	}
	if err != nil {
		return session{}, err
	}
	begun.of = of
	s.app.now = begun
	return begun, nil
}

// begin asks for an installation token.
func (s *source) begin(ctx context.Context, op string, assertion keyturn.Secret) (session, error) {
	id, err := s.installation(ctx, op, assertion)
	if err != nil {
		return session{}, err
	}
	var out struct {
		Token       literal           `json:"token"`
		Expires     time.Time         `json:"expires_at"`
		Permissions map[string]string `json:"permissions"`
	}
	path := "/app/installations/" + strconv.FormatInt(id, 10) + "/access_tokens"
	got, err := s.send(ctx, op, assertion, http.MethodPost, path, struct{}{})
	if err == nil {
		err = decode(op, got, &out)
	}
	if err == nil && (out.Token.value.IsZero() || out.Expires.IsZero()) {
		err = undocumented(op)
	}
	return session{token: out.Token.value, ends: out.Expires, may: out.Permissions}, err
}

// installation looks the account up among those the App is installed in.
func (s *source) installation(ctx context.Context, op string, assertion keyturn.Secret) (int64, error) {
	for number := 1; ; number++ {
		var page []struct {
			ID      int64 `json:"id"`
			Account struct {
				Login string `json:"login"`
			} `json:"account"`
		}
		got, err := s.send(ctx, op, assertion, http.MethodGet, fmt.Sprintf("/app/installations?per_page=%d&page=%d", pageSize, number), nil)
		if err == nil {
			err = decode(op, got, &page)
		}
		if err != nil {
			return 0, err
		}
		for _, i := range page {
			if strings.EqualFold(i.Account.Login, s.account()) {
				return i.ID, nil
			}
		}
		if len(page) < pageSize {
			return 0, keyturn.Errorf(keyturn.Denied, op, "not installed")
		}
	}
}

// forget drops a token that was refused, so that the next call asks for another.
func (s *source) forget(ctx context.Context, token keyturn.Secret) {
	select {
	case s.app.busy <- struct{}{}:
		if s.app.now.token.Equal(token) {
			s.app.now = session{}
		}
		<-s.app.busy
	case <-ctx.Done(): // the next call will find out
	}
}

// assertion is a JWT that says who the App is. It may last ten minutes, and begins a
// minute ago for clocks that differ (GitHub Apps, "Generating a JSON Web Token for a
// GitHub App").
func (s *source) assertion(op, id string, value keyturn.Secret) (keyturn.Secret, error) {
	if id == "" {
		return keyturn.Secret{}, keyturn.Errorf(keyturn.Invalid, op, "the App's id is neither in the setting app nor beside its private key")
	}
	key, err := privateKey(value)
	if err != nil {
		return keyturn.Secret{}, keyturn.Errorf(keyturn.Invalid, op, "the App's private key is not an RSA key in PEM, as GitHub makes them")
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: key}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return keyturn.Secret{}, keyturn.Errorf(keyturn.Invalid, op, "the App's private key cannot sign")
	}
	now := s.env.Now()
	text, err := jwt.Signed(signer).Claims(jwt.Claims{
		Issuer:   id,
		IssuedAt: jwt.NewNumericDate(now.Add(-time.Minute)),
		Expiry:   jwt.NewNumericDate(now.Add(8 * time.Minute)),
	}).Serialize()
	if err != nil {
		return keyturn.Secret{}, keyturn.Errorf(keyturn.Invalid, op, "the App's private key cannot sign")
	}
	return keyturn.NewSecret(text), nil
}

func privateKey(s keyturn.Secret) (*rsa.PrivateKey, error) {
	block, _ := pem.Decode([]byte(s.Expose()))
	if block == nil {
		return nil, errors.New("no PEM")
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	as, ok := key.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("not RSA")
	}
	return as, nil
}
