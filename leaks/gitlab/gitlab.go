// Package gitlab hears of leaked tokens from who found them: from a GitLab instance that
// is told to use Keyturn as its Token Revocation API, and from GitLab.com and GitHub,
// which tell partners what they find and sign it.
package gitlab

import (
	"context"
	"fmt"
	"net/url"
	"slices"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
)

// Factory registers this source.
var Factory = leaks.Factory{Name: "gitlab", New: open}

// How deliveries prove where they are from.
const (
	byToken = "token"
	signed  = "signed"
)

type settings struct {
	// Format is "token", for a GitLab instance that shows the webhook secret, or
	// "signed", for a partner programme.
	Format string `json:"format"`
	// Types are what the instance is to tell of, by their names in a scan's report.
	Types []string `json:"types,omitempty"`
	// Public says whether strangers can reach the instance. It is taken to be so where
	// nothing is said: GitLab tells of public projects only.
	Public *bool `json:"public,omitempty"`
	// PublicKeysURL is where the keys that deliveries are signed with are published.
	PublicKeysURL string `json:"public_keys_url,omitempty"`
}

type source struct {
	env leaks.Env
	settings
	keys *ring // of signed deliveries
}

var _ leaks.Source = (*source)(nil)

// githubKeys is where GitHub publishes its keys.
const githubKeys = "https://api.github.com/meta/public_keys/secret_scanning"

func open(env leaks.Env) (leaks.Source, error) {
	s := &source{env: env}
	if err := env.Decode(&s.settings); err != nil {
		return nil, fmt.Errorf("gitlab: settings: %w", err)
	}
	switch s.Format {
	case byToken:
		switch {
		case len(s.Types) == 0:
			return nil, fmt.Errorf("gitlab: settings: types must name what GitLab is to tell of, such as gitleaks_rule_id_stripe_access_token")
		case slices.Contains(s.Types, ""):
			return nil, fmt.Errorf("gitlab: settings: types must not be empty")
		case s.PublicKeysURL != "":
			return nil, fmt.Errorf("gitlab: settings: public_keys_url goes with format: signed")
		}
	case signed:
		if s.Types != nil || s.Public != nil {
			return nil, fmt.Errorf("gitlab: settings: types and public go with format: token")
		}
		u, err := url.Parse(s.PublicKeysURL)
		if err != nil || u.Scheme != "https" || u.Host == "" {
			return nil, fmt.Errorf("gitlab: settings: public_keys_url must be where the keys are published, with https://; GitHub's are at %s", githubKeys)
		}
		address := s.PublicKeysURL
		if env.BaseURL != "" {
			address = env.BaseURL + u.RequestURI()
		}
		s.keys = &ring{http: env.HTTP, address: address, now: env.Now}
	default:
		return nil, fmt.Errorf("gitlab: settings: format must be token or signed")
	}
	return s, nil
}

// Check reads the public keys. Whether a GitLab instance has the right secret only a
// delivery shows.
func (s *source) Check(ctx context.Context) error {
	const op = "gitlab: check"
	switch {
	case s.env.WebhookSecret.IsZero():
		return unheard(op)
	case s.keys != nil:
		return s.keys.check(ctx, op)
	}
	return nil
}

func unheard(op string) error {
	return keyturn.Errorf(keyturn.Unsupported, op, "no webhook secret is configured; it proves deliveries or, where they are signed, makes the names of findings")
}
