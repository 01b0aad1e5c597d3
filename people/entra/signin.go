package entra

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/exchange"
)

// early is how long before its end an access token is given up.
const early = 5 * time.Minute

// token is an access token for Keyturn's own application. The credential is
// read every time; the token is kept for as long as it stays the same.
func (d *directory) token(ctx context.Context, op string) (keyturn.Secret, error) {
	id, secret, err := d.env.Secret(ctx, d.Credentials)
	switch {
	case ctx.Err() != nil:
		return keyturn.Secret{}, ctx.Err()
	case keyturn.KindOf(err) == keyturn.NotFound:
		// That must not pass for a missing person.
		return keyturn.Secret{}, keyturn.Errorf(keyturn.Denied, op, "there is no client secret where the setting credentials says")
	case err != nil:
		return keyturn.Secret{}, err
	}
	app := cmp.Or(d.ClientID, id)
	if app == "" {
		return keyturn.Secret{}, keyturn.Errorf(keyturn.Invalid, op, "set client_id: the store does not keep it beside the client secret")
	}
	now := d.env.Now()
	if t, ok := d.tokens.get(app, secret, now); ok {
		return t, nil
	}
	t, lasts, err := d.signIn(ctx, op, app, secret)
	if err != nil {
		return keyturn.Secret{}, err
	}
	d.tokens.put(app, secret, t, now.Add(lasts-early))
	return t, nil
}

// signIn asks for an access token to Graph (Microsoft identity platform,
// "OAuth 2.0 client credentials flow").
func (d *directory) signIn(ctx context.Context, op, app string, secret keyturn.Secret) (token keyturn.Secret, lasts time.Duration, err error) {
	form := url.Values{
		"client_id": {app}, "client_secret": {secret.Expose()},
		"grant_type": {"client_credentials"}, "scope": {d.vendor + "/.default"},
	}
	address := d.at.signIn + "/" + d.Tenant + "/oauth2/v2.0/token"
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return keyturn.Secret{}, 0, keyturn.Errorf(keyturn.Invalid, op, "the sign-in's address is malformed")
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	answer, err := exchange.Ask(ctx, op, d.env.HTTP, req, maxAnswer)
	if err != nil {
		return keyturn.Secret{}, 0, err
	}
	if err := signInRefused(op, answer); err != nil {
		return keyturn.Secret{}, 0, err
	}
	var out struct {
		Token  string `json:"access_token"`
		Type   string `json:"token_type"`
		Expiry int    `json:"expires_in"`
	}
	if json.Unmarshal(answer.Body, &out) != nil || out.Token == "" || out.Type == "" {
		return keyturn.Secret{}, 0, undocumented(op)
	}
	return keyturn.NewSecret(out.Token), time.Duration(out.Expiry) * time.Second, nil
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
