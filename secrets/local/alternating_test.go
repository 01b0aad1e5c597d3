package local_test

import (
	"context"
	"iter"
	"sync/atomic"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/secrets"
	"github.com/keyturn/keyturn/secrets/local"
)

// alternating sends each call to the next of several Stores.
type alternating struct {
	stores []*local.Store
	calls  atomic.Int64
}

func (a *alternating) pick() *local.Store {
	return a.stores[int(a.calls.Add(1))%len(a.stores)]
}

func (a *alternating) Stage(ctx context.Context, ref keyturn.SecretRef, d secrets.Draft) (secrets.Version, error) {
	return a.pick().Stage(ctx, ref, d)
}

func (a *alternating) Find(ctx context.Context, ref keyturn.SecretRef, label string) (secrets.Version, error) {
	return a.pick().Find(ctx, ref, label)
}

func (a *alternating) Current(ctx context.Context, ref keyturn.SecretRef) (secrets.Version, error) {
	return a.pick().Current(ctx, ref)
}

func (a *alternating) Promote(ctx context.Context, ref keyturn.SecretRef, from, to keyturn.SecretVersion) error {
	return a.pick().Promote(ctx, ref, from, to)
}

func (a *alternating) Read(ctx context.Context, ref keyturn.SecretRef, v keyturn.SecretVersion) (secrets.Value, error) {
	return a.pick().Read(ctx, ref, v)
}

func (a *alternating) Destroy(ctx context.Context, ref keyturn.SecretRef, v keyturn.SecretVersion) error {
	return a.pick().Destroy(ctx, ref, v)
}

func (a *alternating) List(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return a.pick().List(ctx, prefix)
}
