package servertest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/flock"
)

// buildVault builds dev/vaultcore into the user's cache and returns the path
// of the program. The go command decides whether anything has to be done. A
// file lock makes test processes that start together build it once.
func buildVault(t testing.TB) (string, error) {
	source, err := vaultSource()
	if err != nil {
		return "", err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	cache = filepath.Join(cache, "keyturn")
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", err
	}
	lock := flock.New(filepath.Join(cache, "vaultcore.lock"))
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Minute)
	defer cancel()
	if _, err := lock.TryLockContext(ctx, 100*time.Millisecond); err != nil {
		return "", fmt.Errorf("wait for another build of dev/vaultcore: %w", err)
	}
	defer func() { _ = lock.Unlock() }()

	binary := filepath.Join(cache, "vaultcore")
	if _, err := os.Stat(binary); err != nil {
		fmt.Fprintln(os.Stderr, "servertest: building Vault for the tests; the first build takes several minutes")
	}
	build := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-ldflags=-s -w", "-o", binary, ".")
	build.Dir = source
	build.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=")
	out, err := build.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build in dev/vaultcore: %w: %s", err, strings.TrimSpace(string(out)))
	}
	t.Logf("test Vault: %s", binary)
	return binary, nil
}
