package providertest

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/providers/fake"
)

// mint makes a key through the provider.
func (r *rig) mint(t testing.TB, principal, label string) providers.Minted {
	t.Helper()
	got, err := must[providers.Minter](t, r).Mint(r.ctx, providers.MintRequest{Principal: principal, Label: label, Permissions: r.h.Permissions})
	if err != nil {
		t.Fatalf("Mint: %v", err)
	}
	r.keep(got.Secret)
	return got
}

// public is what the ledger holds of a value.
func (h Harness) public(s keyturn.Secret) string {
	if h.Public != nil {
		return h.Public(s.Expose())
	}
	return s.Expose()
}

// wrong is a value of the right shape that opens nothing.
func (r *rig) wrong(t testing.TB) keyturn.Secret {
	t.Helper()
	k := r.seed(t, r.principal(9000), "wrong/g1")
	if err := r.ledger.Revoke("seed", "", k.ID); err != nil {
		t.Fatal(err)
	}
	return keyturn.NewSecret(k.Secret)
}

// mintThenVerify asks whether a new key works, and whether nothing else does.
func mintThenVerify(t testing.TB, h Harness) {
	r := h.start(t, false)
	v := must[providers.Verifier](t, r)
	got := r.mint(t, r.principal(1), "orders/g1")
	r.want(t, "Verify(new key)", v.Verify(r.ctx, got.Key.ID, got.Secret), "")
	r.want(t, "Verify(wrong value)", v.Verify(r.ctx, got.Key.ID, r.wrong(t)), keyturn.Denied)
	r.want(t, "Verify(no value)", v.Verify(r.ctx, got.Key.ID, keyturn.Secret{}), keyturn.Denied, keyturn.Invalid)
}

// mintIsRecorded asks whether Mint made exactly the key it was asked for, once.
func mintIsRecorded(t testing.TB, h Harness) {
	r := h.start(t, false)
	p := must[providers.Minter](t, r)
	req := providers.MintRequest{Principal: r.principal(1), Label: "orders/g7", Permissions: h.Permissions}
	if h.Expires {
		req.Expires = r.clock.Now().Add(90 * 24 * time.Hour)
	}
	got, err := p.Mint(r.ctx, req)
	if err != nil {
		t.Fatalf("Mint: %v", err)
	}
	r.keep(got.Secret)
	ids := r.ledger.IDs(fake.Minted)
	k, ok := r.ledger.Find(got.Key.ID)
	if len(ids) != 1 || !ok || k.Secret != h.public(got.Secret) {
		t.Fatalf("minted %q, the fake has %v; both must have one key with one value", got.Key.ID, ids)
	}
	if who := r.ledger.Log()[0].Who; who == "" {
		t.Error("the fake does not say who minted; pass the administrator's name to Ledger.Mint")
	}
	want := providers.RemoteKey{ID: k.ID, Principal: req.Principal, Created: got.Key.Created, Enabled: true}
	if r.Info().Labels {
		want.Label = req.Label
		if k.Label != req.Label {
			t.Errorf("the vendor keeps the label %q, want %q", k.Label, req.Label)
		}
	}
	if got.Key != want {
		t.Errorf("Mint returned %+v, want %+v", got.Key, want)
	}
	if d := got.Key.Created.Sub(k.Created).Abs(); d > time.Second {
		t.Errorf("Created = %v, the vendor says %v", got.Key.Created, k.Created)
	}
	if len(h.Permissions) > 0 && !slices.Equal(k.Permissions, h.Permissions) {
		t.Errorf("the key may %q, asked for %q", k.Permissions, h.Permissions)
	}
	if h.Expires && k.Expires.Sub(req.Expires).Abs() > time.Minute {
		t.Errorf("the key ends %v, asked for %v", k.Expires, req.Expires)
	}
}

// slots asks whether a full principal is told apart from other refusals: the
// workflow stops and asks a person instead of trying again.
func slots(t testing.TB, h Harness) {
	r := h.start(t, false)
	p := must[providers.Minter](t, r)
	n := r.Info().MaxLive
	for i := range cmp.Or(n, 12) {
		r.mint(t, r.principal(1), keyturn.Label("orders", i))
	}
	if n == 0 {
		return
	}
	_, err := p.Mint(r.ctx, providers.MintRequest{Principal: r.principal(1), Label: "orders/g99", Permissions: h.Permissions})
	r.want(t, "Mint into a full principal", err, keyturn.Exhausted)
	if got := len(r.ledger.Live(r.principal(1))); got != n {
		t.Errorf("the full principal has %d keys now, want %d", got, n)
	}
}

