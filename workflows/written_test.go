package workflows_test

import (
	"context"
	"fmt"
	"sync"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/secrets"
)

// writable is a store in which a person can write to the path consumers read,
// as one can in Vault and as the local store does not allow.
type writable struct {
	secrets.Store
	mu    sync.Mutex
	n     int
	value *secrets.Value
}

func (s *writable) name() keyturn.SecretVersion {
	return keyturn.SecretVersion(fmt.Sprintf("by hand:%d", s.n))
}

func (s *writable) written() *secrets.Value {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.value
}

func (s *writable) Current(ctx context.Context, ref keyturn.SecretRef) (secrets.Version, error) {
	if v := s.written(); v != nil {
		return secrets.Version{Name: s.name(), RemoteID: v.RemoteID}, nil
	}
	return s.Store.Current(ctx, ref)
}

func (s *writable) Read(ctx context.Context, ref keyturn.SecretRef, v keyturn.SecretVersion) (secrets.Value, error) {
	if w := s.written(); w != nil && v == s.name() {
		return *w, nil
	}
	return s.Store.Read(ctx, ref, v)
}

func (s *writable) Promote(ctx context.Context, ref keyturn.SecretRef, from, to keyturn.SecretVersion) error {
	if s.written() == nil {
		return s.Store.Promote(ctx, ref, from, to)
	}
	if from != s.name() {
		return keyturn.Errorf(keyturn.Conflict, "promote", "somebody else wrote the path")
	}
	below, err := s.Store.Current(ctx, ref)
	if err == nil && below.Name != to {
		err = s.Store.Promote(ctx, ref, below.Name, to)
	}
	if err == nil {
		s.mu.Lock()
		s.value = nil
		s.mu.Unlock()
	}
	return err
}

// writeByHand writes a value where consumers read it, and leaves the old id
// beside it, as people do.
func writeByHand(w *world, value string) {
	s := w.store.(*writable)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n++
	s.value = &secrets.Value{RemoteID: w.stored().Current().RemoteID, Secret: keyturn.NewSecret(value)}
}
