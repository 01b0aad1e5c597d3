// Package stripe tracks the API keys of one Stripe account.
//
// Stripe has no public endpoint that makes, lists or ends API keys. So the
// provider only verifies them, and they are rotated by hand.
//
// The mode "managed_preview" opens another type over Stripe's private preview
// "Managed API keys": it also mints, lists and expires restricted keys. It
// works only for the secret key of a platform whose Stripe App is installed in
// the account and that Stripe let into the preview. The label becomes a key's
// note and its name. Keys belong to the account and to nobody in it.
package stripe

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
)

// Factory registers this provider; see providers/all.
var Factory = providers.Factory{Name: "stripe", New: open}

// managedPreview is the one mode besides none.
const managedPreview = "managed_preview"

// defaultVersion is the preview version this package was written against.
const defaultVersion = "2026-08-26.preview"

type settings struct {
	// Mode is empty, to track keys and verify them, or managed_preview.
	Mode string `json:"mode,omitempty"`
	// Credentials is the platform's secret key. Only for managed_preview.
	Credentials keyturn.SecretRef `json:"credentials,omitzero"`
	// Version is the preview version to speak. Only for managed_preview.
	Version string `json:"version,omitempty"`
}

// tracked verifies keys and does nothing else.
type tracked struct{ env providers.Env }

var _ providers.Verifier = tracked{}

func open(env providers.Env) (providers.Provider, error) {
	var s settings
	if err := env.Decode(&s); err != nil {
		return nil, fmt.Errorf("stripe: settings: %w", err)
	}
	if env.BaseURL == "" {
		env.BaseURL = "https://api.stripe.com"
	}
	switch {
	case s.Mode == "" && (s.Credentials.Path != "" || s.Version != ""):
		return nil, fmt.Errorf("stripe: settings: credentials and version are only for mode %s; Stripe has no public API for keys", managedPreview)
	case s.Mode == "":
		return tracked{env}, nil
	case s.Mode != managedPreview:
		return nil, fmt.Errorf("stripe: settings: mode must be left out or %s", managedPreview)
	case s.Credentials.Path == "":
		return nil, fmt.Errorf("stripe: settings: credentials must say where the platform's secret key is kept")
	case !regexp.MustCompile(`^acct_[A-Za-z0-9]+$`).MatchString(env.Account):
		return nil, fmt.Errorf("stripe: account must be the account's id, such as acct_1032D82eZvKYlo2C")
	}
	if s.Version == "" {
		s.Version = defaultVersion
	}
	if !regexp.MustCompile(`^\d{4}-\d{2}-\d{2}\.preview$`).MatchString(s.Version) {
		return nil, fmt.Errorf("stripe: settings: version must be a preview version such as %s", defaultVersion)
	}
	return &managed{tracked: tracked{env}, settings: s}, nil
}

func (tracked) Info() providers.Info {
	return providers.Info{
		Name: "stripe", Title: "Stripe API keys (tracked)",
		Docs: "https://docs.stripe.com/keys",
		// Stripe documents no delay. One expired preview key was seen to work
		// for 9 s; a minute is our caution.
		Settle: time.Minute,
	}
}

// Verify reads the account's balance (API Reference, "Retrieve balance"). A
// key that may not is alive: Stripe answers 403 for it, and 401 for one that
// is unknown, deleted or expired.
func (p tracked) Verify(ctx context.Context, _ string, secret keyturn.Secret) error {
	const op = "stripe: verify"
	if secret.IsZero() {
		return keyturn.Errorf(keyturn.Invalid, op, "there is no value to try")
	}
	var out struct {
		Object string `json:"object"`
	}
	got, err := send(ctx, p.env, request{op: op, method: http.MethodGet, path: "/v1/balance", key: secret}, &out)
	switch {
	case err == nil && out.Object != "balance":
		return undocumented(op)
	case keyturn.KindOf(err) == keyturn.Denied && !got.stripes():
		return undocumented(op) // not Stripe's own refusal
	case got.status == http.StatusForbidden:
		return nil
	}
	return err
}