// suspendAndResume asks whether a key can be switched off and on, as often as
// a workflow may try.
func suspendAndResume(t testing.TB, h Harness) {
	r := h.start(t, false)
	s := must[providers.Suspender](t, r)
	k, other := r.seed(t, r.principal(1), "orders/g1"), r.seed(t, r.principal(1), "orders/g2")
	for _, on := range []bool{false, true, false} {
		op, do := "Disable", s.Disable
		if on {
			op, do = "Enable", s.Enable
		}
		for range 2 {
			r.want(t, op, do(r.ctx, k.Principal, k.ID), "")
		}
		if got, _ := r.ledger.Find(k.ID); got.Enabled != on {
			t.Errorf("after %s the vendor has Enabled = %t", op, got.Enabled)
		}
		if v, ok := can[providers.Verifier](r, providers.CanVerify); ok {
			r.want(t, "Verify after "+op, v.Verify(r.ctx, k.ID, keyturn.NewSecret(k.Secret)),
				map[bool]keyturn.Kind{true: "", false: keyturn.Denied}[on])
		}
		if l, ok := can[providers.Lister](r, providers.CanList); ok {
			for got, err := range l.List(r.ctx, k.Principal) {
				if err != nil || got.ID == k.ID && got.Enabled != on {
					t.Errorf("List after %s: %+v, error %v", op, got, err)
				}
			}
		}
	}
	if got, _ := r.ledger.Find(other.ID); !got.Enabled {
		t.Error("another key was switched off")
	}
}

// revokeTwice asks whether revoking can be repeated, and hits one key only.
func revokeTwice(t testing.TB, h Harness) {
	r := h.start(t, false)
	k := r.seed(t, r.principal(1), "orders/g1")
	r.seed(t, r.principal(1), "orders/g2")
	for _, op := range []string{"Revoke", "Revoke again"} {
		r.want(t, op, must[providers.Revoker](t, r).Revoke(r.ctx, k.Principal, k.ID), "")
		if got := r.ledger.IDs(fake.Revoked); !slices.Equal(got, []string{k.ID}) {
			t.Errorf("after %s the vendor has revoked %v, want exactly %s", op, got, k.ID)
		}
	}
}

// revokedIsRefused asks for the proof of death.
func revokedIsRefused(t testing.TB, h Harness) {
	r := h.start(t, false)
	k := r.seed(t, r.principal(1), "orders/g1")
	v := must[providers.Verifier](t, r)
	r.want(t, "Verify(living key)", v.Verify(r.ctx, k.ID, keyturn.NewSecret(k.Secret)), "")
	r.want(t, "Revoke", must[providers.Revoker](t, r).Revoke(r.ctx, k.Principal, k.ID), "")
	r.want(t, "Verify(revoked key)", v.Verify(r.ctx, k.ID, keyturn.NewSecret(k.Secret)), keyturn.Denied)
}

// lastUsedFollowsUse asks whether an old key can be seen to have gone quiet.
// A vendor may know the day only.
func lastUsedFollowsUse(t testing.TB, h Harness) {
	r := h.start(t, false)
	u := must[providers.UsageReader](t, r)
	k := r.seed(t, r.principal(1), "orders/g1")
	read := func() time.Time {
		at, err := u.LastUsed(r.ctx, k.Principal, k.ID)
		if err != nil {
			t.Fatalf("LastUsed: %v", err)
		}
		return at
	}
	if at := read(); !at.IsZero() {
		t.Errorf("LastUsed of a key never used = %v, want the zero time", at)
	}
	for range 2 {
		r.clock.advance(72 * time.Hour)
		used := r.clock.Now()
		r.ledger.Use(k.ID)
		if at := read(); at.After(used.Add(time.Second)) || used.Sub(at) > 24*time.Hour {
			t.Errorf("LastUsed = %v, the key was used %v", at, used)
		}
	}
}

// settles asks whether the provider tells an unsettled key from trouble:
// "not yet" must arrive as Denied, and Info.Settle must suffice.
func settles(t testing.TB, h Harness) {
	r := h.start(t, true)
	v, wait := must[providers.Verifier](t, r), r.Info().Settle
	got := r.mint(t, r.principal(1), "orders/g1")
	if wait > 0 {
		r.want(t, "Verify(key just minted)", v.Verify(r.ctx, got.Key.ID, got.Secret), keyturn.Denied)
	}
	r.clock.advance(wait)
	r.want(t, "Verify(settled key)", v.Verify(r.ctx, got.Key.ID, got.Secret), "")
	if p, ok := can[providers.Revoker](r, providers.CanRevoke); ok {
		r.want(t, "Revoke", p.Revoke(r.ctx, got.Key.Principal, got.Key.ID), "")
		r.want(t, "Verify(key just revoked)", v.Verify(r.ctx, got.Key.ID, got.Secret), "", keyturn.Denied)
		r.clock.advance(wait)
		r.want(t, "Verify(key revoked for good)", v.Verify(r.ctx, got.Key.ID, got.Secret), keyturn.Denied)
	}
}
