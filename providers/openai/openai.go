// Package openai manages API keys of service accounts in an organisation's
// projects, and the organisation's admin keys.
//
// The principal says which: "<project id>/<service account id>", or "admin".
// The account may have many keys at once, so a rotation leaves the service
// account alone. Keys of people cannot be made by API; they are listed, with
// "<project id>/<user id>" as their principal.
//
// Nothing here switches a key off and on: an expiry can be brought forward but
// not taken back, and an update with no scopes means all of them.
package openai

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
)

// Factory registers this provider; see providers/all.
var Factory = providers.Factory{Name: "openai", New: open}

type settings struct {
	// AdminKey is where the administrator's key (sk-admin-...) is kept.
	AdminKey keyturn.SecretRef `json:"admin_key"`
	// Swap lets a project whose API cannot make a key for an existing service
	// account get a new service account for each generation instead.
	Swap bool `json:"swap,omitempty"`
}

type provider struct {
	env providers.Env
	settings
}

var (
	_ providers.Minter            = (*provider)(nil)
	_ providers.Lister            = (*provider)(nil)
	_ providers.Verifier          = (*provider)(nil)
	_ providers.Revoker           = (*provider)(nil)
	_ providers.UsageReader       = (*provider)(nil)
	_ providers.PermissionChecker = (*provider)(nil)
	_ providers.UseReader         = (*provider)(nil)
)

func open(env providers.Env) (providers.Provider, error) {
	p := &provider{env: env}
	if err := env.Decode(&p.settings); err != nil {
		return nil, fmt.Errorf("openai: settings: %w", err)
	}
	if p.AdminKey.Path == "" {
		return nil, fmt.Errorf("openai: settings: admin_key must say where the administrator's key is kept")
	}
	if p.env.BaseURL == "" {
		p.env.BaseURL = "https://api.openai.com"
	}
	if p.env.Now == nil {
		p.env.Now = time.Now
	}
	return p, nil
}

func (p *provider) Info() providers.Info {
	return providers.Info{
		Name: "openai", Title: "OpenAI API keys",
		Docs:   "https://platform.openai.com/docs/api-reference/project-api-keys",
		Labels: true,
		// Changes pass through an authentication cache (API reference, "Modify
		// project API key"), of which no figure is given. Nor is there one for
		// last_used_at. Both are our caution.
		Settle:   time.Minute,
		UsageLag: 24 * time.Hour,
	}
}

// An owner is a principal taken apart: admin keys have no project.
type owner struct{ project, id string }

func (o owner) admin() bool { return o.project == "" }

// keys is where the owner's keys are, among others.
func (o owner) keys() string {
	if o.admin() {
		return "/v1/organization/admin_api_keys"
	}
	return "/v1/organization/projects/" + o.project + "/api_keys"
}

func (o owner) accounts() string {
	return "/v1/organization/projects/" + o.project + "/service_accounts"
}

var (
	principalPattern = regexp.MustCompile(`^([A-Za-z0-9_-]+)/([A-Za-z0-9_-]+)$`)
	idPattern        = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
)

func parse(op, principal string) (owner, error) {
	if principal == "admin" {
		return owner{}, nil
	}
	m := principalPattern.FindStringSubmatch(principal)
	if m == nil {
		return owner{}, keyturn.Errorf(keyturn.Invalid, op, `the entry's scope.principal must be "admin" or <project id>/<service account id>`)
	}
	return owner{m[1], m[2]}, nil
}

// maxLife is the longest life a key can be given in advance, in seconds: 365
// days (API reference, "Create admin API key").
const maxLife = 31536000

// life is expires_in_seconds, 0 for none. A leap year's end is a day beyond
// what can be had; anything later is refused rather than cut short.
func (p *provider) life(op string, expires time.Time) (int64, error) {
	if expires.IsZero() {
		return 0, nil
	}
	seconds := int64(math.Ceil(expires.Sub(p.env.Now()).Seconds()))
	if seconds < 1 || seconds > maxLife+86400 {
		return 0, keyturn.Errorf(keyturn.Invalid, op, "a key's end must be to come, and within a year")
	}
	return min(seconds, maxLife), nil
}

// Mint creates a key named req.Label. Permissions are its scopes; an admin key
// has none to choose.
func (p *provider) Mint(ctx context.Context, req providers.MintRequest) (providers.Minted, error) {
	const op = "openai: mint"
	o, err := parse(op, req.Principal)
	if err != nil {
		return providers.Minted{}, err
	}
	life, err := p.life(op, req.Expires)
	if err != nil {
		return providers.Minted{}, err
	}
	in := map[string]any{"name": req.Label}
	if life > 0 {
		in["expires_in_seconds"] = life
	}
	admin, err := p.env.Credential(ctx, p.AdminKey)
	if err != nil {
		return providers.Minted{}, err
	}
	var out minted
	if o.admin() {
		_, err = p.do(ctx, admin.Secret, request{op, http.MethodPost, o.keys(), in, &out})
		return out.as(op, req, err)
	}
	if len(req.Permissions) > 0 {
		in["scopes"] = req.Permissions // an empty list would mean all
	}
	got, err := p.do(ctx, admin.Secret, request{op, http.MethodPost, o.accounts() + "/" + o.id + "/api_keys", in, &out})
	if got != http.StatusNotFound && got != http.StatusMethodNotAllowed {
		return out.as(op, req, err)
	}
	if p.Swap {
		return p.mintSwap(ctx, op, admin.Secret, o, req, life)
	}
	if got == http.StatusMethodNotAllowed {
		return providers.Minted{}, keyturn.Errorf(keyturn.Unsupported, op, "this API cannot make a key for an existing service account; see swap in providers/openai/README.md")
	}
	return providers.Minted{}, keyturn.Errorf(keyturn.NotFound, op, "there is no such project or service account, or this API cannot make a key for one; see swap in providers/openai/README.md")
}

// minted is a new key as OpenAI shows it once.
type minted struct {
	ID      string `json:"id"`
	Value   string `json:"value"`
	Created int64  `json:"created_at"`
}

func (m minted) as(op string, req providers.MintRequest, err error) (providers.Minted, error) {
	if err == nil && (m.ID == "" || m.Value == "") {
		err = undocumented(op)
	}
	if err != nil {
		return providers.Minted{}, err
	}
	return providers.Minted{Secret: keyturn.NewSecret(m.Value), Key: providers.RemoteKey{
		ID: m.ID, Principal: req.Principal, Label: req.Label, Created: moment(m.Created), Enabled: true,
	}}, nil
}

// Verify makes the cheapest call a key of its kind may make: listing models, or
// one admin key. A key that may not even do that is alive, and so is one whose
// owner has not paid.
func (p *provider) Verify(ctx context.Context, _ string, secret keyturn.Secret) error {
	const op = "openai: verify"
	if secret.IsZero() {
		return keyturn.Errorf(keyturn.Invalid, op, "there is no value to try")
	}
	path := "/v1/models"
	if strings.HasPrefix(secret.Expose(), "sk-admin-") {
		path = owner{}.keys() + "?limit=1"
	}
	var out struct{ Data []struct{} }
	got, err := p.do(ctx, secret, request{op, http.MethodGet, path, nil, &out})
	switch kind := keyturn.KindOf(err); {
	case kind == keyturn.Denied && got == http.StatusForbidden, kind == keyturn.Exhausted:
		return nil
	case err == nil && out.Data == nil:
		return undocumented(op)
	}
	return err
}
