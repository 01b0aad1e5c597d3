package providertest

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/providers/fake"
)

// addValueCalls adds the calls that are about a bare value, and the one about
// the administrator's credential.
func (r *rig) addValueCalls(t testing.TB, add func(string, func(context.Context, fake.Key) error)) {
	t.Helper()
	if p, ok := can[providers.Identifier](r, providers.CanIdentify); ok {
		add(opIdentify, func(ctx context.Context, k fake.Key) error {
			id, err := p.Identify(ctx, keyturn.NewSecret(k.Secret))
			if err == nil && id != k.ID {
				t.Errorf("Identify says %q, the value is that of %s", id, k.ID)
			}
			return err
		})
	}
	if p, ok := can[providers.ValueRevoker](r, providers.CanRevokeValue); ok {
		add(opRevokeValue, func(ctx context.Context, k fake.Key) error { return p.RevokeValue(ctx, keyturn.NewSecret(k.Secret)) })
	}
	if p, ok := can[providers.PermissionChecker](r, providers.CanCheckPermissions); ok {
		add(opPermissions, func(ctx context.Context, k fake.Key) error {
			all, err := p.CheckPermissions(ctx, k.Principal)
			r.noLeak(t, "a permission", fmt.Sprintf("%+v", all))
			return err
		})
	}
}

// elsewhere is a key of another account.
func (r *rig) elsewhere(t testing.TB) fake.Key {
	t.Helper()
	l := fake.NewLedger(r.opts)
	_ = r.h.Fake(l) // it sets the ledger's format
	p := r.principal(1)
	if p != "" {
		l.AddPrincipal(p)
	}
	k, err := l.Mint("seed", fake.Draft{Principal: p, Label: "elsewhere/g1"})
	if err != nil {
		t.Fatalf("seeding another fake: %v", err)
	}
	return k
}

// stranger is a value of the right shape that this vendor never gave out.
func (r *rig) stranger(t testing.TB) keyturn.Secret {
	return keyturn.NewSecret(r.elsewhere(t).Secret)
}

// identify asks whether a leaked value finds its key, and whether one that is
// none of the account's is told apart from trouble.
func identify(t testing.TB, h Harness) {
	r := h.start(t, false)
	p := must[providers.Identifier](t, r)
	for n := range 3 {
		k := r.seed(t, r.principal(1+n/2), keyturn.Label("orders", n))
		id, err := p.Identify(r.ctx, keyturn.NewSecret(k.Secret))
		r.want(t, "Identify", err, "")
		if id != k.ID {
			t.Errorf("Identify says %q, the value is that of %s", id, k.ID)
		}
	}
	changes := len(r.ledger.Log())
	id, err := p.Identify(r.ctx, r.stranger(t))
	r.want(t, "Identify(a value this vendor never gave out)", err, keyturn.NotFound)
	if id != "" {
		t.Errorf("Identify of a stranger's value says %q, want nothing", id)
	}
	gone := r.wrong(t) // which the vendor may still remember
	_, err = p.Identify(r.ctx, gone)
	r.want(t, "Identify(a revoked key's value)", err, "", keyturn.NotFound)
	_, err = p.Identify(r.ctx, keyturn.Secret{})
	r.want(t, "Identify(no value)", err, keyturn.NotFound, keyturn.Invalid)
	if n := len(r.ledger.Log()); n != changes+2 { // wrong mints one key and revokes it
		t.Errorf("Identify changed something at the vendor: %+v", r.ledger.Log())
	}
}

// revokeValue asks for the kill switch: the key behind a value must die, that
// key only, and asking again must do no harm.
func revokeValue(t testing.TB, h Harness) {
	r := h.start(t, false)
	p := must[providers.ValueRevoker](t, r)
	k := r.seed(t, r.principal(1), "orders/g1")
	r.seed(t, r.principal(1), "orders/g2")
	value := keyturn.NewSecret(k.Secret)
	for _, op := range []string{"RevokeValue", "RevokeValue again"} {
		r.want(t, op, p.RevokeValue(r.ctx, value), "")
		if got := r.ledger.IDs(fake.Revoked); !slices.Equal(got, []string{k.ID}) {
			t.Errorf("after %s the vendor has revoked %v, want exactly %s", op, got, k.ID)
		}
	}
	r.want(t, "RevokeValue(a value this vendor never gave out)", p.RevokeValue(r.ctx, r.stranger(t)), "", keyturn.NotFound)
	r.want(t, "RevokeValue(no value)", p.RevokeValue(r.ctx, keyturn.Secret{}), keyturn.Invalid, keyturn.NotFound)
	if got := r.ledger.IDs(fake.Revoked); len(got) != 1 {
		t.Errorf("values that open nothing ended %v", got[1:])
	}
	if v, ok := can[providers.Verifier](r, providers.CanVerify); ok {
		r.clock.advance(r.Info().Settle)
		r.want(t, "Verify(value revoked)", v.Verify(r.ctx, k.ID, value), keyturn.Denied)
	}
}

