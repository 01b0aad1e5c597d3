package vault_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/hashicorp/vault/api"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/secrets/vault"
	"github.com/keyturn/keyturn/servertest"
)

// enable mounts a way to log in, where it is not mounted already.
func enable(t *testing.T, root *api.Client, kind string) {
	t.Helper()
	mounts, err := root.Sys().ListAuth()
	if err != nil {
		t.Fatal(err)
	}
	if mounts[kind+"/"] == nil {
		if err := root.Sys().EnableAuthWithOptions(kind, &api.EnableAuthOptions{Type: kind}); err != nil {
			t.Fatal(err)
		}
	}
	if err := root.Sys().PutPolicy("keyturn", documented(t, "stores.md")["keyturn"]); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, client *api.Client, path string, data map[string]any) *api.Secret {
	t.Helper()
	s, err := client.Logical().Write(path, data)
	if err != nil {
		t.Fatalf("write %s: %v", path, err)
	}
	return s
}

// appRole makes an AppRole with Keyturn's policy and what to log in to it.
func appRole(t *testing.T, server *servertest.VaultServer, root *api.Client, name string, settings map[string]any) vault.Config {
	t.Helper()
	enable(t, root, "approle")
	settings["token_policies"] = "keyturn"
	write(t, root, "auth/approle/role/"+name, settings)
	role, err := root.Logical().Read("auth/approle/role/" + name + "/role-id")
	if err != nil {
		t.Fatal(err)
	}
	secretID := write(t, root, "auth/approle/role/"+name+"/secret-id", nil).Data["secret_id"].(string)
	return vault.Config{Address: server.Address(), Auth: vault.Auth{AppRole: &vault.AppRoleAuth{
		RoleID: role.Data["role_id"].(string), SecretIDFile: file(t, secretID),
	}}}
}

// works stages and finds one draft.
func works(store *vault.Store, n int) error {
	_, err := store.Stage(context.Background(), ref("secret/payments/auth"), draft(n))
	if err == nil {
		_, err = store.Find(context.Background(), ref("secret/payments/auth"), draft(n).Label)
	}
	return err
}

