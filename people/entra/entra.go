// Package entra asks a Microsoft Entra tenant who works there, through Microsoft
// Graph v1.0, signs people out of it, and hears its change notifications.
//
// An address is a user's by mail, by user principal name or by proxyAddresses.
// The other mails of a user (otherMails) count for nothing: nobody checked them,
// and those of an administrator's second account name the first. Teams are
// groups, their leads the groups' owners.
package entra

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people"
)

// Factory registers this directory.
var Factory = people.Factory{Name: "entra", New: open}

type settings struct {
	// Tenant is the tenant's id, or one of its domains.
	Tenant string `json:"tenant"`
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

type directory struct {
	env people.Env
	settings
	at     cloud  // where requests go
	vendor string // Graph's own address, which page links may name
	tokens tokens
}

var (
	_ people.Directory    = (*directory)(nil)
	_ people.SessionEnder = (*directory)(nil)
	_ people.Hearer       = (*directory)(nil)
	_ people.Subscriber   = (*directory)(nil)
)

var tenant = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$`)

func open(env people.Env) (people.Directory, error) {
	d := &directory{env: env, settings: settings{Cloud: "global"}}
	if err := env.Decode(&d.settings); err != nil {
		return nil, fmt.Errorf("entra: settings: %w", err)
	}
	// The shared names below sign in at any tenant, so they are nobody's.
	shared := []string{"common", "organizations", "consumers"}
	if !tenant.MatchString(d.Tenant) || slices.Contains(shared, d.Tenant) {
		return nil, fmt.Errorf("entra: settings: tenant must be the tenant's id or one of its domains")
	}
	if d.Credentials.Path == "" {
		return nil, fmt.Errorf("entra: settings: credentials must say where the client secret of Keyturn's own application is kept")
	}
	at, ok := clouds()[d.Cloud]
	if !ok {
		return nil, fmt.Errorf("entra: settings: cloud must be global, us-gov, us-dod or china")
	}
	d.at, d.vendor = at, at.graph
	if env.BaseURL != "" {
		d.at = cloud{env.BaseURL, env.BaseURL}
	}
	return d, nil
}

// guid is how Entra's ids are written. Anything else could name something else.
var guid = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)
