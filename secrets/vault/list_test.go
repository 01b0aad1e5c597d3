package vault_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/vault/api"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/secrets/vault"
	"github.com/keyturn/keyturn/servertest"
)

func listed(t *testing.T, store *vault.Store, prefix string) ([]string, error) {
	t.Helper()
	var paths []string
	for p, err := range store.List(context.Background(), prefix) {
		if err != nil {
			return paths, err
		}
		paths = append(paths, p)
	}
	slices.Sort(paths)
	return paths, nil
}

func wantListed(t *testing.T, store *vault.Store, prefix string, want ...string) {
	t.Helper()
	got, err := listed(t, store, prefix)
	if err != nil {
		t.Fatalf("List(%s): %v", prefix, err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("List(%s) (-want +got):\n%s", prefix, diff)
	}
}

func TestListMount(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	server := servertest.StartVault(t)
	root := admin(t, server)
	_ = root.Sys().Unmount("team/kv")
	if err := root.Sys().Mount("team/kv", &api.MountInput{Type: "kv", Options: map[string]string{"version": "2"}}); err != nil {
		t.Fatal(err)
	}
	cfg := rootConfig(t, server)
	cfg.Mount, cfg.StagedPrefix = "team/kv", "waiting/room"
	store := open(t, cfg)
	eventually(t, func() error { // a new engine sets itself up first
		_, err := store.Stage(ctx, ref("team/kv/stripe"), draft(1))
		return err
	})
	if err := store.Promote(ctx, ref("team/kv/stripe"), "", "payments-stripe/g1"); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{"waiting/list", "search/datadog", "search/old"} {
		if _, err := root.Logical().Write("team/kv/data/"+p, map[string]any{"data": map[string]any{"key": "x"}}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := root.Logical().Delete("team/kv/data/search/old"); err != nil {
		t.Fatal(err)
	}
	// Only the staged folder itself is left out, and a deleted value is still named.
	wantListed(t, store, "team/kv", "team/kv/search/datadog", "team/kv/search/old", "team/kv/stripe", "team/kv/waiting/list")
	wantListed(t, store, "team/kv/search", "team/kv/search/datadog", "team/kv/search/old")
	_, err := store.Current(ctx, ref("team/kv/search/old"))
	wantKind(t, err, keyturn.NotFound)
	_, err = listed(t, store, "team/kv/waiting/room/stripe")
	wantKind(t, err, keyturn.Invalid, "staged")
	_, err = listed(t, store, "secret")
	wantKind(t, err, keyturn.Invalid, "team/kv/")

	// A prefix that can never hold anything must not look like an empty one.
	cfg.Mount = ""
	_, err = listed(t, open(t, cfg), "not-mounted")
	wantKind(t, err, keyturn.NotFound, "mounted")
	_, err = listed(t, open(t, cfg), "not-mounted/payments")
	wantKind(t, err, keyturn.NotFound, "mounted")
}

func TestListTooDeep(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.write("secret/data/deep"+strings.Repeat("/x", 40), map[string]any{"data": map[string]any{"key": "x"}})
	_, err := listed(t, b.store, "secret/deep")
	wantKind(t, err, keyturn.Invalid, "more than 32 folders below secret/deep")
	wantListed(t, b.store, "secret/deep"+strings.Repeat("/x", 10), "secret/deep"+strings.Repeat("/x", 40))
}

func TestListDenied(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.promote("", b.stage(1))
	policies := documented(t, "stores.md")
	cfg := rootConfig(t, b.server)
	cfg.Auth.Token = &vault.TokenAuth{File: file(t, limited(t, b.root, "keyturn-list", policies["keyturn"]))}
	store := open(t, cfg)
	wantListed(t, store, "secret/payments", path)
	_, err := listed(t, store, "secret/other")
	wantKind(t, err, keyturn.Denied, `path "secret/metadata/other/*" { capabilities = ["list"] }`, "docs/stores.md")
	_, err = listed(t, store, "secret")
	wantKind(t, err, keyturn.Denied, `path "secret/metadata/*" { capabilities = ["list"] }`)

	b.server.Seal()
	_, err = listed(t, store, "secret/payments")
	wantKind(t, err, keyturn.Unavailable, "sealed")
}

// TestAdopted rotates a key whose value somebody else wrote, as far as the Store
// is concerned: to Keyturn's version, back, to it again, and the old one's end.
func TestAdopted(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	b := newBench(t)
	for n := range 3 { // it was changed before
		b.place(map[string]any{"key": fmt.Sprint(canary, "old", n), "key_id": "rk_0", "endpoint": "https://api.example.com"})
	}
	const adopted = keyturn.SecretVersion("kv:3")
	b.current(adopted)
	reads := func(v keyturn.SecretVersion, want string) {
		t.Helper()
		if got, err := b.store.Read(ctx, ref(path), v); err != nil || got.Secret.Expose() != want {
			t.Errorf("Read(%s): %v", v, err)
		}
	}
	consumers := func(want string) {
		t.Helper()
		if doc := b.look("secret/data/payments/stripe-live"); doc["key"] != want || doc["endpoint"] != "https://api.example.com" {
			t.Errorf("consumers read %v, want %s", doc, want)
		}
	}
	v1 := b.stage(1)
	for range 2 {
		b.promote(adopted, v1)
		b.promote(adopted, v1) // the answer was lost
		consumers(canary + "1")
		reads(adopted, canary+"old2")
		b.promote(v1, adopted)
		b.promote(v1, adopted)
		b.current(adopted)
		consumers(canary + "old2")
		wantKind(t, b.store.Destroy(ctx, ref(path), adopted), keyturn.Conflict)
	}
	b.promote(adopted, v1)
	b.destroy(adopted)
	b.destroy(adopted)
	if _, err := b.store.Read(ctx, ref(path), adopted); keyturn.KindOf(err) != keyturn.NotFound {
		t.Errorf("the old value can still be read: %v", err)
	}
	// Its copies from the rollbacks are gone, too; what was there before stays.
	for version, gone := range map[string]bool{"1": false, "2": false, "3": true, "5": true, "7": true} {
		if b.destroyed(version) != gone {
			t.Errorf("KV version %s: destroyed is %v", version, !gone)
		}
	}
	b.promote(v1, b.stage(2))
	consumers(canary + "2")
}

// TestBroughtBack is how docs/reconcile.md has people bring a version back that
// somebody deleted or wrote over.
func TestBroughtBack(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.promote("", b.stage(1))
	const staged = "secret/data/keyturn-staged/payments/stripe-live/payments-stripe~g1"
	for name, spoil := range map[string]func(){
		"deleted":      func() { b.delete("secret/data/payments/stripe-live") },
		"wiped":        func() { b.delete("secret/metadata/payments/stripe-live") },
		"written over": func() { b.place(map[string]any{"key": "by hand"}) },
	} {
		spoil()
		if v, err := b.store.Current(context.Background(), ref(path)); err == nil && v.Name == "payments-stripe/g1" {
			t.Fatalf("%s: nothing happened", name)
		}
		b.place(b.look(staged))
		b.current("payments-stripe/g1")
	}
	b.promote("payments-stripe/g1", b.stage(2))
}
