package vault_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/vault/api"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/secrets"
	"github.com/keyturn/keyturn/servertest"
)

const (
	canary = "CANARY-sk_live_vault"
	path   = "secret/payments/stripe-live"
)

func ref(path string) keyturn.SecretRef { return keyturn.SecretRef{Store: "vault", Path: path} }

func draft(n int) secrets.Draft {
	return secrets.Draft{
		Label: keyturn.Label("payments-stripe", n), RemoteID: fmt.Sprint("rk_", n),
		Value: keyturn.NewSecret(fmt.Sprint(canary, n)), Created: time.Unix(1_800_000_000, 5000).UTC(),
	}
}

// ours returns the fields of a consumer's document without Keyturn's notes.
func ours(fields map[string]any) map[string]any {
	delete(fields, "generation_created")
	delete(fields, "generation_check")
	return fields
}

func TestConsumerDocument(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.place(map[string]any{"key": "old", "key_id": "rk_0", "endpoint": "https://api.example.com", "retries": 3, "nested": map[string]any{"a": []any{"b"}}})
	b.current("kv:1")
	b.promote("kv:1", b.stage(1))
	want := map[string]any{
		"key": canary + "1", "key_id": "rk_1", "generation": "payments-stripe/g1",
		"endpoint": "https://api.example.com", "retries": json.Number("3"), "nested": map[string]any{"a": []any{"b"}},
	}
	if diff := cmp.Diff(want, ours(b.look("secret/data/payments/stripe-live"))); diff != "" {
		t.Errorf("consumer's document (-want +got):\n%s", diff)
	}

	// Somebody changes their own field; the generation stays Keyturn's, and
	// the rollback does not take the change back.
	doc := b.look("secret/data/payments/stripe-live")
	doc["endpoint"] = "https://new.example.com"
	b.place(doc)
	b.current("payments-stripe/g1")
	b.promote("payments-stripe/g1", "kv:1")
	want = map[string]any{
		"key": "old", "key_id": "rk_0", "generation": "kv:1",
		"endpoint": "https://new.example.com", "retries": json.Number("3"), "nested": map[string]any{"a": []any{"b"}},
	}
	if diff := cmp.Diff(want, ours(b.look("secret/data/payments/stripe-live"))); diff != "" {
		t.Errorf("consumer's document after rollback (-want +got):\n%s", diff)
	}
	b.current("kv:1")
	b.promote("payments-stripe/g1", "kv:1") // again
	if got, err := b.store.Read(context.Background(), ref(path), "kv:1"); err != nil || got.Secret.Expose() != "old" || got.RemoteID != "rk_0" {
		t.Errorf("Read(kv:1): %v, %v", got, err)
	}
	b.promote("kv:1", b.stage(2))
	b.destroy("kv:1")
	for version, gone := range map[string]bool{"1": true, "2": false, "3": false, "4": true, "5": false} {
		if b.destroyed(version) != gone {
			t.Errorf("KV version %s: destroyed is %v", version, !gone)
		}
	}
	if _, err := b.store.Read(context.Background(), ref(path), "kv:1"); keyturn.KindOf(err) != keyturn.NotFound {
		t.Errorf("Read of a destroyed version: %v", err)
	}
}

func TestEditedByHand(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	b := newBench(t)
	b.promote("", b.stage(1))
	doc := b.look("secret/data/payments/stripe-live")
	doc["key"] = "by hand"
	b.place(doc)
	b.current("kv:2")
	wantKind(t, b.store.Promote(ctx, ref(path), "payments-stripe/g1", b.stage(2)), keyturn.Conflict)
	b.promote("kv:2", "payments-stripe/g2")
	b.promote("payments-stripe/g2", "kv:2")
	if got := b.look("secret/data/payments/stripe-live")["key"]; got != "by hand" {
		t.Errorf("rollback put back %v", got)
	}
	b.destroy("payments-stripe/g1")
	if !b.destroyed("1") || b.destroyed("2") {
		t.Error("Destroy took a version it must not, or left one it must")
	}
}

