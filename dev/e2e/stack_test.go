package e2e

import (
	"context"
	"io"
	"log"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	vaultapi "github.com/hashicorp/vault/api"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"

	"github.com/keyturn/keyturn/dev/embedded"
	"github.com/keyturn/keyturn/registry/postgres"
	"github.com/keyturn/keyturn/servertest"
	"github.com/keyturn/keyturn/workflows"
)

const namespace = "keyturn"

// A stack is the servers that all scenarios of a test share. Each scenario has
// vendors, proxies, a task queue and a worker of its own.
type stack struct {
	temporal *embedded.Server
	client   client.Client
	postgres *servertest.PostgresServer
	registry *postgres.Store
	vault    *servertest.VaultServer
	vaultAPI *vaultapi.Client
	worker   string // the worker's binary
	dir      string

	mu     sync.Mutex
	texts  []string // logs and metrics of workers that ended
	admins []string // values of administrator credentials
}

func newStack(t testing.TB) *stack {
	t.Helper()
	return newStackOn(t, servertest.StartVault(t))
}

func newStackOn(t testing.TB, vault *servertest.VaultServer) *stack {
	t.Helper()
	s := &stack{dir: t.TempDir(), vault: vault}
	s.worker = build(t, s.dir, "github.com/keyturn/keyturn/worker")
	s.postgres = servertest.StartPostgres(t)
	cfg := vaultapi.DefaultConfig()
	cfg.Address = s.vault.Address()
	var err error
	if s.vaultAPI, err = vaultapi.NewClient(cfg); err != nil {
		t.Fatal(err)
	}
	s.vaultAPI.SetToken(s.vault.Token())
	if s.registry, err = postgres.Open(t.Context(), s.postgres.URL()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.registry.Close() })
	s.temporal, err = embedded.Start(t.Context(), embedded.Options{NoUI: true, SearchAttributes: embedded.Attributes(workflows.SearchAttributeKeys())})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.temporal.Stop() })
	s.connect(t)
	return s
}

// connect opens the stack's own client of Temporal.
func (s *stack) connect(t testing.TB) {
	t.Helper()
	var err error
	s.client, err = client.DialContext(t.Context(), client.Options{
		HostPort: s.temporal.Address(), Namespace: namespace,
		Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.client.Close)
}

// tokenFile holds Vault's token.
func (s *stack) tokenFile(t testing.TB) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "vault-token")
	if err := os.WriteFile(file, []byte(s.vault.Token()), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// build compiles a command and returns its path.
func build(t testing.TB, dir, pkg string) string {
	t.Helper()
	out := filepath.Join(dir, filepath.Base(pkg))
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", out, pkg)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("building %s: %v", pkg, err)
	}
	return out
}

// consumed is what consumers read at a path now.
func (s *stack) consumed(ctx context.Context, path string) (keyID, key, generation string, err error) {
	secret, err := s.vaultAPI.KVv2("secret").Get(ctx, path)
	if err != nil {
		return "", "", "", err
	}
	text := func(field string) string { v, _ := secret.Data[field].(string); return v }
	return text("key_id"), text("key"), text("generation"), nil
}

func quiet() *log.Logger { return log.New(io.Discard, "", 0) }
