package scan

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// key is a value in the format of Stripe. It is put together here, so that no file
// holds anything that looks like one.
func key(end string) string { return "sk_" + "live_" + "4eC39HqLyjWDarjtT1zdp7dc" + end }

// A folder is a folder of a test, which may be a git repository.
type folder struct {
	t   *testing.T
	dir string
}

// newFolder makes an empty one.
func newFolder(t *testing.T) folder {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return folder{t, dir}
}

// newRepo makes an empty repository.
func newRepo(t *testing.T) folder {
	t.Helper()
	f := newFolder(t)
	f.git("init", "--quiet", "--initial-branch=main")
	return f
}

// git runs git as nobody's configuration wants it.
func (f folder) git(args ...string) string {
	f.t.Helper()
	cmd := exec.Command("git", append([]string{"-C", f.dir}, args...)...)
	cmd.Env = append(cmd.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_DATE=2026-04-01T10:00:00Z", "GIT_COMMITTER_DATE=2026-04-01T10:00:00Z",
		"GIT_AUTHOR_NAME=Alice", "GIT_AUTHOR_EMAIL=alice@example.com", "GIT_COMMITTER_NAME=Alice", "GIT_COMMITTER_EMAIL=alice@example.com")
	out, err := cmd.CombinedOutput()
	if err != nil {
		f.t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

func (f folder) write(file, text string) {
	f.t.Helper()
	path := filepath.Join(f.dir, file)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		f.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		f.t.Fatal(err)
	}
}

// commit commits everything and returns the commit.
func (f folder) commit() string {
	f.t.Helper()
	f.git("add", "--all")
	f.git("commit", "--quiet", "--allow-empty", "--message=work")
	return f.git("rev-parse", "HEAD")
}

// scan scans the folder, or what the request names.
func (f folder) scan(r Request) Result {
	f.t.Helper()
	if r.Path == "" {
		r.Path = f.dir
	}
	out, err := Scan(f.t.Context(), r)
	if err != nil {
		f.t.Fatal(err)
	}
	return out
}

// found are the fingerprints of what a scan finds.
func (f folder) found(r Request) []string {
	f.t.Helper()
	var out []string
	for _, found := range f.scan(r).Findings {
		out = append(out, found.Fingerprint)
	}
	return out
}

// wants compares what a scan finds with fingerprints.
func (f folder) wants(r Request, want ...string) {
	f.t.Helper()
	if diff := cmp.Diff(want, f.found(r)); diff != "" {
		f.t.Errorf("findings (-want +got):\n%s", diff)
	}
}

// refuses checks that a scan ends with an Invalid error that says something.
func refuses(t *testing.T, r Request, words ...string) {
	t.Helper()
	refusesIn(t.Context(), t, r, words...)
}

func refusesIn(ctx context.Context, t *testing.T, r Request, words ...string) {
	t.Helper()
	_, err := Scan(ctx, r)
	if err == nil {
		t.Fatalf("%+v: no error", r)
	}
	for _, w := range append(words, "scan: ") {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%v; it should say %q", err, w)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("more than a line: %v", err)
	}
}