func TestNoKeyField(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.place(map[string]any{"api_key": "old"})
	_, err := b.store.Read(context.Background(), ref(path), "kv:1")
	wantKind(t, err, keyturn.Invalid)
	b.promote("kv:1", b.stage(1))
	b.promote("payments-stripe/g1", "kv:1")
	if diff := cmp.Diff(map[string]any{"api_key": "old", "generation": "kv:1"}, ours(b.look("secret/data/payments/stripe-live"))); diff != "" {
		t.Errorf("rollback (-want +got):\n%s", diff)
	}
}

func TestDeletedVersions(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	b := newBench(t)
	v1 := b.stage(1)
	b.promote("", v1) // KV 1
	b.delete("secret/data/payments/stripe-live")
	b.current("")
	wantKind(t, b.store.Promote(ctx, ref(path), v1, b.stage(2)), keyturn.Conflict)
	wantKind(t, b.store.Destroy(ctx, ref(path), v1), keyturn.Conflict)
	b.promote("", "payments-stripe/g2") // KV 2, although KV 1 cannot be read
	b.current("payments-stripe/g2")

	// The deleted version holds g1 and can be brought back: Destroy finds it.
	b.destroy(v1)
	if !b.destroyed("1") || b.destroyed("2") {
		t.Error("Destroy left a deleted version that can be brought back")
	}

	// A deleted version of somebody else is looked at, and left deleted.
	b.place(map[string]any{"key": "foreign"}) // KV 3
	b.promote("kv:3", b.stage(3))             // KV 4
	b.write("secret/delete/payments/stripe-live", map[string]any{"versions": []int{3}})
	b.destroy("payments-stripe/g2")
	three, _ := b.metadata()["versions"].(map[string]any)["3"].(map[string]any)
	if three["deletion_time"] == "" || three["destroyed"] != false || !b.destroyed("2") {
		t.Errorf("the deleted version of somebody else is %v", three)
	}

	b.write("secret/destroy/payments/stripe-live", map[string]any{"versions": []int{4}})
	b.current("")
	b.destroy("payments-stripe/g3")
	b.promote("", b.stage(1)) // KV 5
	b.current(v1)
}

func TestStagedCopyGone(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	v1, v2 := b.stage(1), b.stage(2)
	b.promote("", v1)
	b.promote(v1, v2)
	// Without its staged copy the generation is still in the history.
	b.delete("secret/metadata/keyturn-staged/payments/stripe-live/payments-stripe~g1")
	if got, err := b.store.Read(context.Background(), ref(path), v1); err != nil || got.Secret.Expose() != canary+"1" {
		t.Errorf("Read: %v", err)
	}
	b.promote(v2, v1)

	// A staged copy that was only deleted holds no value: staging works anew.
	b.delete("secret/data/keyturn-staged/payments/stripe-live/payments-stripe~g2")
	if _, err := b.store.Find(context.Background(), ref(path), string(v2)); keyturn.KindOf(err) != keyturn.NotFound {
		t.Errorf("Find: %v", err)
	}
	if v := b.stage(2); v != v2 {
		t.Errorf("Stage: %s", v)
	}
	// A staged copy changed by hand is nobody's generation any more.
	b.write("secret/data/keyturn-staged/payments/stripe-live/payments-stripe~g2",
		map[string]any{"data": map[string]any{"key": "x", "generation": string(v2)}})
	_, err := b.store.Stage(context.Background(), ref(path), draft(2))
	wantKind(t, err, keyturn.Conflict)
}

func TestMaxVersions(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	meta := "secret/metadata/payments/stripe-live"
	custom := map[string]any{"owner": "payments"}
	b.write(meta, map[string]any{"custom_metadata": custom, "delete_version_after": "8760h0m0s", "max_versions": 3})
	b.promote("", b.stage(1))
	got := b.metadata()
	if fmt.Sprint(got["max_versions"]) != "20" || got["delete_version_after"] != "8760h0m0s" || !cmp.Equal(custom, got["custom_metadata"]) {
		t.Errorf("metadata after Promote: %v", got)
	}
	b.write(meta, map[string]any{"max_versions": 50})
	b.promote("payments-stripe/g1", b.stage(2))
	if got := fmt.Sprint(b.metadata()["max_versions"]); got != "50" {
		t.Errorf("a larger max_versions became %s", got)
	}
}

