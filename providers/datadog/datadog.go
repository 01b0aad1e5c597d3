// Package datadog manages an organisation's Datadog API keys, the ones agents
// and integrations send data with.
//
// An API key belongs to the organisation and to nobody in it, so there are no
// principals here: Mint refuses one, and List says that it does not exist.
// The label given to Mint becomes the key's name, which every Datadog user
// who may see API keys can read. Datadog keeps no permission or end date on
// an API key, so Mint leaves those out.
package datadog

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
)

// Factory registers this provider; see providers/all.
var Factory = providers.Factory{Name: "datadog", New: open}

type settings struct {
	// Site is the Datadog site of the organisation: datadoghq.com (the
	// default), datadoghq.eu, us3.datadoghq.com and so on.
	Site string `json:"site,omitempty"`
	// APIKey and ApplicationKey are the administrator's pair.
	APIKey         keyturn.SecretRef `json:"api_key"`
	ApplicationKey keyturn.SecretRef `json:"application_key"`
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
	_ providers.Identifier        = (*provider)(nil)
	_ providers.PermissionChecker = (*provider)(nil)
	_ providers.UseReader         = (*provider)(nil)
)

func open(env providers.Env) (providers.Provider, error) {
	p := &provider{env: env, settings: settings{Site: "datadoghq.com"}}
	if err := env.Decode(&p.settings); err != nil {
		return nil, fmt.Errorf("datadog: settings: %w", err)
	}
	if p.APIKey.Path == "" || p.ApplicationKey.Path == "" {
		return nil, fmt.Errorf("datadog: settings: api_key and application_key must say where the administrator's keys are kept")
	}
	if !regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)+$`).MatchString(p.Site) {
		return nil, fmt.Errorf("datadog: settings: site must be a bare name such as datadoghq.eu, not an address")
	}
	if p.env.BaseURL == "" {
		p.env.BaseURL = "https://api." + p.Site
	}
	return p, nil
}

func (p *provider) Info() providers.Info {
	return providers.Info{
		Name: "datadog", Title: "Datadog API keys",
		Docs: "https://docs.datadoghq.com/api/latest/key-management/",
		// The limit there is counts the organisation's keys, not one principal's.
		MaxLive: 0,
		Labels:  true,
		// Datadog documents no delay for either; both are our caution.
		Settle:   time.Minute,
		UsageLag: 24 * time.Hour,
	}
}

// key is an API key as Datadog shows it (Key Management, "Get API key").
type key struct {
	ID         string `json:"id"`
	Attributes struct {
		Name     string     `json:"name"`
		Key      string     `json:"key"` // absent from listings
		Created  time.Time  `json:"created_at"`
		LastUsed *time.Time `json:"date_last_used"`
	} `json:"attributes"`
}

func (k key) remote() providers.RemoteKey {
	return providers.RemoteKey{ID: k.ID, Label: k.Attributes.Name, Created: k.Attributes.Created, Enabled: true}
}

// Mint creates an API key named req.Label.
func (p *provider) Mint(ctx context.Context, req providers.MintRequest) (providers.Minted, error) {
	const op = "datadog: mint"
	if req.Principal != "" {
		return providers.Minted{}, keyturn.Errorf(keyturn.Invalid, op, "an API key belongs to no principal; leave the entry's scope.principal empty")
	}
	in := map[string]any{"data": map[string]any{"type": "api_keys", "attributes": map[string]any{"name": req.Label}}}
	var out struct{ Data key }
	if err := p.manage(ctx, op, http.MethodPost, "/api/v2/api_keys", in, &out); err != nil {
		return providers.Minted{}, err
	}
	if out.Data.ID == "" || out.Data.Attributes.Key == "" {
		return providers.Minted{}, undocumented(op)
	}
	return providers.Minted{Key: out.Data.remote(), Secret: keyturn.NewSecret(out.Data.Attributes.Key)}, nil
}

// pageSize is the most Datadog puts on a page (Key Management, "Get all API
// keys").
const pageSize = 100

// List reads the organisation's keys, oldest first, so that a key made
// meanwhile comes last. Pages are numbered: a key deleted meanwhile would make
// another one slip from a page not yet read to one that was. Then the listing
// ends in an Unavailable error.
func (p *provider) List(ctx context.Context, principal string) iter.Seq2[providers.RemoteKey, error] {
	const op = "datadog: list"
	return func(yield func(providers.RemoteKey, error) bool) {
		if principal != "" {
			yield(providers.RemoteKey{}, keyturn.Errorf(keyturn.NotFound, op, "API keys belong to no principal; list the account"))
			return
		}
		for number, seen, total := 0, 0, 0; ; number++ {
			var page struct {
				Data []key
				Meta struct {
					Page struct {
						Total int `json:"total_filtered_count"`
					}
				}
			}
			q := url.Values{"sort": {"created_at"}, "page[size]": {strconv.Itoa(pageSize)}, "page[number]": {strconv.Itoa(number)}}
			err := p.manage(ctx, op, http.MethodGet, "/api/v2/api_keys?"+q.Encode(), nil, &page)
			switch {
			case err == nil && page.Data == nil:
				err = undocumented(op)
			case err == nil && page.Meta.Page.Total < total:
				err = keyturn.Errorf(keyturn.Unavailable, op, "keys were deleted while they were listed; list again")
			}
			if err != nil {
				yield(providers.RemoteKey{}, err)
				return
			}
			total = page.Meta.Page.Total
			for _, k := range page.Data {
				if !yield(k.remote(), nil) {
					return
				}
			}
			seen += len(page.Data)
			if len(page.Data) == 0 || total > 0 && seen >= total || total == 0 && len(page.Data) < pageSize {
				return
			}
		}
	}
}

// Verify asks Datadog which key the value is (Key Management, "Validate API
// key"). A value that works but is another key's is Invalid: it is neither
// the key that was meant nor a dead one.
func (p *provider) Verify(ctx context.Context, id string, secret keyturn.Secret) error {
	const op = "datadog: verify"
	got, err := p.validate(ctx, op, secret)
	if err == nil && id != "" && !strings.EqualFold(got, id) {
		return keyturn.Errorf(keyturn.Invalid, op, "the value works, but it is not that of key %s", id)
	}
	return err
}

// Revoke deletes the key. Datadog knows it by its id alone.
func (p *provider) Revoke(ctx context.Context, _, id string) error {
	const op = "datadog: revoke"
	path, err := keyPath(op, id)
	if err != nil {
		return err
	}
	admin, err := p.admin(ctx)
	if err != nil {
		return err // a missing credential of ours is no missing key
	}
	err = p.do(ctx, op, http.MethodDelete, path, admin, nil, nil)
	if keyturn.KindOf(err) == keyturn.NotFound {
		return nil
	}
	return err
}

// LastUsed reads date_last_used, which is null for a key never used.
func (p *provider) LastUsed(ctx context.Context, _, id string) (time.Time, error) {
	const op = "datadog: last used"
	path, err := keyPath(op, id)
	if err != nil {
		return time.Time{}, err
	}
	var out struct{ Data key }
	if err := p.manage(ctx, op, http.MethodGet, path, nil, &out); err != nil {
		return time.Time{}, err
	}
	switch {
	case out.Data.ID == "":
		return time.Time{}, undocumented(op)
	case out.Data.Attributes.LastUsed == nil:
		return time.Time{}, nil
	}
	return *out.Data.Attributes.LastUsed, nil
}

// keyPath is where a key is. Ids are UUIDs; anything else could name another
// resource.
func keyPath(op, id string) (string, error) {
	strange := func(r rune) bool { return r != '-' && (r < '0' || r > '9') && (r|0x20 < 'a' || r|0x20 > 'z') }
	if id == "" || strings.ContainsFunc(id, strange) {
		return "", keyturn.Errorf(keyturn.Invalid, op, "the key id is not one of Datadog's")
	}
	return "/api/v2/api_keys/" + id, nil
}
