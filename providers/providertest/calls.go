package providertest

import (
	"context"
	"slices"
	"testing"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/providers/fake"
)

// The names of calls, as they stand in Harness.Expect and in reports.
const (
	opMint     = "Mint"
	opList     = "List"
	opVerify   = "Verify"
	opDisable  = "Disable"
	opEnable   = "Enable"
	opRevoke   = "Revoke"
	opLastUsed = "LastUsed"

	opIdentify    = "Identify"
	opRevokeValue = "RevokeValue"
	opPermissions = "CheckPermissions"

	opUses   = "Uses"
	opLocate = "Locate"
)

// A call is one thing the provider can do, ready to be done.
type call struct {
	op  string
	key fake.Key // what it is done to; zero for Mint and List
	do  func(context.Context) error
}

// calls returns one call per method the provider has, each with a principal
// and a key of its own.
func (r *rig) calls(t testing.TB) []call {
	t.Helper()
	var out []call
	n := 0
	add := func(op string, do func(ctx context.Context, k fake.Key) error) {
		n++
		k := r.seed(t, r.principal(n), op+"/g1")
		out = append(out, call{op, k, func(ctx context.Context) error { return do(ctx, k) }})
	}
	if p, ok := can[providers.Minter](r, providers.CanMint); ok {
		add(opMint, func(ctx context.Context, k fake.Key) error {
			m, err := p.Mint(ctx, providers.MintRequest{Principal: k.Principal, Label: "fresh/g2", Permissions: r.h.Permissions})
			if err == nil && (m.Secret.IsZero() || m.Key.ID == "") {
				t.Errorf("Mint succeeded without an id and a value")
			}
			r.keep(m.Secret)
			return err
		})
	}
	if p, ok := can[providers.Verifier](r, providers.CanVerify); ok {
		add(opVerify, func(ctx context.Context, k fake.Key) error { return p.Verify(ctx, k.ID, keyturn.NewSecret(k.Secret)) })
	}
	if p, ok := can[providers.Suspender](r, providers.CanSuspend); ok {
		add(opDisable, func(ctx context.Context, k fake.Key) error { return p.Disable(ctx, k.Principal, k.ID) })
		add(opEnable, func(ctx context.Context, k fake.Key) error { return p.Enable(ctx, k.Principal, k.ID) })
	}
	if p, ok := can[providers.UsageReader](r, providers.CanLastUsed); ok {
		add(opLastUsed, func(ctx context.Context, k fake.Key) error {
			_, err := p.LastUsed(ctx, k.Principal, k.ID)
			return err
		})
	}
	if p, ok := can[providers.Lister](r, providers.CanList); ok {
		add(opList, func(ctx context.Context, k fake.Key) error {
			_, err := collect(ctx, p, k.Principal)
			return err
		})
	}
	r.addValueCalls(t, add)
	if p, ok := can[providers.UseReader](r, providers.CanReadUses); ok {
		add(opUses, func(ctx context.Context, k fake.Key) error {
			_, err := readUses(ctx, p, query(k, k.Created))
			return err
		})
	}
	if p, ok := can[providers.Locator](r, providers.CanLocate); ok {
		add(opLocate, func(ctx context.Context, k fake.Key) error {
			got, err := p.Locate(ctx, k.ID)
			if err == nil && got.ID != k.ID {
				t.Errorf("Locate found %q, asked for %s", got.ID, k.ID)
			}
			return err
		})
	}
	if p, ok := can[providers.Revoker](r, providers.CanRevoke); ok {
		add(opRevoke, func(ctx context.Context, k fake.Key) error { return p.Revoke(ctx, k.Principal, k.ID) })
	}
	return out
}

// collect reads a whole listing. It fails if keys come after an error.
func collect(ctx context.Context, p providers.Lister, principal string) ([]providers.RemoteKey, error) {
	var out []providers.RemoteKey
	var failed error
	for k, err := range p.List(ctx, principal) {
		if failed != nil {
			return nil, keyturn.Errorf(keyturn.Invalid, "list", "went on after an error")
		}
		if failed = err; err == nil {
			out = append(out, k)
		}
	}
	return out, failed
}

// can returns the provider as capability C, if it has it and the harness does
// not say that it is Unsupported here.
func can[C any](r *rig, capability string) (C, bool) {
	c, ok := r.Provider.(C)
	return c, ok && !slices.Contains(r.h.Unsupported, capability)
}

// must returns the provider as capability C. Info reports a capability that
// went missing; the other questions only need not to crash.
func must[C any](t testing.TB, r *rig) C {
	t.Helper()
	c, ok := r.Provider.(C)
	if !ok {
		t.Fatalf("the provider is not a %T", (*C)(nil))
	}
	return c
}
