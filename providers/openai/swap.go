package openai

import (
	"context"
	"net/http"
	"regexp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
)

// Older API versions make a key only together with a service account, and
// delete it only with that. So a generation gets an account of its own, whose
// name says what the label is and for which account it stands in. That account
// must exist, and is never deleted.
func swapName(label string, o owner) string { return label + " (keyturn for " + o.id + ")" }

var swapPattern = regexp.MustCompile(`^(.+) \(keyturn for ([A-Za-z0-9_-]+)\)$`)

// swapped takes the name of a service account of one generation apart.
func swapped(name string) (label, of string, ok bool) {
	m := swapPattern.FindStringSubmatch(name)
	if m == nil {
		return "", "", false
	}
	return m[1], m[2], true
}

// mintSwap creates a service account and its key. Its scopes cannot be chosen,
// and a key that may more than it was to be is refused.
func (p *provider) mintSwap(ctx context.Context, op string, admin keyturn.Secret, o owner, req providers.MintRequest, life int64) (providers.Minted, error) {
	if len(req.Permissions) > 0 {
		return providers.Minted{}, keyturn.Errorf(keyturn.Unsupported, op, "a key that comes with its service account may do everything; this API cannot give it scopes")
	}
	if err := p.exists(ctx, op, o); err != nil {
		return providers.Minted{}, err
	}
	in := map[string]any{"name": swapName(req.Label, o)}
	if life > 0 {
		in["expires_in_seconds"] = life
	}
	var out struct {
		Key minted `json:"api_key"`
	}
	_, err := p.do(ctx, admin, request{op, http.MethodPost, o.accounts(), in, &out})
	return out.Key.as(op, req, err)
}

// swapPath is what to delete to end a key: the service account made for it
// alone, or else the key.
func (p *provider) swapPath(ctx context.Context, op string, admin keyturn.Secret, o owner, path string) (string, error) {
	var k key
	if _, err := p.do(ctx, admin, request{op, http.MethodGet, path, nil, &k}); err != nil {
		return "", err
	}
	if k.ID == "" {
		return "", undocumented(op)
	}
	if a := k.Owner.Account; a != nil && idPattern.MatchString(a.ID) {
		if _, of, ok := swapped(a.Name); ok && of == o.id && a.ID != o.id {
			return o.accounts() + "/" + a.ID, nil
		}
	}
	return path, nil
}