func TestEngines(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	server := servertest.StartVault(t)
	root := admin(t, server)
	for mount, version := range map[string]string{"team/one/kv": "2", "old": "1"} {
		_ = root.Sys().Unmount(mount)
		if err := root.Sys().Mount(mount, &api.MountInput{Type: "kv", Options: map[string]string{"version": version}}); err != nil {
			t.Fatal(err)
		}
	}
	cfg := rootConfig(t, server)
	_, err := open(t, cfg).Stage(ctx, ref("old/payments/stripe"), draft(1))
	wantKind(t, err, keyturn.Invalid, "enable-versioning old/")
	if left, err := root.Logical().List("old/data/keyturn-staged/payments/stripe"); err != nil || left != nil {
		t.Errorf("a version 1 engine kept the value: %v, %v", left, err)
	}
	_, err = open(t, cfg).Stage(ctx, ref("missing/payments/stripe"), draft(1))
	wantKind(t, err, keyturn.NotFound, "mounted")

	cfg.Mount, cfg.StagedPrefix = "team/one/kv/", "/waiting/room/"
	store := open(t, cfg)
	eventually(t, func() error { // a new engine sets itself up first
		_, err := store.Stage(ctx, ref("team/one/kv/stripe"), draft(1))
		return err
	})
	if err := store.Promote(ctx, ref("team/one/kv/stripe"), "", "payments-stripe/g1"); err != nil {
		t.Fatalf("Promote: %v", err)
	}
	if s, err := root.Logical().Read("team/one/kv/data/waiting/room/stripe/payments-stripe~g1"); err != nil || s == nil {
		t.Errorf("the staged value is not where it was configured to be: %v, %v", s, err)
	}
	_, err = store.Current(ctx, ref("secret/stripe"))
	wantKind(t, err, keyturn.Invalid, "team/one/kv/")
	_, err = store.Stage(ctx, ref("team/one/kv/waiting/room/stripe"), draft(1))
	wantKind(t, err, keyturn.Invalid, "staged")
}

func TestPut(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	b := newBench(t)
	value := func(text string) secrets.Value {
		return secrets.Value{RemoteID: "admin", Secret: keyturn.NewSecret(text)}
	}
	b.place(map[string]any{"endpoint": "https://api.example.com"})
	for _, text := range []string{"one", "one", "two"} {
		if err := b.store.Put(ctx, ref(path), value(text)); err != nil {
			t.Fatalf("Put: %v", err)
		}
	}
	b.current("kv:3") // the repetition made no version
	want := map[string]any{"key": "two", "key_id": "admin", "endpoint": "https://api.example.com"}
	if diff := cmp.Diff(want, b.look("secret/data/payments/stripe-live")); diff != "" {
		t.Errorf("document (-want +got):\n%s", diff)
	}
	b.promote("kv:3", b.stage(1))
	wantKind(t, b.store.Put(ctx, ref(path), value("three")), keyturn.Conflict, "payments-stripe/g1")
	wantKind(t, b.store.Put(ctx, ref(path), value("\xff")), keyturn.Invalid)
	b.promote("payments-stripe/g1", "kv:3")
	if err := b.store.Put(ctx, ref(path), value("three")); err != nil {
		t.Errorf("Put after rollback: %v", err)
	}
}

func TestStageRefuses(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for name, change := range map[string]func(*secrets.Draft){
		"no label":           func(d *secrets.Draft) { d.Label = "" },
		"Vault's own name":   func(d *secrets.Draft) { d.Label = "kv:3" },
		"no value":           func(d *secrets.Draft) { d.Value = keyturn.Secret{} },
		"value without text": func(d *secrets.Draft) { d.Value = keyturn.NewSecret("\xff\xfe") },
	} {
		d := draft(1)
		change(&d)
		if _, err := b.store.Stage(context.Background(), ref(path), d); keyturn.KindOf(err) != keyturn.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}
