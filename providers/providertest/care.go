package providertest

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/providers/fake"
)

// cancelled asks whether a caller that gives up gets its own error back, at
// once, whether the request was under way or not.
func cancelled(t testing.TB, h Harness) {
	r := h.start(t, false)
	for _, c := range r.calls(t) {
		ctx, cancel := context.WithCancel(r.ctx)
		cancel()
		if err := c.do(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("%s after its context was cancelled: %v, want context.Canceled", c.op, err)
		}
	}
	// A caller that stays would get its answer after all.
	r.faults.Set(fake.Rule{Delay: keyturn.Duration(3 * time.Second), Match: r.counted})
	for _, c := range r.calls(t) {
		ctx, cancel := context.WithCancel(r.ctx)
		defer cancel()
		r.faults.Hook(func(req *http.Request) {
			if r.counted(req) {
				cancel()
			}
		}, nil)
		if err := c.do(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("%s cancelled under way: %v, want context.Canceled", c.op, err)
			return
		}
	}
}

// unknownKey asks about keys that are gone.
func unknownKey(t testing.TB, h Harness) {
	r := h.start(t, false)
	k := r.seed(t, r.principal(1), "orders/g1")
	if err := r.ledger.Revoke("seed", "", k.ID); err != nil {
		t.Fatal(err)
	}
	if s, ok := can[providers.Suspender](r, providers.CanSuspend); ok {
		r.want(t, "Disable of a key that is gone", s.Disable(r.ctx, k.Principal, k.ID), keyturn.NotFound)
		r.want(t, "Enable of a key that is gone", s.Enable(r.ctx, k.Principal, k.ID), keyturn.NotFound)
	}
	if u, ok := can[providers.UsageReader](r, providers.CanLastUsed); ok {
		_, err := u.LastUsed(r.ctx, k.Principal, k.ID)
		r.want(t, "LastUsed of a key that is gone", err, keyturn.NotFound)
	}
	if p, ok := can[providers.Revoker](r, providers.CanRevoke); ok {
		r.want(t, "Revoke of a key that is gone", p.Revoke(r.ctx, k.Principal, k.ID), "")
	}
}

// strangeIDs asks whether an id that went wrong on its way can end anything.
func strangeIDs(t testing.TB, h Harness) {
	r := h.start(t, false)
	p := must[providers.Revoker](t, r)
	k := r.seed(t, r.principal(1), "orders/g1")
	r.want(t, "Revoke of no id", p.Revoke(r.ctx, k.Principal, ""), keyturn.Invalid)
	if n := len(r.requests.take()); n != 0 {
		t.Errorf("Revoke of no id made %d requests, want none", n)
	}
	for _, id := range []string{".", "..", "/", "../" + k.ID, k.ID + "/", k.ID + "?x=", k.ID + "#", k.ID + "&x=", k.ID + " ", k.ID + "%00", k.ID + "%2f"} {
		_ = p.Revoke(r.ctx, k.Principal, id) // refused or gone already: either will do
		if n := len(r.ledger.IDs(fake.Revoked)); n != 0 {
			t.Fatalf("Revoke(%q) ended %s; escape ids", id, k.ID)
		}
	}
	r.want(t, "Revoke", p.Revoke(r.ctx, k.Principal, k.ID), "")
}

// concurrent asks whether calls made at once keep out of each other's way.
func concurrent(t testing.TB, h Harness) {
	r := h.start(t, false)
	const n = 8
	type outcome struct {
		label string
		providers.Minted
		err error
	}
	results := make(chan outcome, n)
	p := must[providers.Minter](t, r)
	for i := range n {
		principal, label := r.principal(i), keyturn.Label("orders", i)
		go func() {
			m, err := p.Mint(r.ctx, providers.MintRequest{Principal: principal, Label: label, Permissions: h.Permissions})
			results <- outcome{label, m, err}
		}()
	}
	ids := map[string]bool{}
	for range n {
		got := <-results
		if got.err != nil {
			t.Errorf("Mint among others: %v", got.err)
			continue
		}
		k, ok := r.ledger.Find(got.Key.ID)
		if !ok || ids[k.ID] || k.Secret != h.public(got.Secret) || r.Info().Labels && k.Label != got.label {
			t.Errorf("Mint(%s) among others returned %+v, the vendor has %s %s", got.label, got.Key, k.ID, k.Label)
		}
		ids[k.ID] = true
	}
}
