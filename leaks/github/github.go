// Package github hears of GitHub's secret scanning alerts by webhook, reads what they
// are about, and closes them.
//
// An alert is called owner/repo#number. It belongs to an organisation's repositories, or
// to those that are named.
package github

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
)

// Factory registers this source.
var Factory = leaks.Factory{Name: "github", New: open}

type settings struct {
	// Org is the organisation whose repositories are scanned.
	Org string `json:"org,omitempty"`
	// Repos are scanned instead of all of an organisation's: owner/repo each.
	Repos []string `json:"repos,omitempty"`
	// Token is where a personal access token is kept.
	Token keyturn.SecretRef `json:"token,omitzero"`
	// PrivateKey is where the private key (PEM) of a GitHub App is kept, in place of
	// a token.
	PrivateKey keyturn.SecretRef `json:"private_key,omitzero"`
	// App is the App's client id or number. Absent means that it is kept beside the
	// private key, as its id.
	App string `json:"app,omitempty"`
}

type source struct {
	env leaks.Env
	settings
	app app
}

var (
	_ leaks.Source = (*source)(nil)
	_ leaks.Looker = (*source)(nil)
	_ leaks.Lister = (*source)(nil)
	_ leaks.Closer = (*source)(nil)
)

var (
	orgPattern  = regexp.MustCompile(`^[A-Za-z0-9-]+$`)
	repoPattern = regexp.MustCompile(`^[A-Za-z0-9_-]+/[A-Za-z0-9._-]+$`)
)

func open(env leaks.Env) (leaks.Source, error) {
	s := &source{env: env, app: app{busy: make(chan struct{}, 1)}}
	if err := env.Decode(&s.settings); err != nil {
		return nil, fmt.Errorf("github: settings: %w", err)
	}
	switch {
	case (s.Org == "") == (len(s.Repos) == 0):
		return nil, fmt.Errorf("github: settings: name either org or repos")
	case s.Org != "" && !orgPattern.MatchString(s.Org):
		return nil, fmt.Errorf("github: settings: org must be the organisation's name, as in its address")
	case (s.Token.Path == "") == (s.PrivateKey.Path == ""):
		return nil, fmt.Errorf("github: settings: say where either a token or the private_key of a GitHub App is kept")
	case s.App != "" && s.PrivateKey.Path == "":
		return nil, fmt.Errorf("github: settings: app goes with private_key")
	}
	for _, r := range s.Repos {
		owner, _, _ := strings.Cut(r, "/")
		switch {
		case !isRepo(r):
			return nil, fmt.Errorf("github: settings: %q in repos is not owner/repo", r)
		case s.PrivateKey.Path != "" && !strings.EqualFold(owner, s.account()):
			return nil, fmt.Errorf("github: settings: with an App, all repos must be of one owner; configure another source for each")
		}
	}
	if s.env.BaseURL == "" {
		s.env.BaseURL = "https://api.github.com"
	}
	return s, nil
}

// isRepo reports whether name can be a repository's: owner/repo, as GitHub allows names.
func isRepo(name string) bool {
	return repoPattern.MatchString(name) && !strings.HasSuffix(name, "/.") && !strings.HasSuffix(name, "/..")
}

// account is whose repositories the settings are about. Without an App it is nobody's
// in particular.
func (s *source) account() string {
	if s.Org != "" {
		return s.Org
	}
	owner, _, _ := strings.Cut(s.Repos[0], "/")
	return owner
}

// Check reads one alert of each list, without its value, and an App's permissions.
// Whether a token may close alerts, only closing one would show.
func (s *source) Check(ctx context.Context) error {
	const op = "github: check"
	for _, list := range s.lists() {
		var page []alert
		if _, err := s.get(ctx, op, list.path+"?state=open&per_page=1&hide_secret=true", &page); err != nil {
			return list.unseen(op, err)
		}
		if page == nil {
			return undocumented(op)
		}
	}
	if s.PrivateKey.Path == "" {
		return nil
	}
	now, err := s.session(ctx, op)
	if err == nil && now.may[permission] != "write" {
		return keyturn.Errorf(keyturn.Denied, op, "the App may not close alerts; give it the repository permission %s: write", permission)
	}
	return err
}