func TestAppRole(t *testing.T) {
	t.Parallel()
	server := servertest.StartVault(t)
	root := admin(t, server)
	cfg := appRole(t, server, root, "plain", map[string]any{"token_ttl": "1h"})
	store := open(t, cfg)
	if err := works(store, 1); err != nil {
		t.Fatal(err)
	}

	// Closing gives the token back.
	if n := tokens(t, root, "plain"); n != 1 {
		t.Fatalf("%d tokens of the role before Close", n)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if n := tokens(t, root, "plain"); n != 0 {
		t.Errorf("%d tokens of the role after Close", n)
	}
	wantKind(t, works(store, 1), keyturn.Unavailable, "closed")

	wrong := cfg
	role := *cfg.Auth.AppRole
	role.SecretIDFile = file(t, canary)
	wrong.Auth.AppRole = &role
	_, err := vault.Open(context.Background(), wrong)
	wantKind(t, err, keyturn.Denied, "role_id", role.SecretIDFile)
}

// tokens counts the live tokens of an AppRole.
func tokens(t *testing.T, root *api.Client, role string) int {
	t.Helper()
	list, err := root.Logical().List("auth/token/accessors")
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, accessor := range list.Data["keys"].([]any) {
		s, err := root.Auth().Token().LookupAccessor(accessor.(string))
		if err != nil {
			continue // it ended meanwhile
		}
		if meta, _ := s.Data["meta"].(map[string]any); meta["role_name"] == role {
			count++
		}
	}
	return count
}

func TestWrappedSecretID(t *testing.T) {
	t.Parallel()
	server := servertest.StartVault(t)
	root := admin(t, server)
	cfg := appRole(t, server, root, "wrapped", map[string]any{"token_ttl": "1h"})
	wrap := func() string {
		c, err := root.Clone()
		if err != nil {
			t.Fatal(err)
		}
		c.SetToken(server.Token())
		c.SetWrappingLookupFunc(func(string, string) string { return "5m" })
		return write(t, c, "auth/approle/role/wrapped/secret-id", nil).WrapInfo.Token
	}
	cfg.Auth.AppRole.Wrapped = true
	cfg.Auth.AppRole.SecretIDFile = file(t, wrap())
	store := open(t, cfg)
	if err := works(store, 1); err != nil {
		t.Fatal(err)
	}
	// The wrapping token worked once. The next login needs no other.
	write(t, root, "sys/leases/revoke-prefix/auth/approle/login", nil)
	if err := works(store, 2); err != nil {
		t.Errorf("after the token was revoked: %v", err)
	}
	// Somebody who finds the used token, or a new process, gets nowhere.
	_, err := vault.Open(context.Background(), cfg)
	wantKind(t, err, keyturn.Denied, "used before", cfg.Auth.AppRole.SecretIDFile)
	if err := os.WriteFile(cfg.Auth.AppRole.SecretIDFile, []byte(wrap()), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := works(open(t, cfg), 3); err != nil {
		t.Errorf("with a new wrapping token: %v", err)
	}
}

func TestTokenEnds(t *testing.T) {
	t.Parallel()
	server := servertest.StartVault(t)
	root := admin(t, server)

	t.Run("revoked", func(t *testing.T) {
		cfg := appRole(t, server, root, "revoked", map[string]any{"token_ttl": "1h", "secret_id_num_uses": 2})
		store := open(t, cfg)
		for range 2 {
			if err := works(store, 1); err != nil {
				t.Fatal(err)
			}
			if n := tokens(t, root, "revoked"); n != 1 {
				t.Fatalf("%d tokens, want 1", n)
			}
			write(t, root, "sys/leases/revoke-prefix/auth/approle/login", nil)
		}
		// The secret id allowed one new login, and one there was.
		wantKind(t, works(store, 1), keyturn.Denied, "AppRole")
	})
	t.Run("expired", func(t *testing.T) {
		cfg := appRole(t, server, root, "short", map[string]any{"token_ttl": "1s", "token_max_ttl": "2s"})
		store := open(t, cfg)
		always(t, 4*time.Second, func() error { return works(store, 1) })
	})
	t.Run("renewed", func(t *testing.T) {
		cfg := appRole(t, server, root, "renewed", map[string]any{"token_ttl": "2s", "token_max_ttl": "1h", "secret_id_num_uses": 1})
		store := open(t, cfg)
		always(t, 4*time.Second, func() error { return works(store, 1) })
	})
}

func TestTokenFile(t *testing.T) {
	t.Parallel()
	server := servertest.StartVault(t)
	root := admin(t, server)
	token := func(ttl string) string {
		_ = root.Sys().PutPolicy("keyturn", documented(t, "stores.md")["keyturn"])
		s, err := root.Auth().Token().Create(&api.TokenCreateRequest{Policies: []string{"keyturn"}, TTL: ttl})
		if err != nil {
			t.Fatal(err)
		}
		return s.Auth.ClientToken
	}
	first := token("1h")
	sink := file(t, first)
	store := open(t, vault.Config{Address: server.Address(), Auth: vault.Auth{Token: &vault.TokenAuth{File: sink}}})
	if err := works(store, 1); err != nil {
		t.Fatal(err)
	}
	// An agent puts another token there.
	if err := os.WriteFile(sink, []byte(token("1h")), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := root.Auth().Token().RevokeTree(first); err != nil {
		t.Fatal(err)
	}
	if err := works(store, 2); err != nil {
		t.Errorf("with the new token: %v", err)
	}
	// A token of somebody else is not ours to revoke.
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	again := open(t, vault.Config{Address: server.Address(), Auth: vault.Auth{Token: &vault.TokenAuth{File: sink}}})
	if err := works(again, 3); err != nil {
		t.Errorf("after Close: %v", err)
	}
	_, err := vault.Open(context.Background(), vault.Config{Address: server.Address(), Auth: vault.Auth{Token: &vault.TokenAuth{File: sink + ".none"}}})
	if err != nil {
		t.Errorf("a token file that is not there yet is worth waiting for: %v", err)
	}
}

// TestLoginHonoursContext holds up one login and checks that another caller,
// who waits for it, can give up.
func TestLoginHonoursContext(t *testing.T) {
	t.Parallel()
	arrived, release := make(chan struct{}, 8), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		select {
		case <-release:
		case <-r.Context().Done():
		}
		fmt.Fprint(w, `{"data":{"ttl":0}}`)
	}))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(release) })
	sink := file(t, "token")
	if err := os.Rename(sink, sink+".later"); err != nil {
		t.Fatal(err)
	}
	store := open(t, vault.Config{Address: server.URL, Auth: vault.Auth{Token: &vault.TokenAuth{File: sink}}})
	if err := os.Rename(sink+".later", sink); err != nil {
		t.Fatal(err)
	}
	first, cancelFirst := context.WithCancel(context.Background())
	done := make(chan error, 2)
	call := func(ctx context.Context) {
		_, err := store.Current(ctx, ref(path))
		done <- err
	}
	go call(first)
	<-arrived
	second, cancelSecond := context.WithCancel(context.Background())
	go call(second)
	cancelSecond()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("who waited got %v", err)
	}
	cancelFirst()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("who logged in got %v", err)
	}
}
