package vault_test

import (
	"context"
	"testing"

	"github.com/hashicorp/vault/api"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/secrets"
	"github.com/keyturn/keyturn/secrets/vault"
	"github.com/keyturn/keyturn/servertest"
)

// A bench is a fresh Vault, a Store on it, and the root's view behind it.
type bench struct {
	*testing.T
	server *servertest.VaultServer
	store  *vault.Store
	root   *api.Client
}

func newBench(t *testing.T) *bench {
	t.Helper()
	server := servertest.StartVault(t)
	b := &bench{T: t, server: server, store: open(t, rootConfig(t, server)), root: admin(t, server)}
	// A server given by the environment keeps its data.
	for _, p := range []string{
		"payments/stripe-live", "keyturn-staged/payments/stripe-live/payments-stripe~g1",
		"keyturn-staged/payments/stripe-live/payments-stripe~g2", "keyturn-staged/payments/stripe-live/payments-stripe~g3",
	} {
		b.delete("secret/metadata/" + p)
	}
	return b
}

func (b *bench) write(path string, data map[string]any) {
	b.Helper()
	if _, err := b.root.Logical().Write(path, data); err != nil {
		b.Fatalf("root: write %s: %v", path, err)
	}
}

func (b *bench) delete(path string) {
	b.Helper()
	if _, err := b.root.Logical().Delete(path); err != nil {
		b.Fatalf("root: delete %s: %v", path, err)
	}
}

// place writes a version of the consumers' path by hand.
func (b *bench) place(data map[string]any) {
	b.Helper()
	b.write("secret/data/payments/stripe-live", map[string]any{"data": data})
}

// look reads what a consumer of a path sees.
func (b *bench) look(path string) map[string]any {
	b.Helper()
	s, err := b.root.Logical().Read(path)
	if err != nil || s == nil {
		b.Fatalf("root: read %s: %v, %v", path, s, err)
	}
	data, _ := s.Data["data"].(map[string]any)
	return data
}

func (b *bench) metadata() map[string]any {
	b.Helper()
	s, err := b.root.Logical().Read("secret/metadata/payments/stripe-live")
	if err != nil || s == nil {
		b.Fatalf("root: read metadata: %v, %v", s, err)
	}
	return s.Data
}

func (b *bench) destroyed(version string) bool {
	b.Helper()
	v, _ := b.metadata()["versions"].(map[string]any)[version].(map[string]any)
	destroyed, _ := v["destroyed"].(bool)
	return destroyed
}

func (b *bench) stage(n int) keyturn.SecretVersion {
	b.Helper()
	v, err := b.store.Stage(context.Background(), ref(path), draft(n))
	if err != nil {
		b.Fatalf("Stage: %v", err)
	}
	return v.Name
}

func (b *bench) promote(from, to keyturn.SecretVersion) {
	b.Helper()
	if err := b.store.Promote(context.Background(), ref(path), from, to); err != nil {
		b.Fatalf("Promote(%q → %q): %v", from, to, err)
	}
}

func (b *bench) destroy(v keyturn.SecretVersion) {
	b.Helper()
	if err := b.store.Destroy(context.Background(), ref(path), v); err != nil {
		b.Fatalf("Destroy(%s): %v", v, err)
	}
}

func (b *bench) current(want keyturn.SecretVersion) secrets.Version {
	b.Helper()
	v, err := b.store.Current(context.Background(), ref(path))
	if want == "" {
		wantKind(b.T, err, keyturn.NotFound)
	} else if err != nil || v.Name != want {
		b.Fatalf("Current: got %v, %v, want %s", v, err, want)
	}
	return v
}
