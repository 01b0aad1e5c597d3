// Package okta asks an Okta org who works here, through the Users and Groups
// APIs, signs people out of it, and hears its event hooks.
//
// An address is a person's by login, by primary email or, where only one person
// has it, by secondary email. Teams are groups.
package okta

import (
	"context"
	"fmt"
	"regexp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people"
)

// Factory registers this directory.
var Factory = people.Factory{Name: "okta", New: open}

type settings struct {
	// Domain is the org's, such as acme.okta.com.
	Domain string `json:"domain"`
	// Token is where the API token or the access token is kept.
	Token keyturn.SecretRef `json:"token"`
	// Auth is what the token is: "ssws" (the default), an API token, or "oauth",
	// an access token.
	Auth string `json:"auth,omitempty"`
}

type directory struct {
	env people.Env
	settings
	vendor string // the org's own address, which page links may name
}

var (
	_ people.Directory    = (*directory)(nil)
	_ people.SessionEnder = (*directory)(nil)
	_ people.Hearer       = (*directory)(nil)
)

var domain = regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)+$`)

func open(env people.Env) (people.Directory, error) {
	d := &directory{env: env, settings: settings{Auth: "ssws"}}
	if err := env.Decode(&d.settings); err != nil {
		return nil, fmt.Errorf("okta: settings: %w", err)
	}
	switch {
	case !domain.MatchString(d.Domain):
		return nil, fmt.Errorf("okta: settings: domain must be the org's, such as acme.okta.com, without https://")
	case d.Token.Path == "":
		return nil, fmt.Errorf("okta: settings: token must say where the API token is kept")
	case d.Auth != "ssws" && d.Auth != "oauth":
		return nil, fmt.Errorf("okta: settings: auth must be ssws or oauth")
	}
	d.vendor = "https://" + d.Domain
	if d.env.BaseURL == "" {
		d.env.BaseURL = d.vendor
	}
	return d, nil
}

// Check reads one person and one group. Whether sessions and grants may be ended
// only ending them would show.
func (d *directory) Check(ctx context.Context) error {
	const op = "okta: check"
	var seen []user
	if _, err := d.get(ctx, op, readUsers, usersPath+"?limit=1", &seen); err != nil {
		return err
	}
	if len(seen) == 0 {
		return keyturn.Errorf(keyturn.Denied, op, "the token shows no people; let its administrator's resource set hold all users")
	}
	var groups []group
	_, err := d.get(ctx, op, readGroups, groupsPath+"?limit=1", &groups)
	return err
}
