package okta

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/keyturn/keyturn"
)

// Verify has the app ask what a token that never was is worth (OpenID Connect
// & OAuth 2.0 API, "/introspect"). Okta answers only clients it believes, and
// whatever the app may do: no grant type, scope or policy matters, nothing is
// issued, and the administrator's token is not shown. A client credentials
// request would not do: the org's own server refuses every client secret there.
//
// An app has no other way to try one secret of two, so a value that works may
// be the other one's.
func (p *provider) Verify(ctx context.Context, id string, secret keyturn.Secret) error {
	const op = "okta: verify"
	app, _, err := split(op, id)
	if err != nil {
		return err
	}
	if secret.IsZero() || strings.ContainsFunc(secret.Expose(), control) {
		return keyturn.Errorf(keyturn.Invalid, op, "there is no value to try, or it contains a line break or the like")
	}
	client := cmp.Or(p.Apps[app].ClientID, app)
	form := url.Values{"token": {"keyturn-asks-whether-the-secret-works"}, "token_type_hint": {"access_token"}}
	if p.Apps[app].Auth == inBody {
		form.Set("client_id", client)
		form.Set("client_secret", secret.Expose())
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.env.BaseURL+"/oauth2/v1/introspect", strings.NewReader(form.Encode()))
	if err != nil {
		return keyturn.Errorf(keyturn.Invalid, op, "the request's address is malformed")
	}
	if p.Apps[app].Auth != inBody {
		req.SetBasicAuth(client, secret.Expose())
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := p.send(ctx, op, req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if err := p.distrusted(op, resp); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return err
	}
	var out struct{ Active *bool }
	if err := p.decode(ctx, op, resp, &out); err != nil {
		return err
	}
	if out.Active == nil {
		return undocumented(op)
	}
	return nil
}

// distrusted turns a refusal of a client into an error. One code, invalid_client,
// covers a wrong secret, an unknown client and a client that authenticates in
// another way; only the first proves anything about the secret. Sometimes the
// code stands in errorCode, and the words in errorSummary.
func (p *provider) distrusted(op string, resp *http.Response) error {
	err := p.status(op, resp)
	var e *keyturn.Error
	if !errors.As(err, &e) || e.Kind != keyturn.Denied && e.Kind != keyturn.Invalid {
		return err
	}
	var body struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
		Code        string `json:"errorCode"`
		Summary     string `json:"errorSummary"`
	}
	_ = json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(&body)
	code, words := cmp.Or(body.Error, body.Code), strings.ToLower(cmp.Or(body.Description, body.Summary))
	switch {
	case code == "":
		if e.Kind == keyturn.Denied { // a proxy's, perhaps: no proof of anything
			return keyturn.Errorf(keyturn.Unavailable, op, "refused without one of the documented reasons")
		}
		return e
	case code == "invalid_client" && strings.Contains(words, "client secret"):
		return keyturn.Errorf(keyturn.Denied, op, "the client secret is refused")
	case code == "invalid_client" && strings.Contains(words, "client_id"):
		return keyturn.Errorf(keyturn.NotFound, op, "no client has the app's id; if it has a client id of its own, set apps.<app id>.client_id")
	case code == "invalid_client":
		return keyturn.Errorf(keyturn.Invalid, op, "the client is refused, but not for its secret; check apps.<app id>.auth, and that the app is active")
	}
	return keyturn.Errorf(keyturn.Invalid, op, "Okta does not let the client ask, whatever its secret; check network zones")
}