// permissions asks whether an administrator credential that may do everything
// is seen to, whether one that may do nothing is not, and whether asking is
// harmless.
func permissions(t testing.TB, h Harness) {
	r := h.start(t, false)
	p := must[providers.PermissionChecker](t, r)
	one := r.principal(1)
	r.seed(t, one, "orders/g1")
	changes := len(r.ledger.Log())
	for range 2 {
		all, err := p.CheckPermissions(r.ctx, one)
		r.want(t, "CheckPermissions", err, "")
		if len(all) == 0 {
			t.Error("CheckPermissions names no permission")
		}
		named := map[string]bool{}
		for _, x := range all {
			if x.Name == "" || x.Need == "" || named[x.Name] {
				t.Errorf("CheckPermissions: %+v must have a name of its own, and say what it is needed for", x)
			}
			if !x.Granted {
				t.Errorf("CheckPermissions: %q is not granted to a credential that may do everything", x.Name)
			}
			named[x.Name] = true
		}
	}
	if one != "" {
		_, err := p.CheckPermissions(r.ctx, "")
		r.want(t, "CheckPermissions of the account", err, "", keyturn.Invalid)
	}
	r.faults.Set(fake.Rule{Status: 403, Text: canary + "-quoted", Match: r.counted})
	all, err := p.CheckPermissions(r.ctx, one)
	r.want(t, "CheckPermissions answered 403", err, h.expected(opPermissions, 403)...)
	for _, x := range all {
		if x.Granted {
			t.Errorf("CheckPermissions: %q is granted to a credential that may do nothing", x.Name)
		}
	}
	if n := len(r.ledger.Log()); n != changes {
		t.Errorf("CheckPermissions changed something at the vendor: %+v", r.ledger.Log()[changes:])
	}
}

// unsupported asks whether what the provider can do elsewhere, but not here,
// is refused in so many words, and before anything happens.
func unsupported(t testing.TB, h Harness) {
	if len(h.Unsupported) == 0 {
		return
	}
	r := h.start(t, false)
	k := r.seed(t, r.principal(1), "orders/g1")
	value := keyturn.NewSecret(k.Secret)
	changes := len(r.ledger.Log())
	for _, c := range h.Unsupported {
		var err error
		switch p := r.Provider; c {
		case providers.CanMint:
			_, err = p.(providers.Minter).Mint(r.ctx, providers.MintRequest{Principal: k.Principal, Label: "orders/g2", Permissions: h.Permissions})
		case providers.CanList:
			_, err = collect(r.ctx, p.(providers.Lister), k.Principal)
		case providers.CanVerify:
			err = p.(providers.Verifier).Verify(r.ctx, k.ID, value)
		case providers.CanSuspend:
			err = p.(providers.Suspender).Disable(r.ctx, k.Principal, k.ID)
			r.want(t, "Enable, which is Unsupported", p.(providers.Suspender).Enable(r.ctx, k.Principal, k.ID), keyturn.Unsupported)
		case providers.CanRevoke:
			err = p.(providers.Revoker).Revoke(r.ctx, k.Principal, k.ID)
		case providers.CanLastUsed:
			_, err = p.(providers.UsageReader).LastUsed(r.ctx, k.Principal, k.ID)
		case providers.CanIdentify:
			_, err = p.(providers.Identifier).Identify(r.ctx, value)
		case providers.CanRevokeValue:
			err = p.(providers.ValueRevoker).RevokeValue(r.ctx, value)
		case providers.CanCheckPermissions:
			_, err = p.(providers.PermissionChecker).CheckPermissions(r.ctx, k.Principal)
		case providers.CanReadUses:
			_, err = readUses(r.ctx, p.(providers.UseReader), query(k, k.Created))
		case providers.CanLocate:
			_, err = p.(providers.Locator).Locate(r.ctx, k.ID)
		default:
			t.Errorf("Harness.Unsupported names %q, which is no capability", c)
			continue
		}
		r.want(t, c+", which is Unsupported", err, keyturn.Unsupported)
	}
	if n := len(r.requests.take()); n != 0 {
		t.Errorf("what is Unsupported made %d requests, want none", n)
	}
	if len(r.ledger.Log()) != changes {
		t.Errorf("what is Unsupported changed something at the vendor: %+v", r.ledger.Log()[changes:])
	}
}
