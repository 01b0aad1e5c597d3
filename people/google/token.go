package google

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/exchange"
)

// audience is whom a statement is made for, and where it is sent.
const audience = "https://oauth2.googleapis.com/token"

// scopes are what the service account must be delegated. Google refuses all of
// them where one is not.
var scopes = []string{
	"https://www.googleapis.com/auth/admin.directory.user.readonly",
	"https://www.googleapis.com/auth/admin.directory.group.readonly",
	"https://www.googleapis.com/auth/admin.directory.user.security",
}

// tokens keeps the access token, for as long as the key it was had for stays the
// same.
type tokens struct {
	mu    sync.Mutex
	of    [sha256.Size]byte
	value keyturn.Secret
	until time.Time
}

// early is how long before its end a token is replaced.
const early = 5 * time.Minute

func (t *tokens) get(of [sha256.Size]byte, now time.Time) (keyturn.Secret, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.value, t.of == of && now.Before(t.until)
}

func (t *tokens) put(of [sha256.Size]byte, value keyturn.Secret, until time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.of, t.value, t.until = of, value, until
}

// drop forgets a token the API refused.
func (t *tokens) drop(value keyturn.Secret) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.value.Equal(value) {
		t.until = time.Time{}
	}
}

// token returns an access token of the administrator.
func (d *directory) token(ctx context.Context, op string) (keyturn.Secret, error) {
	_, stored, err := d.env.Secret(ctx, d.Credentials)
	switch {
	case keyturn.KindOf(err) == keyturn.NotFound: // it must not pass for a missing person
		return keyturn.Secret{}, keyturn.Errorf(keyturn.Denied, op, "the secret that the setting credentials names does not exist")
	case err != nil:
		return keyturn.Secret{}, err
	}
	of, now := sha256.Sum256([]byte(stored.Expose())), d.env.Now()
	if t, ok := d.tokens.get(of, now); ok {
		return t, nil
	}
	f, ok := readFile(stored)
	if !ok {
		return keyturn.Secret{}, keyturn.Errorf(keyturn.Invalid, op, "the secret that the setting credentials names is no service account's key; store the whole JSON file")
	}
	t, lasts, err := d.grant(ctx, op, f)
	if err != nil {
		return keyturn.Secret{}, err
	}
	d.tokens.put(of, t, now.Add(lasts-early))
	return t, nil
}

// grant makes the JWT bearer grant for a delegated account ("Using OAuth 2.0 for
// Server to Server Applications"): the key signs a statement, and Google answers
// with a token of the administrator.
func (d *directory) grant(ctx context.Context, op string, f file) (keyturn.Secret, time.Duration, error) {
	statement, err := d.statement(f)
	if err != nil {
		return keyturn.Secret{}, 0, keyturn.Errorf(keyturn.Invalid, op, "the service account's private key cannot sign")
	}
	form := url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {statement}}
	address := audience
	if d.env.BaseURL != "" {
		address = d.env.BaseURL + "/token"
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return keyturn.Secret{}, 0, keyturn.Errorf(keyturn.Invalid, op, "the request's address is malformed")
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	got, err := exchange.Ask(ctx, op, d.env.HTTP, req, maxAnswer)
	if err != nil {
		return keyturn.Secret{}, 0, err
	}
	if err := got.Err(op); err != nil {
		return keyturn.Secret{}, 0, ungranted(err, got.Body)
	}
	var g struct {
		Token   string `json:"access_token"`
		Seconds int    `json:"expires_in"`
	}
	if json.Unmarshal(got.Body, &g) != nil || g.Token == "" {
		return keyturn.Secret{}, 0, undocumented(op)
	}
	return keyturn.NewSecret(g.Token), time.Duration(g.Seconds) * time.Second, nil
}

func (d *directory) statement(f file) (string, error) {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: f.key, KeyID: f.PrivateKeyID}},
		(&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return "", err
	}
	now := d.env.Now()
	return jwt.Signed(signer).Claims(map[string]any{
		"iss": f.ClientEmail, "sub": d.Admin, "scope": strings.Join(scopes, " "), "aud": audience,
		"iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	}).Serialize()
}

// ungranted explains a refusal of the token endpoint (RFC 6749, 5.2). Nothing that
// it cannot find is a person.
func ungranted(err error, body []byte) error {
	var e *keyturn.Error
	if !errors.As(err, &e) || e.Kind == keyturn.RateLimited || e.Kind == keyturn.Unavailable {
		return err
	}
	var said struct {
		Code string `json:"error"`
		Text string `json:"error_description"`
	}
	_ = json.Unmarshal(body, &said)
	text := strings.ToLower(said.Text)
	switch {
	case strings.Contains(text, "timeframe") || strings.Contains(text, "iat and exp"):
		e.Kind, e.Message = keyturn.Unavailable, "the signed statement's time is off; set the worker's clock"
	case strings.Contains(text, "invalid email or user id"):
		e.Kind, e.Message = keyturn.Denied, "Google does not know the administrator that the setting admin names"
	case said.Code == "unauthorized_client" || said.Code == "access_denied":
		e.Kind, e.Message = keyturn.Denied, "the service account was not delegated all three scopes; see people/google/README.md"
	case said.Code == "invalid_grant" || said.Code == "invalid_client":
		e.Kind, e.Message = keyturn.Denied, "Google does not accept the service account's key"
	case e.Kind == keyturn.NotFound:
		e.Kind, e.Message = keyturn.Unavailable, "there is no token endpoint at the address; is base_url right?"
	}
	return e
}
