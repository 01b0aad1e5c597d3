package scan

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDirectory(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.write("a.txt", "one\ntwo\n  key: "+key("a")+"\n")
	f.write("b/.env", "KEY="+key("b")+"\n")
	f.write("b/none.txt", "nothing here\n")
	f.write("b/empty.txt", "")
	f.write("b/zip.zip", "PK\x03\x04"+key("z"))
	f.write(".git/config", "url = "+key("g")+"\n")
	if err := os.Symlink("a.txt", filepath.Join(f.dir, "link")); err != nil {
		t.Fatal(err)
	}
	out := f.scan(Request{What: Directory})
	type place struct {
		File         string
		Line, Column int
		Provider     string
	}
	var got []place
	for _, found := range out.Findings {
		got = append(got, place{found.File, found.Line, found.Column, found.Provider})
	}
	if diff := cmp.Diff([]place{{"a.txt", 3, 8, "stripe"}, {"b/.env", 1, 5, "stripe"}}, got); diff != "" {
		t.Errorf("places (-want +got):\n%s", diff)
	}
	if !out.Findings[0].Value.Equal(secret(key("a"))) {
		t.Error("another value")
	}
	if diff := cmp.Diff([]LeftOut{{"b/zip.zip", NoText}}, out.LeftOut); diff != "" {
		t.Errorf("left out (-want +got):\n%s", diff)
	}
	if out.Scanned != 4 {
		t.Errorf("%d files scanned", out.Scanned)
	}
}

// TestDirectoryFile: a file alone is scanned by the rules of its repository.
func TestDirectoryFile(t *testing.T) {
	t.Parallel()
	f := newRepo(t)
	f.write("b/a.txt", key("")+"\n")
	f.write("b/c.txt", key("")+"\n")
	f.wants(Request{What: Directory, Path: filepath.Join(f.dir, "b", "a.txt")}, "b/a.txt:stripe-access-token:1")
	f.wants(Request{What: Directory, Path: filepath.Join(f.dir, "b")}, "b/a.txt:stripe-access-token:1", "b/c.txt:stripe-access-token:1")
	f.write(".gitleaks.toml", "[extend]\nuseDefault = true\n[[allowlists]]\npaths = ['^b/a']\n")
	f.wants(Request{What: Directory, Path: filepath.Join(f.dir, "b")}, "b/c.txt:stripe-access-token:1")
}

// TestDirectoryLines: a file of many pieces keeps its lines.
func TestDirectoryLines(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.write("long.txt", strings.Repeat("x y z\n\n", 50_000)+key("")+"\n")
	f.wants(Request{What: Directory}, "long.txt:stripe-access-token:100001")
	out := f.scan(Request{What: Directory, MaxBytes: 1000})
	if diff := cmp.Diff([]LeftOut{{"long.txt", "it has 350033 bytes"}}, out.LeftOut); diff != "" || len(out.Findings) > 0 {
		t.Errorf("left out (-want +got):\n%s", diff)
	}
}

func TestTracked(t *testing.T) {
	t.Parallel()
	f := newRepo(t)
	f.write("a.txt", key("a")+"\n")
	f.write("b/c d.txt", key("b")+"\n")
	f.write("b/gone.txt", key("c")+"\n")
	f.commit()
	f.write(".env", key("d")+"\n")
	f.write("a.txt", "\n"+key("a")+"\n") // as it lies there, not as it was committed
	if err := os.Remove(filepath.Join(f.dir, "b", "gone.txt")); err != nil {
		t.Fatal(err)
	}
	f.wants(Request{What: Tracked}, "a.txt:stripe-access-token:2", "b/c d.txt:stripe-access-token:1")
	f.wants(Request{What: Tracked, Path: filepath.Join(f.dir, "b")}, "b/c d.txt:stripe-access-token:1")
}

// TestTrackedConflict: a file that git has three versions of is scanned once, and a
// submodule is a repository of its own.
func TestTrackedConflict(t *testing.T) {
	t.Parallel()
	f := conflicting(t)
	f.wants(Request{What: Tracked}, "a.txt:stripe-access-token:2", "a.txt:stripe-access-token:4")
}

func TestProgress(t *testing.T) {
	t.Parallel()
	f := newRepo(t)
	f.write("a", "1\n")
	f.write("b", "1\n")
	f.commit()
	f.write("a", "2\n")
	f.commit()
	for what, of := range map[What]int{Directory: -1, Tracked: -1, Staged: -1, History: 2} {
		last := 0
		out := f.scan(Request{What: what, Progress: func(done, total int) {
			if last++; done != last || total != of {
				t.Errorf("%s: %d of %d after %d calls", what, done, total, last)
			}
		}})
		if out.Scanned != last {
			t.Errorf("%s: %d scanned, %d told", what, out.Scanned, last)
		}
	}
}
