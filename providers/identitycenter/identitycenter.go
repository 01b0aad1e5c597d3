// Package identitycenter verifies the SCIM access tokens of AWS IAM Identity
// Center, which identity providers push users and groups with. That is all
// there is: no API makes, lists or deletes these tokens, and Identity Center
// has no other long-lived key.
package identitycenter

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/exchange"
	"github.com/keyturn/keyturn/providers"
)

// Factory registers this provider; see providers/all.
var Factory = providers.Factory{Name: "identitycenter", New: open}

type settings struct {
	// Endpoint is the SCIM endpoint the console shows with the first token:
	// https://scim.eu-west-1.amazonaws.com/TENANT/scim/v2.
	Endpoint string `json:"scim_endpoint"`
}

type provider struct {
	env  providers.Env
	path string // of the endpoint
}

var _ providers.Verifier = (*provider)(nil)

func open(env providers.Env) (providers.Provider, error) {
	var s settings
	if err := env.Decode(&s); err != nil {
		return nil, fmt.Errorf("identitycenter: settings: %w", err)
	}
	u, err := url.Parse(s.Endpoint)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" ||
		!strings.HasSuffix(strings.TrimRight(u.Path, "/"), "/scim/v2") {
		return nil, fmt.Errorf("identitycenter: settings: scim_endpoint must be the SCIM endpoint from the console, such as https://scim.eu-west-1.amazonaws.com/TENANT/scim/v2")
	}
	p := &provider{env: env, path: strings.TrimRight(u.EscapedPath(), "/")}
	if p.env.BaseURL == "" {
		p.env.BaseURL = "https://" + u.Host
	}
	return p, nil
}

func (p *provider) Info() providers.Info {
	return providers.Info{
		Name: "identitycenter", Title: "AWS IAM Identity Center SCIM tokens",
		Docs: "https://docs.aws.amazon.com/singlesignon/latest/userguide/rotate-token.html",
		// "An IAM Identity Center directory supports up to two access tokens at
		// a time" (IAM Identity Center User Guide, "Rotate an access token").
		// The directory is the account here: there are no principals.
		MaxLive: 2,
		// Not documented; our caution.
		Settle: time.Minute,
	}
}

// maxAnswer is the longest answer read. The documented one is under 2 KiB.
const maxAnswer = 1 << 20

// schema is what the answer must be about (RFC 7643, section 5).
const schema = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"

// Verify reads ServiceProviderConfig with the token, which shows nothing about
// anybody (IAM Identity Center SCIM Implementation Developer Guide,
// "ServiceProviderConfig"). AWS says 401 for a token it does not accept, and
// for a tenant there is not. The id plays no part: nothing tells a token's.
func (p *provider) Verify(ctx context.Context, _ string, secret keyturn.Secret) error {
	const op = "identitycenter: verify"
	if secret.IsZero() || strings.ContainsFunc(secret.Expose(), func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return keyturn.Errorf(keyturn.Invalid, op, "there is no value to try, or one with a space or line break in it")
	}
	req, err := exchange.NewRequest(ctx, op, http.MethodGet, p.env.BaseURL+p.path+"/ServiceProviderConfig", nil)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "application/scim+json, application/json")
	req.Header.Set("Authorization", "Bearer "+secret.Expose())
	answer, err := exchange.Ask(ctx, op, p.env.HTTP, req, maxAnswer)
	if err != nil {
		return err
	}
	if answer.Status == http.StatusForbidden {
		return keyturn.Errorf(keyturn.Invalid, op, "AWS, or something in front of it, forbids the request; that proves neither that the token works nor that it is dead")
	}
	if err := answer.Err(op); err != nil {
		return err
	}
	var config struct {
		Schemas []string `json:"schemas"`
	}
	if json.Unmarshal(answer.Body, &config) != nil || !slices.Contains(config.Schemas, schema) {
		return keyturn.Errorf(keyturn.Unavailable, op, "the answer is not the documented one")
	}
	return nil
}
