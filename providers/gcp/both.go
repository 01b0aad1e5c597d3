package gcp

import (
	"context"
	"iter"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
)

// both issues either kind of key, as the principal says.
type both struct {
	accounts accountKeys
	api      apiKeys
}

var (
	_ providers.Minter            = both{}
	_ providers.Lister            = both{}
	_ providers.Verifier          = both{}
	_ providers.Suspender         = both{}
	_ providers.Revoker           = both{}
	_ providers.UsageReader       = both{}
	_ providers.Identifier        = both{}
	_ providers.PermissionChecker = both{}
	_ providers.UseReader         = both{}
)

// Mint creates a key of the kind req.Principal says.
func (b both) Mint(ctx context.Context, req providers.MintRequest) (providers.Minted, error) {
	if req.Principal != apiKey {
		return b.accounts.Mint(ctx, req)
	}
	m, err := b.api.Mint(ctx, req)
	m.Key.Label = "" // as List, and as Info says
	return m, err
}

// List of the account yields the keys of all service accounts, then the API
// keys. Labels are left out, since only API keys have them.
func (b both) List(ctx context.Context, principal string) iter.Seq2[providers.RemoteKey, error] {
	return func(yield func(providers.RemoteKey, error) bool) {
		seqs := []iter.Seq2[providers.RemoteKey, error]{b.accounts.List(ctx, principal), b.api.List(ctx, principal)}
		switch principal {
		case "":
		case apiKey:
			seqs = seqs[1:]
		default:
			seqs = seqs[:1]
		}
		for _, seq := range seqs {
			for k, err := range seq {
				k.Label = ""
				if !yield(k, err) || err != nil {
					return
				}
			}
		}
	}
}

// isFile reports whether a value is a service-account key: a JSON object.
func isFile(s keyturn.Secret) bool { return strings.HasPrefix(strings.TrimSpace(s.Expose()), "{") }

// Verify tries a value in the way of its kind.
func (b both) Verify(ctx context.Context, id string, secret keyturn.Secret) error {
	if isFile(secret) {
		return b.accounts.Verify(ctx, id, secret)
	}
	return b.api.Verify(ctx, id, secret)
}

// Identify finds a value's key in the way of its kind.
func (b both) Identify(ctx context.Context, secret keyturn.Secret) (string, error) {
	if isFile(secret) {
		return b.accounts.Identify(ctx, secret)
	}
	return b.api.Identify(ctx, secret)
}

// Disable is Unsupported for an API key.
func (b both) Disable(ctx context.Context, principal, id string) error {
	if principal == apiKey {
		return keyturn.Errorf(keyturn.Unsupported, "gcp: disable", "Google cannot switch an API key off, only delete it")
	}
	return b.accounts.Disable(ctx, principal, id)
}

// Enable is Unsupported for an API key.
func (b both) Enable(ctx context.Context, principal, id string) error {
	if principal == apiKey {
		return keyturn.Errorf(keyturn.Unsupported, "gcp: enable", "Google cannot switch an API key on")
	}
	return b.accounts.Enable(ctx, principal, id)
}

// Revoke ends a key of the kind the principal says.
func (b both) Revoke(ctx context.Context, principal, id string) error {
	if principal == apiKey {
		return b.api.Revoke(ctx, principal, id)
	}
	return b.accounts.Revoke(ctx, principal, id)
}

// LastUsed is Unsupported for an API key.
func (b both) LastUsed(ctx context.Context, principal, id string) (time.Time, error) {
	if principal == apiKey {
		return time.Time{}, keyturn.Errorf(keyturn.Unsupported, "gcp: last used", "Google does not report the use of an API key")
	}
	return b.accounts.LastUsed(ctx, principal, id)
}

// Uses is Unsupported for an API key: the log names whoever authenticates, and with an
// API key nobody does.
func (b both) Uses(ctx context.Context, q providers.UseQuery) iter.Seq2[providers.Use, error] {
	if q.Principal != apiKey {
		return b.accounts.Uses(ctx, q)
	}
	return func(yield func(providers.Use, error) bool) {
		yield(providers.Use{}, keyturn.Errorf(keyturn.Unsupported, "gcp: uses", "Google's audit logs do not name the API key"))
	}
}

// CheckPermissions asks for what the principal's kind needs, or for all.
func (b both) CheckPermissions(ctx context.Context, principal string) ([]providers.Permission, error) {
	switch principal {
	case apiKey:
		return b.api.CheckPermissions(ctx, principal)
	case "":
		return b.accounts.check(ctx, "", append(accountNeeds(), apiNeeds()...))
	}
	return b.accounts.CheckPermissions(ctx, principal)
}
