// Package gitguardian hears of GitGuardian's secret incidents by its custom webhook,
// lists and reads them, and closes them. It never sees a value: GitGuardian tells the
// hash that HasMySecretLeaked uses, and values are known by theirs.
//
// An incident of Internal Monitoring is called by its number, one of Public Monitoring
// public/number.
package gitguardian

import (
	"context"
	"fmt"
	"slices"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
)

// Factory registers this source.
var Factory = leaks.Factory{Name: "gitguardian", New: open}

type settings struct {
	// Token is where a service account's token or a personal access token is kept.
	Token keyturn.SecretRef `json:"token"`
	// PublicMonitoring says that the workspace has Public Monitoring, whose incidents
	// are to be listed as well.
	PublicMonitoring bool `json:"public_monitoring,omitempty"`
}

type source struct {
	env leaks.Env
	settings
}

var (
	_ leaks.Source = (*source)(nil)
	_ leaks.Looker = (*source)(nil)
	_ leaks.Lister = (*source)(nil)
	_ leaks.Closer = (*source)(nil)
)

func open(env leaks.Env) (leaks.Source, error) {
	s := &source{env: env}
	if err := env.Decode(&s.settings); err != nil {
		return nil, fmt.Errorf("gitguardian: settings: %w", err)
	}
	if s.Token.Path == "" {
		return nil, fmt.Errorf("gitguardian: settings: token must say where a token is kept")
	}
	if s.env.BaseURL == "" {
		s.env.BaseURL = "https://api.gitguardian.com"
	}
	return s, nil
}

// Check reads what the token may do, and one incident of each list.
func (s *source) Check(ctx context.Context) error {
	const op = "gitguardian: check"
	var token struct {
		Scopes []string `json:"scopes"`
	}
	if _, err := s.get(ctx, op, "/v1/api_tokens/self", &token); err != nil {
		return unlisted(op, err)
	}
	if token.Scopes == nil {
		return undocumented(op)
	}
	for _, scope := range []string{readScope, writeScope} {
		if !slices.Contains(token.Scopes, scope) {
			return keyturn.Errorf(keyturn.Denied, op, "the token lacks the scope %s; make one that has it", scope)
		}
	}
	for _, k := range s.kinds() {
		var page []incident
		if _, err := s.get(ctx, op, string(k)+"?per_page=1", &page); err != nil {
			return unlisted(op, err)
		}
		if page == nil {
			return undocumented(op)
		}
	}
	return nil
}

// A kind of incident is where the API has those of it.
type kind string

const (
	internal kind = "/v1/incidents/secrets"
	public   kind = "/v1/public-incidents/secrets"
)

// kinds are those that are listed.
func (s *source) kinds() []kind {
	if s.PublicMonitoring {
		return []kind{internal, public}
	}
	return []kind{internal}
}

// unlisted makes of a missing list what it is: something that is not shown.
func unlisted(op string, err error) error {
	if keyturn.KindOf(err) == keyturn.NotFound {
		return keyturn.Errorf(keyturn.Denied, op, "GitGuardian does not show this list; is base_url right, and does the workspace have Public Monitoring if public_monitoring says so?")
	}
	return err
}
