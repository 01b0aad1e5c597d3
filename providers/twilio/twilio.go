// Package twilio manages the API keys of one Twilio account, and tries its
// Auth Token without being able to rotate it.
//
// An empty principal means API keys. They belong to the account and to nobody
// in it. Mint makes a Standard key, or a Restricted one where the entry lists
// permissions; the label becomes the key's friendly name. Twilio keeps no end
// date on a key, so Mint leaves that out.
//
// The principal "auth-token" means the account's Auth Token. It can be
// verified and nothing else: see the README for why promoting a secondary
// token cannot be made to keep this package's promises.
package twilio

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
)

// Factory registers this provider; see providers/all.
var Factory = providers.Factory{Name: "twilio", New: open}

type settings struct {
	// Credentials is the administrator's: a Main API key with its SID as id,
	// or the account's Auth Token with the account's SID, or no id at all.
	Credentials keyturn.SecretRef `json:"credentials"`
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
	_ providers.PermissionChecker = (*provider)(nil)
)

func open(env providers.Env) (providers.Provider, error) {
	p := &provider{env: env}
	if err := env.Decode(&p.settings); err != nil {
		return nil, fmt.Errorf("twilio: settings: %w", err)
	}
	if p.Credentials.Path == "" {
		return nil, fmt.Errorf("twilio: settings: credentials must say where the administrator's key is kept")
	}
	if !isSID("AC", env.Account) {
		return nil, fmt.Errorf("twilio: account must be the account's SID, AC and 32 hexadecimal digits")
	}
	return p, nil
}

func (p *provider) Info() providers.Info {
	return providers.Info{
		Name: "twilio", Title: "Twilio API keys",
		Docs:    "https://www.twilio.com/docs/iam/api-keys/key-resource-v1",
		MaxLive: 0, // no limit on keys is documented
		Labels:  true,
		// Twilio documents a minute for the Auth Token ("Secondary Auth
		// Token"), and nothing for keys. The same is assumed.
		Settle: timeToSettle,
	}
}

// Limits of the Key resource v1 ("Create a Key") and of Restricted keys
// ("Restricted API keys").
const (
	maxName        = 64
	maxPermissions = 100
)

// policy is what a Restricted key may do.
type policy struct {
	Allow []string `json:"allow"`
}

// Mint creates an API key named req.Label: a Restricted one that may do
// req.Permissions, or a Standard one where there are none.
//
// A label longer than a friendly name is refused before anything is asked
// for. Cut short, it would no longer be what List must return, and an orphan
// would never be recognised.
func (p *provider) Mint(ctx context.Context, req providers.MintRequest) (providers.Minted, error) {
	const op = "twilio: mint"
	var none providers.Minted
	if err := p.served(op, req.Principal, keyturn.Invalid); err != nil {
		return none, err
	}
	if utf8.RuneCountInString(req.Label) > maxName {
		return none, keyturn.Errorf(keyturn.Invalid, op, "the label is longer than the %d characters a Twilio key's name may have; give the entry a shorter id", maxName)
	}
	if n := len(req.Permissions); n > maxPermissions {
		return none, keyturn.Errorf(keyturn.Invalid, op, "%d permissions are more than the %d a Restricted key may have; split the entry", n, maxPermissions)
	}
	form := url.Values{"AccountSid": {p.env.Account}, "FriendlyName": {req.Label}}
	if len(req.Permissions) > 0 {
		text, err := json.Marshal(policy{req.Permissions})
		if err != nil {
			return none, keyturn.Errorf(keyturn.Invalid, op, "the permissions cannot be written as JSON")
		}
		form.Set("KeyType", "restricted")
		form.Set("Policy", string(text))
	}
	var out struct {
		key
		Secret string  `json:"secret"`
		Policy *policy `json:"policy"`
	}
	if err := p.manage(ctx, op, http.MethodPost, "/v1/Keys", form, &out); err != nil {
		return none, err
	}
	made, ok := out.remote()
	if !ok || out.Secret == "" {
		return none, undocumented(op)
	}
	if len(req.Permissions) > 0 && !within(out.Policy, req.Permissions) {
		return none, keyturn.Errorf(keyturn.Unavailable, op, "Twilio made a key that may do more than was asked for; it is not used")
	}
	return providers.Minted{Key: made, Secret: keyturn.NewSecret(out.Secret)}, nil
}

// within reports whether a key is restricted, and to nothing beyond wanted.
func within(got *policy, wanted []string) bool {
	if got == nil {
		return false
	}
	asked := map[string]bool{}
	for _, w := range wanted {
		asked[w] = true
	}
	for _, g := range got.Allow {
		if !asked[g] {
			return false
		}
	}
	return true
}

// Revoke deletes an API key. Twilio knows it by its SID alone.
func (p *provider) Revoke(ctx context.Context, principal, id string) error {
	const op = "twilio: revoke"
	if principal == AuthToken || isAuthToken(id) {
		return unsupported(op)
	}
	if !isSID("SK", id) {
		return keyturn.Errorf(keyturn.Invalid, op, "the key id is not one of Twilio's; it is SK and 32 hexadecimal digits")
	}
	admin, err := p.admin(ctx)
	if err != nil {
		return err // a missing credential of ours is no missing key
	}
	if strings.EqualFold(admin.user, id) {
		return keyturn.Errorf(keyturn.Invalid, op, "the key is the administrator's own; replace it in the Console first")
	}
	got, err := p.do(ctx, op, admin, call{method: http.MethodDelete, host: hostIAM, path: "/v1/Keys/" + id}, nil)
	if keyturn.KindOf(err) == keyturn.NotFound {
		if got.code == 0 {
			return undocumented(op) // somebody else's 404 is no dead key
		}
		return nil
	}
	return err
}

// served reports why a principal has no keys this package can manage: kind
// for one that Twilio does not have.
func (p *provider) served(op, principal string, kind keyturn.Kind) error {
	switch principal {
	case "":
		return nil
	case AuthToken:
		return unsupported(op)
	}
	return keyturn.Errorf(kind, op, "an API key belongs to no principal; leave the entry's scope.principal empty, or set it to %s", AuthToken)
}

// isSID reports whether s is a SID of a kind: two letters and 32 hexadecimal
// digits. Nothing else is put into a path.
func isSID(kind, s string) bool {
	digits, ok := strings.CutPrefix(s, kind)
	strange := func(r rune) bool { return (r < '0' || r > '9') && (r|0x20 < 'a' || r|0x20 > 'f') }
	return ok && len(digits) == 32 && !strings.ContainsFunc(digits, strange)
}
