package activities

import (
	"context"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/registry"
)

// vendorSays is what a vendor said of a leaked value. What it did not say is empty.
type vendorSays struct {
	alive    string
	stray    bool // it works although no ledger has it
	lastUsed time.Time
	note     string
}

// triageTime bounds what is asked of vendors before anything is done.
const triageTime = 15 * time.Second

// askVendor asks whether the leaked generation's value works and when it was used
// last. A vendor that does not answer keeps nothing from going on. A generation that
// is in no ledger any more is dead, unless its value is seen to work: where nobody
// could try it when it ended, a scanner's word counts.
func (a *Leaks) askVendor(ctx context.Context, l registry.Leak, k *keyturn.Key) (says vendorSays) {
	short, cancel := context.WithTimeout(ctx, triageTime)
	defer cancel()
	p, err := providers.As[providers.Provider](a.Keys.Providers, k.Scope.Issuer())
	if err != nil {
		says.note = "no account of its vendor is configured on the workers"
	}
	i := k.Issue(l.Generation)
	if i == nil || !k.Retired.IsZero() {
		if p != nil {
			if value, err := a.Keep.get(short, l); err == nil && !value.IsZero() {
				says.alive = string(tried(short, p, l.RemoteID, value))
			}
		}
		switch {
		case says.alive != "":
		case l.Said == string(leaks.Active):
			says.alive = l.Said
		default:
			says.alive = string(leaks.Inactive)
		}
		says.stray = says.alive == string(leaks.Active)
		return says
	}
	if p == nil {
		return says
	}
	if u, ok := p.(providers.UsageReader); ok {
		if last, err := u.LastUsed(short, k.Scope.Principal, i.RemoteID); err == nil {
			says.lastUsed = last.UTC()
		}
	}
	if i.Version != "" {
		if value, err := a.stored(short, k, *i); err == nil {
			says.alive = string(tried(short, p, i.RemoteID, value))
		}
	}
	return says
}

// tried tries a value once. Unknown is for what cannot be tried.
func tried(ctx context.Context, p providers.Provider, id string, value keyturn.Secret) leaks.Validity {
	v, ok := p.(providers.Verifier)
	if !ok {
		return leaks.Unknown
	}
	switch err := v.Verify(ctx, id, value); keyturn.KindOf(err) {
	case "":
		return leaks.Active
	case keyturn.Denied:
		return leaks.Inactive
	default:
		return leaks.Unknown
	}
}

func (a *Leaks) stored(ctx context.Context, k *keyturn.Key, i keyturn.Issued) (keyturn.Secret, error) {
	store, err := a.Keys.Secrets.Open(k.Storage.Secret.Store)
	if err != nil {
		return keyturn.Secret{}, err
	}
	v, err := store.Read(ctx, k.Storage.Secret, i.Version)
	return v.Secret, err
}
