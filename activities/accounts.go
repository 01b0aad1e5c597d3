package activities

import (
	"context"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
)

// CheckAccountInput names the provider account to look at.
type CheckAccountInput struct {
	Issuer keyturn.Issuer `json:"issuer"`
	// Principal is whose keys the administrator credential should manage;
	// empty where the vendor has no such thing.
	Principal string `json:"principal,omitempty"`
}

// CheckAccountResult is what a provider account can do.
type CheckAccountResult struct {
	Title        string   `json:"title"`
	Capabilities []string `json:"capabilities"`
	// Permissions is empty where the vendor offers no way to ask.
	Permissions []providers.Permission `json:"permissions,omitempty"`
	// Checked says whether the vendor was asked at all.
	Checked bool `json:"checked"`
}

// CheckAccount asks a vendor, by harmless calls only, what the configured
// administrator credential may do. Where the vendor offers no way to ask, it
// lists the first key instead, which shows at least that the credential works.
func (a *Keys) CheckAccount(ctx context.Context, in CheckAccountInput) (CheckAccountResult, error) {
	p, err := providers.As[providers.Provider](a.Providers, in.Issuer)
	if err != nil {
		return CheckAccountResult{}, err
	}
	res := CheckAccountResult{Title: p.Info().Title, Capabilities: providers.Capabilities(p)}
	if c, ok := p.(providers.PermissionChecker); ok {
		res.Permissions, err = c.CheckPermissions(ctx, in.Principal)
		res.Checked = err == nil
		return res, err
	}
	if l, ok := p.(providers.Lister); ok {
		for _, err := range l.List(ctx, in.Principal) {
			if err != nil {
				return res, err
			}
			break
		}
		res.Checked = true
	}
	return res, nil
}
