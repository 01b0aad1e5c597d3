package compose_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestTheImageBuildsAndAcceptsItsConfiguration builds what the Dockerfile
// builds, out of the main module alone as it does, and gives the worker the
// configuration that compose mounts. Docker is not needed. It leaves cgo and
// paths as they are here: without them nothing in the build cache would fit.
func TestTheImageBuildsAndAcceptsItsConfiguration(t *testing.T) {
	t.Parallel()
	dir := root(t)
	text, err := os.ReadFile(filepath.Join(dir, "deploy/worker/Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	env := regexp.MustCompile(`(?m)^ENV (.*CGO_ENABLED=0.*)$`).FindSubmatch(text)
	if env == nil || !strings.Contains(string(env[1]), "GOWORK=off") {
		t.Fatal("the Dockerfile does not switch cgo and the workspace off")
	}
	builds := regexp.MustCompile(`go build .*-o /out/(\S+) (\./\S+)`).FindAllSubmatch(text, -1)
	if len(builds) != 2 {
		t.Fatalf("the Dockerfile builds %d commands, want the worker and keyturn", len(builds))
	}
	out := t.TempDir()
	for _, b := range builds {
		name, pkg := string(b[1]), string(b[2])
		command(t, dir, strings.Fields(string(env[1])), "go", "list", "-deps", pkg)
		command(t, dir, []string{"GOWORK=off"}, "go", "build", "-o", filepath.Join(out, name), pkg)
	}
	command(t, dir, nil, filepath.Join(out, "keyturn-worker"), "-config", "deploy/worker/worker.yaml", "-check-config")
	command(t, dir, nil, filepath.Join(out, "keyturn"), "--help")
}

func command(t *testing.T, dir string, env []string, name string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %v\n%s", cmd.Args, err, text)
	}
}
