package http

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
)

const (
	root = "/keyturn/v1"
	keys = root + "/keys"
)

// key is a key as the service shows it.
type key struct {
	ID        string    `json:"id"`
	Principal string    `json:"principal"`
	Label     string    `json:"label"`
	Created   time.Time `json:"created"`
	Enabled   *bool     `json:"enabled"`
	LastUsed  time.Time `json:"last_used"`
}

// usable reports whether a key has what the contract requires.
func (k key) usable() bool { return isID(k.ID) && k.Enabled != nil && !k.Created.IsZero() }

func (k key) remote() providers.RemoteKey {
	return providers.RemoteKey{ID: k.ID, Principal: k.Principal, Label: k.Label, Created: k.Created, Enabled: *k.Enabled}
}

// Mint makes a key. The service makes no second one with the same label, and
// says Conflict instead.
func (p *provider) Mint(ctx context.Context, req providers.MintRequest) (providers.Minted, error) {
	const op = "http: mint"
	switch {
	case p.lacks(principals) && req.Principal != "":
		return providers.Minted{}, keyturn.Errorf(keyturn.Invalid, op, "the service's keys belong to no principal; leave the entry's scope.principal empty")
	case !p.lacks(principals) && req.Principal == "":
		return providers.Minted{}, keyturn.Errorf(keyturn.Invalid, op, "name whom the key is for in the entry's scope.principal")
	}
	in := struct {
		Principal   string    `json:"principal,omitempty"`
		Label       string    `json:"label"`
		Permissions []string  `json:"permissions,omitempty"`
		Expires     time.Time `json:"expires,omitzero"`
	}{req.Principal, req.Label, req.Permissions, req.Expires}
	var out struct {
		Key   key    `json:"key"`
		Value string `json:"value"`
	}
	r, err := p.manage(ctx, op, http.MethodPost, keys, in)
	if err == nil {
		err = r.read(op, &out)
	}
	if err == nil && (!out.Key.usable() || out.Value == "") {
		err = undocumented(op)
	}
	if err != nil {
		return providers.Minted{}, err
	}
	return providers.Minted{Key: out.Key.remote(), Secret: keyturn.NewSecret(out.Value)}, nil
}

// pageSize is how many keys are asked for at once.
const pageSize = 100

// List follows the service's cursors.
func (p *provider) List(ctx context.Context, principal string) iter.Seq2[providers.RemoteKey, error] {
	const op = "http: list"
	return func(yield func(providers.RemoteKey, error) bool) {
		if principal != "" && p.lacks(principals) {
			yield(providers.RemoteKey{}, keyturn.Errorf(keyturn.NotFound, op, "the service's keys belong to no principal; list the account"))
			return
		}
		q := url.Values{"limit": {strconv.Itoa(pageSize)}}
		if principal != "" {
			q.Set("principal", principal)
		}
		for {
			var page struct {
				Keys []key  `json:"keys"`
				Next string `json:"next"`
			}
			r, err := p.manage(ctx, op, http.MethodGet, keys+"?"+q.Encode(), nil)
			if err == nil {
				err = r.read(op, &page)
			}
			if err == nil && (page.Keys == nil || page.Next != "" && page.Next == q.Get("cursor")) {
				err = undocumented(op)
			}
			if err != nil {
				yield(providers.RemoteKey{}, err)
				return
			}
			for _, k := range page.Keys {
				// A service that does not know the parameter principal would
				// list somebody else's keys.
				if !k.usable() || principal != "" && k.Principal != principal {
					yield(providers.RemoteKey{}, undocumented(op))
					return
				}
				if !yield(k.remote(), nil) {
					return
				}
			}
			if page.Next == "" {
				return
			}
			q.Set("cursor", page.Next)
		}
	}
}

// Revoke deletes the key. Only a 404 with the code key_not_found means that it
// is gone: any other is a wrong address.
func (p *provider) Revoke(ctx context.Context, _, id string) error {
	const op = "http: revoke"
	if !isID(id) {
		return badID(op)
	}
	r, err := p.manage(ctx, op, http.MethodDelete, keys+"/"+id, nil)
	if err != nil || r.Status == http.StatusNotFound && r.code() == "key_not_found" {
		return err
	}
	return r.err(op)
}

// suspender is for services that can switch a key off.
type suspender struct{ p *provider }

// Disable switches the key off.
func (s suspender) Disable(ctx context.Context, _, id string) error {
	return s.p.act(ctx, "http: disable", id, "/disable")
}

// Enable switches the key on again.
func (s suspender) Enable(ctx context.Context, _, id string) error {
	return s.p.act(ctx, "http: enable", id, "/enable")
}

func (p *provider) act(ctx context.Context, op, id, what string) error {
	if !isID(id) {
		return badID(op)
	}
	r, err := p.manage(ctx, op, http.MethodPost, keys+"/"+id+what, nil)
	if err != nil {
		return err
	}
	return r.err(op)
}

// usageReader is for services that know when a key was last used.
type usageReader struct{ p *provider }

// LastUsed reads last_used, which is left out for a key never used.
func (u usageReader) LastUsed(ctx context.Context, _, id string) (time.Time, error) {
	const op = "http: last used"
	if !isID(id) {
		return time.Time{}, badID(op)
	}
	var k key
	r, err := u.p.manage(ctx, op, http.MethodGet, keys+"/"+id, nil)
	if err == nil {
		err = r.read(op, &k)
	}
	if err == nil && k.ID != id {
		err = undocumented(op)
	}
	return k.LastUsed, err
}

// isID reports whether s is an id as the contract has it, which is safe in a
// path as it is: a letter or digit, then those and ._~-, 128 at most.
func isID(s string) bool {
	plain := func(r rune) bool { return '0' <= r && r <= '9' || 'a' <= r|0x20 && r|0x20 <= 'z' && r < 0x80 }
	for i, r := range s {
		if !plain(r) && (i == 0 || !strings.ContainsRune("._~-", r)) {
			return false
		}
	}
	return s != "" && len(s) <= 128
}

func badID(op string) error {
	return keyturn.Errorf(keyturn.Invalid, op, "the key id is not one the contract allows")
}
