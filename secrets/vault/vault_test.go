package vault_test

import (
	"context"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/vault/api"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/secrets"
	"github.com/keyturn/keyturn/secrets/secretstest"
	"github.com/keyturn/keyturn/secrets/vault"
	"github.com/keyturn/keyturn/servertest"
)

func TestStore(t *testing.T) {
	t.Parallel()
	server := servertest.StartVault(t)
	store := open(t, rootConfig(t, server))
	secretstest.Run(t, func(*testing.T) secrets.Store { return store })
}

// rootConfig logs in with the server's root token.
func rootConfig(t *testing.T, server *servertest.VaultServer) vault.Config {
	t.Helper()
	return vault.Config{
		Address: server.Address(),
		Auth:    vault.Auth{Token: &vault.TokenAuth{File: file(t, server.Token())}},
	}
}

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "credential")
	if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func open(t *testing.T, cfg vault.Config) *vault.Store {
	t.Helper()
	store, err := vault.Open(context.Background(), cfg)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}

// admin is a client with the root token, to arrange and to look behind.
func admin(t *testing.T, server *servertest.VaultServer) *api.Client {
	t.Helper()
	client, err := api.NewClient(&api.Config{Address: server.Address()})
	if err != nil {
		t.Fatal(err)
	}
	client.SetToken(server.Token())
	client.ClearNamespace()
	return client
}

func wantKind(t *testing.T, err error, kind keyturn.Kind, words ...string) {
	t.Helper()
	var e *keyturn.Error
	if !errors.As(err, &e) || e.Kind != kind {
		t.Fatalf("got error %v, want kind %s", err, kind)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q does not say %q", err, w)
		}
	}
}

// eventually tries until try succeeds, for at most 20 seconds.
func eventually(t *testing.T, try func() error) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(20 * time.Second)
	for {
		err := try()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("still not there after 20s: %v", err)
		}
	}
}

func copyBody(w io.Writer, resp *http.Response) error {
	_, err := io.Copy(w, resp.Body)
	return err
}

func pemOf(server *httptest.Server) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
}

// always tries for as long as d and fails at the first error.
func always(t *testing.T, d time.Duration, try func() error) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.After(d); ; {
		if err := try(); err != nil {
			t.Fatal(err)
		}
		select {
		case <-tick.C:
		case <-end:
			return
		}
	}
}
