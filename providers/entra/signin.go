package entra

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/exchange"
)

// Verify signs in as the application with the password and looks no further
// than the access token it is given: one request, without the administrator's
// credential. The application's own audit shows the sign-in. Any password of
// the application that works would do, so this says that the value is alive,
// not that it is the one with this id.
func (p *provider) Verify(ctx context.Context, id string, secret keyturn.Secret) error {
	const op = "entra: verify"
	app, _, err := split(op, id)
	if err != nil {
		return err
	}
	if secret.IsZero() || strings.ContainsFunc(secret.Expose(), func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return keyturn.Errorf(keyturn.Invalid, op, "there is no value to try, or it contains a line break or the like")
	}
	_, err = p.signIn(ctx, op, app, secret)
	return err
}

// grant is what the sign-in service gives for a password. The token is empty
// for an application that is kept out by policy.
type grant struct {
	Token  string `json:"access_token"`
	Type   string `json:"token_type"`
	Expiry int    `json:"expires_in"`
}

// signIn asks for an access token to Graph (Microsoft identity platform,
// "OAuth 2.0 client credentials flow").
func (p *provider) signIn(ctx context.Context, op, app string, secret keyturn.Secret) (grant, error) {
	form := url.Values{
		"client_id": {app}, "client_secret": {secret.Expose()},
		"grant_type": {"client_credentials"}, "scope": {p.vendor + "/.default"},
	}
	address := p.at.signIn + "/" + p.env.Account + "/oauth2/v2.0/token"
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return grant{}, keyturn.Errorf(keyturn.Invalid, op, "the request's address is malformed")
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	resp, err := exchange.Do(ctx, op, p.env.HTTP, req)
	if err != nil {
		return grant{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode/100 != 2 {
		err := signInRefused(op, resp)
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return grant{}, err
	}
	var out grant
	if err := p.decode(ctx, op, resp, &out); err != nil {
		return grant{}, err
	}
	if out.Token == "" || out.Type == "" {
		return grant{}, undocumented(op)
	}
	return out, nil
}

// early is how long before its end an access token is given up.
const early = 5 * time.Minute

// token is an access token for Keyturn's own application. The credential is
// read every time; the token is kept for as long as it stays the same.
func (p *provider) token(ctx context.Context, op string) (keyturn.Secret, error) {
	cred, err := p.env.Credential(ctx, p.settings.Credentials)
	if err != nil {
		return keyturn.Secret{}, err
	}
	app := cmp.Or(p.settings.ClientID, cred.ID)
	if app == "" {
		return keyturn.Secret{}, keyturn.Errorf(keyturn.Invalid, op, "set client_id: the store does not keep it beside the client secret")
	}
	now := p.env.Now()
	if t, ok := p.tokens.get(app, cred.Secret, now); ok {
		return t, nil
	}
	got, err := p.signIn(ctx, op, app, cred.Secret)
	switch {
	case keyturn.KindOf(err) == keyturn.NotFound || err == nil && got.Token == "":
		// What is missing is ourselves. That must not pass for a missing key.
		return keyturn.Secret{}, keyturn.Errorf(keyturn.Denied, op, "Keyturn's own application is not in this tenant, or is kept out by Conditional Access")
	case err != nil:
		return keyturn.Secret{}, err
	}
	t := keyturn.NewSecret(got.Token)
	p.tokens.put(app, cred.Secret, t, now.Add(time.Duration(got.Expiry)*time.Second-early))
	return t, nil
}

// tokens keeps the newest access token.
type tokens struct {
	mu            sync.Mutex
	app           string
	secret, token keyturn.Secret
	until         time.Time
}

func (t *tokens) get(app string, secret keyturn.Secret, now time.Time) (keyturn.Secret, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.token, t.app == app && t.secret.Equal(secret) && now.Before(t.until)
}

func (t *tokens) put(app string, secret, token keyturn.Secret, until time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.app, t.secret, t.token, t.until = app, secret, token, until
}

// forget gives up a token that was refused.
func (t *tokens) forget(token keyturn.Secret) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.token.Equal(token) {
		t.until = time.Time{}
	}
}
