package activities

import (
	"context"
	"math"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// crowd keeps a sweep from starting keys of one principal together where their
// operations exclude each other, because the vendor keeps no labels: all but one
// would only wait. Whether it keeps them the registry does not know, but what is
// under way shows it. Where nothing is, one key goes ahead.
type crowd struct {
	registry registry.Store
	status   registry.AccountStatus
	room     map[string]int // how many more keys of a principal may be started
}

func (s *sweep) crowd(status registry.AccountStatus) crowd {
	return crowd{registry: s.Registry, status: status, room: map[string]int{}}
}

// admits reports whether a key may be started, and takes its place if so. A key
// without a principal excludes none.
func (c crowd) admits(ctx context.Context, k *keyturn.Key) (bool, error) {
	principal := k.Scope.Principal
	if principal == "" {
		return true, nil
	}
	room, known := c.room[principal]
	if !known {
		var err error
		if room, err = c.look(ctx, principal); err != nil {
			return false, err
		}
	}
	c.room[principal] = max(room-1, 0)
	return room > 0, nil
}

// look is how many keys of a principal may be started beside what is under way.
func (c crowd) look(ctx context.Context, principal string) (int, error) {
	if c.status.Running == 0 {
		return 1, nil
	}
	room := 1
	f := registry.Filter{Provider: c.status.Issuer.Provider, Account: c.status.Issuer.Account, Principal: principal, Busy: true, Limit: 10}
	for k, err := range c.registry.Find(ctx, f) {
		switch {
		case err != nil:
			return 0, err
		case k.Intent == nil:
			continue
		case !k.Intent.Exclusive && (k.Intent.ByHand || !k.Intent.Minting.IsZero()):
			return math.MaxInt, nil // a key is made here, and others may be beside it
		}
		room = 0
	}
	return room, nil
}
