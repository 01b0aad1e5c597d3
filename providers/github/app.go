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
	"github.com/keyturn/keyturn/providers"
)

// An app keeps the installation token, which lasts an hour. There is one for
// the private key that was read last, so that rotating that needs no restart.
type app struct {
	busy chan struct{} // held while the token is read or replaced
	now  session
}

// A session is the App at work in the account.
type session struct {
	of           [sha256.Size]byte // the private key and App it was begun with
	installation int64
	token        keyturn.Secret
	ends         time.Time
}

// margin is how long before its end a token is replaced.
const margin = 5 * time.Minute

// session returns a token that works for some minutes yet, the one there is or
// a new one. The App's key is read each time.
func (p *provider) session(ctx context.Context, op string) (session, error) {
	cred, err := p.env.Credential(ctx, p.PrivateKey)
	if err != nil {
		return session{}, err
	}
	select {
	case p.app.busy <- struct{}{}:
		defer func() { <-p.app.busy }()
	case <-ctx.Done():
		return session{}, ctx.Err()
	}
	of := sha256.Sum256([]byte(p.issuer(cred) + "\n" + cred.Secret.Expose()))
	if p.app.now.of == of && p.env.Now().Add(margin).Before(p.app.now.ends) {
		return p.app.now, nil
	}
	assertion, err := p.assertion(op, cred)
	if err != nil {
		return session{}, err
	}
	s := session{of: of}
	if s.installation, err = p.findInstallation(ctx, op, assertion); err != nil {
		return session{}, unlessOurs(err)
	}
	var out struct {
		Token   string    `json:"token"`
		Expires time.Time `json:"expires_at"`
	}
	path := "/app/installations/" + strconv.FormatInt(s.installation, 10) + "/access_tokens"
	if _, err := p.do(ctx, assertion, request{op, http.MethodPost, path, struct{}{}, &out}); err != nil {
		return session{}, unlessOurs(err)
	}
	if out.Token == "" || out.Expires.IsZero() {
		return session{}, undocumented(op)
	}
	s.token, s.ends = keyturn.NewSecret(out.Token), out.Expires
	p.app.now = s
	return s, nil
}

// as makes a request in a session, and forgets a token that is refused.
func (p *provider) as(ctx context.Context, s session, r request) (answer, error) {
	got, err := p.do(ctx, s.token, r)
	if got.status != http.StatusUnauthorized {
		return got, err
	}
	select {
	case p.app.busy <- struct{}{}:
		if p.app.now.token.Equal(s.token) {
			p.app.now = session{}
		}
		<-p.app.busy
	case <-ctx.Done(): // the next call will find out
	}
	return got, err
}

// unlessOurs makes an error about beginning a session one about the App: a 404
// there is not about any key.
func unlessOurs(err error) error {
	if kind := keyturn.KindOf(err); kind == keyturn.NotFound || kind == keyturn.Denied {
		e := new(keyturn.Error)
		if errors.As(err, &e) {
			return keyturn.Errorf(keyturn.Denied, e.Op, "GitHub does not let the App in; check its id and private key, that it is installed in the account and not suspended, and the worker's clock")
		}
	}
	return err
}

// An installation is the App in one account (REST API, "GitHub Apps").
type installation struct {
	ID      int64
	Account struct {
		Login string
	}
	Permissions map[string]string
	Suspended   *time.Time `json:"suspended_at"`
}

// findInstallation looks the account up among those the App is installed in.
func (p *provider) findInstallation(ctx context.Context, op string, assertion keyturn.Secret) (int64, error) {
	for number := 1; ; number++ {
		var page []installation
		path := fmt.Sprintf("/app/installations?per_page=%d&page=%d", pageSize, number)
		got, err := p.do(ctx, assertion, request{op, http.MethodGet, path, nil, &page})
		if err == nil && page == nil {
			err = undocumented(op)
		}
		if err != nil {
			return 0, err
		}
		for _, i := range page {
			if strings.EqualFold(i.Account.Login, p.env.Account) {
				return i.ID, nil
			}
		}
		if len(page) < pageSize && !strings.Contains(got.header.Get("Link"), `rel="next"`) {
			return 0, keyturn.Errorf(keyturn.Denied, op, "not installed")
		}
	}
}

func (p *provider) issuer(cred providers.Credential) string {
	if p.App != "" {
		return p.App
	}
	return cred.ID
}

// assertion is a JWT that says who the App is. It may last ten minutes, and
// begins a minute ago for clocks that differ (GitHub Apps, "Generating a JSON
// Web Token for a GitHub App").
func (p *provider) assertion(op string, cred providers.Credential) (keyturn.Secret, error) {
	if p.issuer(cred) == "" {
		return keyturn.Secret{}, keyturn.Errorf(keyturn.Invalid, op, "the App's id is neither in the setting app nor beside its private key")
	}
	key, err := privateKey(cred.Secret)
	if err != nil {
		return keyturn.Secret{}, keyturn.Errorf(keyturn.Invalid, op, "the App's private key is not an RSA key in PEM, as GitHub makes them")
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: key}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return keyturn.Secret{}, keyturn.Errorf(keyturn.Invalid, op, "the App's private key cannot sign")
	}
	now := p.env.Now()
	text, err := jwt.Signed(signer).Claims(jwt.Claims{
		Issuer:   p.issuer(cred),
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
