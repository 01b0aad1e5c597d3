// Package manual stands for keys no API can manage: a password in a partner's
// portal, a key a vendor sends by mail. It can do nothing, on purpose. The
// workflows find every capability missing, change nothing, and say so.
package manual

import (
	"fmt"
	"net/url"

	"github.com/keyturn/keyturn/providers"
)

// Factory registers this provider; see providers/all.
var Factory = providers.Factory{Name: "manual", New: open}

type settings struct {
	// Title is what people call the issuer.
	Title string `json:"title,omitempty"`
	// Docs is where the steps are written down that a person takes.
	Docs string `json:"docs,omitempty"`
	// MaxLive is how many keys may exist at once; 1 means that a key must be
	// ended before the next can be made. 0 is no limit.
	MaxLive int `json:"max_live,omitempty"`
}

type provider struct{ info providers.Info }

var _ providers.Provider = provider{}

func open(env providers.Env) (providers.Provider, error) {
	s := settings{Title: "Keys made by hand", Docs: "https://github.com/keyturn/keyturn/blob/main/providers/manual/README.md"}
	if err := env.Decode(&s); err != nil {
		return nil, fmt.Errorf("manual: settings: %w", err)
	}
	if u, err := url.Parse(s.Docs); err != nil || u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("manual: settings: docs must be an https address")
	}
	if s.Title == "" || s.MaxLive < 0 {
		return nil, fmt.Errorf("manual: settings: title must not be empty, nor max_live negative")
	}
	return provider{providers.Info{Name: "manual", Title: s.Title, Docs: s.Docs, MaxLive: s.MaxLive}}, nil
}

func (p provider) Info() providers.Info { return p.info }
