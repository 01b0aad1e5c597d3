package scan_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/keyturn/keyturn/scan"
)

// TestWhatALinkNames is scanned, whether it is a folder or a file; a link below it is
// not.
func TestWhatALinkNames(t *testing.T) {
	t.Parallel()
	dir, links := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.env"), []byte("KEY=sk_"+"live_CANARYlinks0000000001\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, to := range map[string]string{"folder": dir, "file": filepath.Join(dir, "a.env")} {
		if err := os.Symlink(to, filepath.Join(links, name)); err != nil {
			t.Fatal(err)
		}
		got, err := scan.Scan(t.Context(), scan.Request{What: scan.Directory, Path: filepath.Join(links, name)})
		if err != nil || len(got.Findings) != 1 || got.Scanned != 1 {
			t.Errorf("a link to a %s: %d findings in %d files, %v", name, len(got.Findings), got.Scanned, err)
		}
	}
	if got, err := scan.Scan(t.Context(), scan.Request{What: scan.Directory, Path: links}); err != nil || len(got.Findings) != 0 {
		t.Errorf("links below it: %+v, %v", got.Findings, err)
	}
}

// TestDotFolders: a rule that allows folders whose names begin with a dot does not
// allow the one that is scanned.
func TestDotFolders(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a.env": "KEY=sk_" + "live_CANARYdots00000000001\n", ".gitleaks.toml": "[extend]\nuseDefault = true\n[[allowlists]]\npaths = ['''(^|/)\\.[^/]*/''']\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := scan.Scan(t.Context(), scan.Request{What: scan.Directory, Path: dir}); err != nil || len(got.Findings) != 1 {
		t.Errorf("%d findings in %d files, %v", len(got.Findings), got.Scanned, err)
	}
}

// TestHalfARange is no range: git would take HEAD for the end that is empty.
func TestHalfARange(t *testing.T) {
	t.Parallel()
	for _, r := range []string{"..HEAD", "main..", "...HEAD"} {
		if _, err := scan.Scan(t.Context(), scan.Request{What: scan.History, Path: ".", Range: r}); err == nil {
			t.Errorf("%s is taken", r)
		}
	}
}
