package workflows_test

import (
	"context"
	"errors"
	"iter"
	"sync"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/providers/fake"
)

// vendor is a provider over a ledger, without a network between them: the
// workflow tests are about the order of things, not about wire formats.
type vendor struct {
	*fake.Ledger
	info providers.Info

	mu       sync.Mutex
	loseMint int   // so many keys are made without an answer
	verify   error // what Verify says instead of the truth
	revoke   []error
	panics   string // what Verify panics with
	revived  string // the id of a key that works although it was ended
}

var (
	_ providers.Minter      = (*vendor)(nil)
	_ providers.Lister      = (*vendor)(nil)
	_ providers.Verifier    = (*vendor)(nil)
	_ providers.Revoker     = (*vendor)(nil)
	_ providers.UsageReader = (*vendor)(nil)
)

func (v *vendor) Info() providers.Info { return v.info }

func (v *vendor) Mint(_ context.Context, r providers.MintRequest) (providers.Minted, error) {
	k, err := v.Ledger.Mint("keyturn", fake.Draft{Principal: r.Principal, Label: r.Label})
	if errors.Is(err, fake.ErrFull) {
		return providers.Minted{}, keyturn.Errorf(keyturn.Exhausted, "vendor: mint", "full")
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.loseMint > 0 {
		v.loseMint--
		return providers.Minted{}, keyturn.Errorf(keyturn.Unavailable, "vendor: mint", "no answer")
	}
	return providers.Minted{Key: v.remote(k), Secret: keyturn.NewSecret(k.Secret)}, err
}

func (v *vendor) remote(k fake.Key) providers.RemoteKey {
	r := providers.RemoteKey{ID: k.ID, Principal: k.Principal, Created: k.Created, Enabled: k.Enabled}
	if v.info.Labels {
		r.Label = k.Label
	}
	return r
}

func (v *vendor) List(_ context.Context, principal string) iter.Seq2[providers.RemoteKey, error] {
	return func(yield func(providers.RemoteKey, error) bool) {
		for _, k := range v.Live(principal) {
			if !yield(v.remote(k), nil) {
				return
			}
		}
	}
}

func (v *vendor) Verify(_ context.Context, _ string, s keyturn.Secret) error {
	v.mu.Lock()
	says, panics := v.verify, v.panics
	v.mu.Unlock()
	if panics != "" {
		panic(panics)
	}
	if says != nil {
		return says
	}
	k, ok := v.FindSecret(s.Expose())
	v.mu.Lock()
	revived := k.ID != "" && v.revived == k.ID
	v.mu.Unlock()
	if !revived && (!ok || k.Revoked || !k.Enabled) {
		return keyturn.Errorf(keyturn.Denied, "vendor: verify", "refused")
	}
	return nil
}

func (v *vendor) Revoke(_ context.Context, principal, id string) error {
	v.mu.Lock()
	if len(v.revoke) > 0 {
		err := v.revoke[0]
		v.revoke = v.revoke[1:]
		v.mu.Unlock()
		return err
	}
	v.mu.Unlock()
	if err := v.Ledger.Revoke("keyturn", principal, id); err != nil && !errors.Is(err, fake.ErrNoKey) {
		return err
	}
	return nil
}

func (v *vendor) LastUsed(_ context.Context, _, id string) (time.Time, error) {
	k, ok := v.Find(id)
	if !ok {
		return time.Time{}, keyturn.Errorf(keyturn.NotFound, "vendor: last used", "no such key")
	}
	return k.LastUsed, nil
}

// revive has the vendor accept a key that was ended; none for an empty id.
func (v *vendor) revive(id string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.revived = id
}

// suspender is a vendor that can also switch keys off.
type suspender struct{ *vendor }

var _ providers.Suspender = suspender{}

func (s suspender) Disable(_ context.Context, principal, id string) error {
	s.revive("")
	return s.switched(principal, id, false)
}

func (s suspender) Enable(_ context.Context, principal, id string) error {
	return s.switched(principal, id, true)
}

func (s suspender) switched(principal, id string, on bool) error {
	if err := s.SetEnabled("keyturn", principal, id, on); err != nil {
		return keyturn.Errorf(keyturn.NotFound, "vendor: switch", "no such key")
	}
	return nil
}
