package gcp

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/url"
	"strings"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
)

// Mint creates an API key under an id made of the label and a random end:
// the id of a deleted key stays taken for 30 days, and a label may have to be
// tried twice. req.Permissions become the key's restrictions; see README.md.
//
// Google works on it in the background, so this is one request that makes the
// key, some that ask whether it is done, and one that reads its value.
func (a apiKeys) Mint(ctx context.Context, req providers.MintRequest) (providers.Minted, error) {
	const op = "gcp: mint"
	if req.Principal != apiKey {
		return providers.Minted{}, keyturn.Errorf(keyturn.Invalid, op, "this account issues API keys only; set the entry's scope.principal to %s", apiKey)
	}
	limits, err := restrictions(op, req.Permissions)
	if err != nil {
		return providers.Minted{}, err
	}
	id := keyID(req.Label)
	in := map[string]any{"displayName": clip(req.Label, 63), "annotations": map[string]string{labelled: req.Label}}
	if len(limits) > 0 {
		in["restrictions"] = limits
	}
	var made operation
	err = a.manage(ctx, request{op: op, method: http.MethodPost, host: keysHost, path: a.keys(), query: url.Values{"keyId": {id}}, in: in}, &made)
	if err != nil {
		return providers.Minted{}, err
	}
	if err := a.await(ctx, op, &made); err != nil {
		return providers.Minted{}, err
	}
	k := made.Response.remote()
	if k.ID == "" {
		return providers.Minted{}, undocumented(op)
	}
	var value struct {
		Key string `json:"keyString"`
	}
	if err := a.manage(ctx, request{op: op, host: keysHost, path: a.keys() + "/" + k.ID + "/keyString"}, &value); err != nil {
		return providers.Minted{}, err
	}
	if value.Key == "" {
		return providers.Minted{}, undocumented(op)
	}
	return providers.Minted{Key: k, Secret: keyturn.NewSecret(value.Key)}, nil
}

// keyID makes an id that Google accepts: a letter, then up to 62 letters,
// digits and hyphens, lower-case, and no hyphen at the end.
func keyID(label string) string {
	id := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(label))
	return "k-" + clip(id, 50) + "-" + strings.ToLower(rand.Text()[:10])
}

// clip returns the first n characters of s.
func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}

// restrictions says what a key may be used for, and from where. A plain
// permission is a service: translate.googleapis.com.
func restrictions(op string, permissions []string) (map[string]any, error) {
	var services []map[string]string
	from := map[string][]string{}
	for _, p := range permissions {
		kind, value, found := strings.Cut(p, ":")
		switch {
		case !found:
			services = append(services, map[string]string{"service": p})
		case (kind == "ip" || kind == "referrer" || kind == "ios") && value != "":
			from[kind] = append(from[kind], value)
		default:
			return nil, keyturn.Errorf(keyturn.Invalid, op, "scope.permissions of an API key are names of services, or begin with ip:, referrer: or ios:")
		}
	}
	if len(from) > 1 {
		return nil, keyturn.Errorf(keyturn.Invalid, op, "an API key can be restricted to one of ip:, referrer: and ios: only")
	}
	out := map[string]any{}
	if len(services) > 0 {
		out["apiTargets"] = services
	}
	names := map[string][2]string{
		"ip":       {"serverKeyRestrictions", "allowedIps"},
		"referrer": {"browserKeyRestrictions", "allowedReferrers"}, "ios": {"iosKeyRestrictions", "allowedBundleIds"},
	}
	for kind, values := range from {
		out[names[kind][0]] = map[string][]string{names[kind][1]: values}
	}
	return out, nil
}
