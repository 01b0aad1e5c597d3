package providers

import (
	"context"
	"log/slog"
	"net/http"
	"reflect"
	"time"

	"github.com/keyturn/keyturn"
)

// A Factory is the one thing a provider folder exports to the outside.
type Factory struct {
	Name string
	New  func(Env) (Provider, error)
}

// Env is everything a provider may take from the world. Nothing else: no
// globals and no clients of its own making.
type Env struct {
	Account string       // the vendor's id of the account, as entries name it
	HTTP    *http.Client // counted, rate limited, never retried; follows no redirect
	BaseURL string       // where the API is; empty means the vendor's own address
	// Decode reads the provider's own settings, strictly.
	Decode func(any) error
	// Credential reads the administrator credential of this account from the
	// secret store it is kept in. It is read anew for every call, so that
	// rotating it needs no restart.
	Credential func(ctx context.Context, ref keyturn.SecretRef) (Credential, error)
	Now        func() time.Time
	Log        *slog.Logger
}

// A Credential is a stored value and the vendor's id for it.
type Credential struct {
	ID     string
	Secret keyturn.Secret
}

// A Catalog is the set of configured provider accounts.
type Catalog map[keyturn.Issuer]Provider

// As returns an account's provider as capability C, or an error that says who
// cannot do what: NotFound for an account nobody configured, Unsupported for
// a capability the vendor does not offer.
func As[C any](c Catalog, issuer keyturn.Issuer) (C, error) {
	var none C
	p, ok := c[issuer]
	if !ok {
		return none, keyturn.Errorf(keyturn.NotFound, issuer.String(), "no such provider account is configured on this worker")
	}
	if as, ok := p.(C); ok {
		return as, nil
	}
	return none, keyturn.Errorf(keyturn.Unsupported, issuer.String(), "is not a %s", reflect.TypeFor[C]().Name())
}

// The names Capabilities gives to what a provider can do.
const (
	CanMint             = "mint"
	CanList             = "list"
	CanVerify           = "verify"
	CanSuspend          = "suspend"
	CanRevoke           = "revoke"
	CanLastUsed         = "last-used"
	CanIdentify         = "identify"
	CanRevokeValue      = "revoke-value"
	CanCheckPermissions = "check-permissions"
	CanReadUses         = "read-uses"
	CanLocate           = "locate"
)

// Capabilities lists what p can do, by asking its type. Nobody declares it.
func Capabilities(p Provider) []string {
	var out []string
	add := func(name string, ok bool) {
		if ok {
			out = append(out, name)
		}
	}
	add(CanMint, is[Minter](p))
	add(CanList, is[Lister](p))
	add(CanVerify, is[Verifier](p))
	add(CanSuspend, is[Suspender](p))
	add(CanRevoke, is[Revoker](p))
	add(CanLastUsed, is[UsageReader](p))
	add(CanIdentify, is[Identifier](p))
	add(CanRevokeValue, is[ValueRevoker](p))
	add(CanCheckPermissions, is[PermissionChecker](p))
	add(CanReadUses, is[UseReader](p))
	add(CanLocate, is[Locator](p))
	return out
}

func is[C any](p Provider) bool { _, ok := p.(C); return ok }
