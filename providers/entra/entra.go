// Package entra manages the passwords ("client secrets") of Microsoft Entra
// applications through Microsoft Graph v1.0. The account is the tenant.
//
// The principal of a key is its application: "appId=" and the application
// (client) id, or the object id alone. Listings of the tenant use the first
// form. A key's id here is the application's client id and Entra's key id with
// a dot between them: a sign-in that tries a password must name the
// application, and Entra has no way from a key id to it.
package entra

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
)

// Factory registers this provider; see providers/all.
var Factory = providers.Factory{Name: "entra", New: open}

type settings struct {
	// Credentials is where the client secret of Keyturn's own application is
	// kept.
	Credentials keyturn.SecretRef `json:"credentials"`
	// ClientID is the client id of that application. It may be left out where
	// the store keeps it beside the secret.
	ClientID string `json:"client_id,omitempty"`
	// Cloud is the national cloud of the tenant: global (the default), us-gov,
	// us-dod or china.
	Cloud string `json:"cloud,omitempty"`
}

// cloud is where a national cloud is served (Microsoft Graph, "National cloud
// deployments").
type cloud struct{ signIn, graph string }

func clouds() map[string]cloud {
	return map[string]cloud{
		"global": {"https://login.microsoftonline.com", "https://graph.microsoft.com"},
		"us-gov": {"https://login.microsoftonline.us", "https://graph.microsoft.us"},
		"us-dod": {"https://login.microsoftonline.us", "https://dod-graph.microsoft.us"},
		"china":  {"https://login.chinacloudapi.cn", "https://microsoftgraph.chinacloudapi.cn"},
	}
}

type provider struct {
	env      providers.Env
	settings settings
	at       cloud  // where requests go
	vendor   string // Graph's own address, which page links may name
	turns    turns
	tokens   tokens
	minted   minted
	apps     sync.Map // client ids of applications by object id; neither ever changes
}

var (
	_ providers.Minter            = (*provider)(nil)
	_ providers.Lister            = (*provider)(nil)
	_ providers.Verifier          = (*provider)(nil)
	_ providers.Revoker           = (*provider)(nil)
	_ providers.PermissionChecker = (*provider)(nil)
)

func open(env providers.Env) (providers.Provider, error) {
	p := &provider{env: env, settings: settings{Cloud: "global"}}
	if err := env.Decode(&p.settings); err != nil {
		return nil, fmt.Errorf("entra: settings: %w", err)
	}
	if p.settings.Credentials.Path == "" {
		return nil, fmt.Errorf("entra: settings: credentials must say where the client secret of Keyturn's own application is kept")
	}
	at, ok := clouds()[p.settings.Cloud]
	if !ok {
		return nil, fmt.Errorf("entra: settings: cloud must be global, us-gov, us-dod or china")
	}
	// The shared names below sign in at any tenant, so they are nobody's.
	shared := []string{"common", "organizations", "consumers"}
	if !regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$`).MatchString(env.Account) || slices.Contains(shared, env.Account) {
		return nil, fmt.Errorf("entra: the account must be the tenant's id or one of its domains")
	}
	p.at, p.vendor = at, at.graph
	if env.BaseURL != "" {
		p.at = cloud{env.BaseURL, env.BaseURL}
	}
	return p, nil
}

// settle is how long a change may take to be believed. Entra documents no
// figure; a new password is refused, and missing from listings, for seconds to
// a minute.
const settle = time.Minute

func (p *provider) Info() providers.Info {
	return providers.Info{
		Name: "entra", Title: "Microsoft Entra application passwords",
		Docs: "https://learn.microsoft.com/en-us/graph/api/application-addpassword?view=graph-rest-1.0",
		// The limit is one of the application object's size, not of a number.
		MaxLive: 0,
		Labels:  true,
		Settle:  settle,
	}
}

// Mint adds a password to the application req.Principal, with req.Label as its
// display name. Without req.Expires Entra ends it after two years
// (application: addPassword). An application named by its object id costs one
// request more, the first time.
func (p *provider) Mint(ctx context.Context, req providers.MintRequest) (providers.Minted, error) {
	const op = "entra: mint"
	app, err := p.application(ctx, op, req.Principal)
	if err != nil {
		return providers.Minted{}, err
	}
	done, err := p.turns.take(ctx, app)
	if err != nil {
		return providers.Minted{}, err
	}
	defer done()
	draft := map[string]any{"displayName": req.Label}
	if !req.Expires.IsZero() {
		draft["endDateTime"] = req.Expires.UTC().Format(time.RFC3339)
	}
	var out struct {
		password
		Text string `json:"secretText"`
	}
	err = p.graph(ctx, op, http.MethodPost, appPath(app)+"/addPassword", map[string]any{"passwordCredential": draft}, &out)
	if err != nil {
		return providers.Minted{}, err
	}
	if out.KeyID == "" || out.Text == "" {
		return providers.Minted{}, undocumented(op)
	}
	k := p.remote(req.Principal, app, out.password)
	p.minted.note(k.ID, p.env.Now())
	return providers.Minted{Key: k, Secret: keyturn.NewSecret(out.Text)}, nil
}

// Revoke removes the password. Entra also says that it has no such password
// when it has not yet heard everywhere of one just added: of a key that this
// worker minted a moment ago that is no proof, and the error is Unavailable.
func (p *provider) Revoke(ctx context.Context, principal, id string) error {
	const op = "entra: revoke"
	app, keyID, err := split(op, id)
	if err != nil {
		return err
	}
	if named, ok := strings.CutPrefix(principal, byClientID); ok && !strings.EqualFold(named, app) {
		return keyturn.Errorf(keyturn.Invalid, op, "the key is one of another application than the entry's scope.principal names")
	}
	token, err := p.token(ctx, op)
	if err != nil {
		return err // whatever is missing then, it is not the key
	}
	done, err := p.turns.take(ctx, app)
	if err != nil {
		return err
	}
	defer done()
	err = p.as(ctx, op, token, http.MethodPost, appPath(app)+"/removePassword", map[string]string{"keyId": keyID}, nil)
	if keyturn.KindOf(err) != keyturn.NotFound {
		return err
	}
	if left := p.minted.left(id, p.env.Now()); left > 0 {
		return &keyturn.Error{
			Kind: keyturn.Unavailable, Op: op, RetryAfter: min(left, 10*time.Second),
			Message: "Entra does not know the new password everywhere yet",
		}
	}
	return nil
}
