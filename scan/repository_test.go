package scan

import (
	"os"
	"os/exec"
	"testing"
)

// TestThisRepository: no file that is tracked here holds anything that looks like a
// key, but for what .gitleaks.toml allows.
func TestThisRepository(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("../.git"); err != nil {
		t.Skip("this is no work tree of git")
	}
	if _, err := exec.LookPath("git"); err != nil {
		t.Fatal("git is not installed: nothing can be scanned")
	}
	if raced {
		// The detector makes regular expressions twenty times slower, and looks for races
		// in enough other tests.
		if out, err := exec.Command("go", "test", "-race=false", "-count=1", "-run=^TestThisRepository$", ".").CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	out, err := Scan(t.Context(), Request{What: Tracked, Path: ".."})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range out.Findings {
		t.Errorf("%s:%d:%d: %s; put the value together at run time, or say gitleaks:allow on the line", f.File, f.Line, f.Column, f.Rule)
	}
	if out.Scanned < 500 {
		t.Errorf("only %d files are scanned", out.Scanned)
	}
}
