package gcp

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/keyturn/keyturn"
)

const (
	audience   = "https://oauth2.googleapis.com/token"
	metadata   = "http://metadata.google.internal"
	adminScope = "https://www.googleapis.com/auth/cloud-platform"
)

// tokens keeps the administrator's access token, for as long as the credential
// it was had for stays the same.
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

// granted is an access token as both token endpoints word it.
type granted struct {
	Token   string `json:"access_token"`
	Seconds int    `json:"expires_in"`
}

// admin returns an access token of the administrator.
func (c *client) admin(ctx context.Context, op string) (keyturn.Secret, error) {
	var stored keyturn.Secret
	if c.Credentials != nil {
		cred, err := c.env.Credential(ctx, *c.Credentials)
		if err != nil {
			return keyturn.Secret{}, err
		}
		stored = cred.Secret
	}
	of, now := sha256.Sum256([]byte(stored.Expose())), c.env.Now()
	if t, ok := c.tokens.get(of, now); ok {
		return t, nil
	}
	var g granted
	var err error
	if c.Credentials == nil {
		g, err = c.fromMetadata(ctx, op)
	} else if f, bad := readFile(op, stored); bad != nil {
		err = keyturn.Errorf(keyturn.Invalid, op, "the administrator's credential is no service-account key; store the whole JSON file at %s", c.Credentials.Path)
	} else {
		g, err = c.exchange(ctx, op, f, adminScope)
	}
	if err != nil {
		return keyturn.Secret{}, err
	}
	t := keyturn.NewSecret(g.Token)
	c.tokens.put(of, t, now.Add(time.Duration(g.Seconds)*time.Second-early))
	return t, nil
}

// exchange makes the JWT bearer grant ("Using OAuth 2.0 for Server to Server
// Applications"): the key signs a statement, and Google answers with a token.
// A key that is unknown, switched off or deleted is Denied.
func (c *client) exchange(ctx context.Context, op string, f opened, scope string) (granted, error) {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: f.key, KeyID: f.PrivateKeyID}},
		(&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return granted{}, keyturn.Errorf(keyturn.Invalid, op, "the private key cannot sign")
	}
	now := c.env.Now()
	statement, err := jwt.Signed(signer).Claims(map[string]any{
		"iss": f.ClientEmail, "scope": scope, "aud": audience,
		"iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	}).Serialize()
	if err != nil {
		return granted{}, keyturn.Errorf(keyturn.Invalid, op, "the private key cannot sign")
	}
	form := url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {statement}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.address("https://oauth2.googleapis.com", "/token"), strings.NewReader(form.Encode()))
	if err != nil {
		return granted{}, keyturn.Errorf(keyturn.Invalid, op, "the request's address is malformed")
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return c.granted(op, req, ungranted)
}

// fromMetadata asks the machine the worker runs on (Compute Engine
// documentation, "View and query VM metadata").
func (c *client) fromMetadata(ctx context.Context, op string) (granted, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet,
		c.address(metadata, "/computeMetadata/v1/instance/service-accounts/default/token"), nil)
	if err != nil {
		return granted{}, keyturn.Errorf(keyturn.Invalid, op, "the metadata server's address is malformed")
	}
	req.Header.Set("Metadata-Flavor", "Google")
	return c.granted(op, req, func(e *keyturn.Error, _ []byte) {
		if e.Kind == keyturn.NotFound {
			e.Kind, e.Message = keyturn.Denied, "the worker's machine has no service account; give it one, or set credentials"
		}
	})
}

func (c *client) granted(op string, req *http.Request, explain func(*keyturn.Error, []byte)) (granted, error) {
	body, err := c.send(op, req, explain)
	if err != nil {
		return granted{}, err
	}
	var g granted
	if json.Unmarshal(body, &g) != nil || g.Token == "" {
		return granted{}, undocumented(op)
	}
	return g, nil
}

// ungranted explains a refusal of the token endpoint (RFC 6749, 5.2). A
// statement refused for its times says nothing about the key.
func ungranted(e *keyturn.Error, body []byte) {
	var said struct {
		Code string `json:"error"`
		Text string `json:"error_description"`
	}
	if json.Unmarshal(body, &said) != nil || e.Kind == keyturn.RateLimited || e.Kind == keyturn.Unavailable {
		return
	}
	text := strings.ToLower(said.Text)
	switch {
	case strings.Contains(text, "timeframe") || strings.Contains(text, "iat and exp"):
		e.Kind, e.Message = keyturn.Unavailable, "the signed statement's time is off; set the worker's clock"
	case said.Code == "invalid_grant" || said.Code == "invalid_client" || said.Code == "unauthorized_client":
		e.Kind, e.Message = keyturn.Denied, "Google does not accept the service-account key"
	}
}
