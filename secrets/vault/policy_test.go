package vault_test

import (
	"context"
	"os"
	"regexp"
	"testing"

	"github.com/hashicorp/vault/api"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/secrets/vault"
	"github.com/keyturn/keyturn/servertest"
)

// documented returns the policies of a page of docs by name, so that what
// people paste is what is tested.
func documented(t *testing.T, page string) map[string]string {
	t.Helper()
	text, err := os.ReadFile("../../docs/" + page)
	if err != nil {
		t.Fatal(err)
	}
	policies := map[string]string{}
	for _, m := range regexp.MustCompile("(?s)```hcl ([a-z-]+)\n(.*?)```").FindAllSubmatch(text, -1) {
		policies[string(m[1])] = string(m[2])
	}
	return policies
}

// limited is a token with one policy and no more.
func limited(t *testing.T, root *api.Client, name, policy string) string {
	t.Helper()
	if err := root.Sys().PutPolicy(name, policy); err != nil {
		t.Fatalf("policy %s: %v", name, err)
	}
	s, err := root.Auth().Token().Create(&api.TokenCreateRequest{Policies: []string{name}, TTL: "1h"})
	if err != nil {
		t.Fatal(err)
	}
	return s.Auth.ClientToken
}

func TestDocumentedPolicies(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	b := newBench(t)
	policies := documented(t, "stores.md")
	for _, name := range []string{"keyturn", "consumer", "broad-consumer"} {
		if policies[name] == "" {
			t.Fatalf("docs/stores.md has no policy %q", name)
		}
	}
	cfg := rootConfig(t, b.server)
	cfg.Auth.Token = &vault.TokenAuth{File: file(t, limited(t, b.root, "keyturn", policies["keyturn"]))}
	b.place(map[string]any{"key": "old", "key_id": "rk_0"})
	b.store = open(t, cfg)

	// Everything Keyturn does works with the documented policy.
	v1, v2 := b.stage(1), b.stage(2)
	b.promote("kv:1", v1)
	b.promote(v1, v2)
	b.promote(v2, v1)
	b.promote(v1, v2)
	b.write("secret/delete/payments/stripe-live", map[string]any{"versions": []int{1, 2}})
	b.destroy(v1)
	b.destroy("kv:1")
	for version, gone := range map[string]bool{"1": true, "2": true, "3": false, "4": true, "5": false} {
		if b.destroyed(version) != gone {
			t.Errorf("KV version %s: destroyed is %v", version, !gone)
		}
	}
	v3 := b.stage(3)
	if _, err := b.store.Find(ctx, ref(path), string(v3)); err != nil {
		t.Errorf("Find: %v", err)
	}

	// And nothing else does.
	other := ref("secret/other/stripe-live")
	_, err := b.store.Current(ctx, other)
	wantKind(t, err, keyturn.Denied, "secret/data/other/stripe-live")
	_, err = b.store.Stage(ctx, other, draft(1))
	wantKind(t, err, keyturn.Denied)

	// Consumers read what is promoted, and never what is staged.
	const staged = "secret/data/keyturn-staged/payments/stripe-live/payments-stripe~g3"
	if b.look(staged)["key"] != canary+"3" {
		t.Fatal("the staged value is not where this test looks for it")
	}
	for _, name := range []string{"consumer", "broad-consumer"} {
		consumer := admin(t, b.server)
		consumer.SetToken(limited(t, b.root, name, policies[name]))
		if s, err := consumer.Logical().Read("secret/data/payments/stripe-live"); err != nil || s == nil {
			t.Errorf("%s cannot read its own path: %v", name, err)
		}
		if s, err := consumer.Logical().Read(staged); err == nil {
			t.Errorf("%s can read the staged path: %v", name, s != nil)
		}
	}
}

// TestSupplierPolicy: a person with the documented policy may supply a value,
// and supply it anew, and may change nothing that consumers read.
func TestSupplierPolicy(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	server := servertest.StartVault(t)
	root := admin(t, server)
	policy := documented(t, "manual-rotation.md")["supplier"]
	if policy == "" {
		t.Fatal("docs/manual-rotation.md has no policy supplier")
	}
	cfg := rootConfig(t, server)
	cfg.Auth.Token = &vault.TokenAuth{File: file(t, limited(t, root, "supplier", policy))}
	store, own := open(t, cfg), ref("secret/partner/portal")
	if _, err := root.Logical().Write("secret/data/partner/portal", map[string]any{"data": map[string]any{"key": "old"}}); err != nil {
		t.Fatal(err)
	}
	for n := range 2 {
		if err := store.Destroy(ctx, own, keyturn.SecretVersion(draft(1).Label)); err != nil {
			t.Fatalf("supplying for the %d. time: %v", n+1, err)
		}
		if _, err := store.Stage(ctx, own, draft(1)); err != nil {
			t.Fatalf("supplying for the %d. time: %v", n+1, err)
		}
	}
	if _, err := store.Current(ctx, own); err != nil {
		t.Errorf("looking at what consumers read: %v", err)
	}
	wantKind(t, store.Promote(ctx, own, "kv:1", keyturn.SecretVersion(draft(1).Label)), keyturn.Denied)
	_, err := store.Stage(ctx, ref("secret/payments/stripe-live"), draft(1))
	wantKind(t, err, keyturn.Denied)
}

// A refusal by policy is not a dead token: it must not cost a login each.
func TestDeniedDoesNotLogInAgain(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	server := servertest.StartVault(t)
	root := admin(t, server)
	cfg := appRole(t, server, root, "once", map[string]any{"secret_id_num_uses": 1, "token_ttl": "1h"})
	store := open(t, cfg)
	for range 3 {
		_, err := store.Current(ctx, ref("secret/other/stripe-live"))
		wantKind(t, err, keyturn.Denied)
	}
	if _, err := store.Stage(ctx, ref("secret/payments/once"), draft(1)); err != nil {
		t.Errorf("Stage: %v", err)
	}
}
