package scan

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
)

func secret(s string) keyturn.Secret { return keyturn.NewSecret(s) }

// TestStaged: what the next commit adds is scanned, and nothing else.
func TestStaged(t *testing.T) {
	t.Parallel()
	const rule = ":stripe-access-token:"
	for name, c := range map[string]struct {
		stage func(f folder)
		want  []string
	}{
		"nothing": {func(folder) {}, nil},
		"a new file": {func(f folder) {
			f.write("new.txt", "\n"+key("")+"\n")
			f.git("add", "new.txt")
		}, []string{"new.txt" + rule + "2"}},
		"not staged": {func(f folder) { f.write("old.txt", key("")+"\n") }, nil},
		"staged in part": {func(f folder) {
			f.write("old.txt", "first\n"+key("s")+"\nlast\n")
			f.git("add", "old.txt")
			f.write("old.txt", key("u")+"\nfirst\nlast\n")
		}, []string{"old.txt" + rule + "2"}},
		"taken out after staging": {func(f folder) {
			f.write("new.txt", key("")+"\n")
			f.git("add", "new.txt")
			f.write("new.txt", "\n")
		}, []string{"new.txt" + rule + "1"}},
		"committed before": {func(f folder) {
			f.write("leaky.txt", key("")+"\nmore\n")
			f.git("add", "leaky.txt")
		}, nil},
		"renamed": {func(f folder) { f.git("mv", "leaky.txt", "moved.txt") }, nil},
		"renamed and changed": {func(f folder) {
			f.git("mv", "leaky.txt", "moved.txt")
			f.write("moved.txt", key("")+"\n"+strings.Repeat("line\n", 20)+key("b")+"\n")
			f.git("add", "moved.txt")
		}, []string{"moved.txt" + rule + "22"}},
		"deleted": {func(f folder) { f.git("rm", "--quiet", "leaky.txt") }, nil},
		"binary": {func(f folder) {
			f.write("image.bin", "\x00\x01"+key(""))
			f.git("add", "image.bin")
		}, nil},
		"names that git quotes": {func(f folder) {
			for _, file := range []string{"with space", "tab\there", `quote"d`, "Übersicht.txt", "back\\slash"} {
				f.write(file, key("")+"\n")
			}
			f.git("add", "--all")
		}, []string{"back\\slash" + rule + "1", `quote"d` + rule + "1", "tab\there" + rule + "1", "with space" + rule + "1", "Übersicht.txt" + rule + "1"}},
		"no newline at the end": {func(f folder) {
			f.write("a", "x\n"+key(""))
			f.write("b", key("b"))
			f.git("add", "--all")
		}, []string{"a" + rule + "2", "b" + rule + "1"}},
		"lines that look like a patch": {func(f folder) {
			f.write("a", "+++ b/other\n@@ -1 +1 @@\ndiff --git a/x b/x\n\x00"+"\n")
			f.write("p", "++ b/other\n++ b/c\n@@ -9,9 +9,9 @@\n"+key("")+"\n")
			f.git("add", "--all")
		}, []string{"p" + rule + "4"}},
		"from a folder in it": {func(f folder) {
			f.write("new.txt", key("")+"\n")
			f.git("add", "new.txt")
			f.write("sub/x", "")
		}, []string{"new.txt" + rule + "1"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newRepo(t)
			f.write("old.txt", "first\nlast\n")
			f.write("leaky.txt", key("")+"\n"+strings.Repeat("line\n", 20))
			f.commit()
			c.stage(f)
			r := Request{What: Staged, Path: f.dir}
			if _, err := os.Stat(filepath.Join(f.dir, "sub")); err == nil {
				r.Path = filepath.Join(f.dir, "sub")
			}
			f.wants(r, c.want...)
		})
	}
}

// TestStagedFirst: the first commit of a repository has nothing before it.
func TestStagedFirst(t *testing.T) {
	t.Parallel()
	f := newRepo(t)
	f.write("a", key("")+"\n")
	f.git("add", "a")
	f.wants(Request{What: Staged}, "a:stripe-access-token:1")
}

// TestStagedSubmodule: what a submodule holds is not what is committed.
func TestStagedSubmodule(t *testing.T) {
	t.Parallel()
	inner, f := newRepo(t), newRepo(t)
	inner.write("a", key("")+"\n")
	inner.commit()
	f.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", inner.dir, "inner")
	f.wants(Request{What: Staged})
	f.commit()
	f.wants(Request{What: Tracked})
	sub := folder{t, filepath.Join(f.dir, "inner")}
	sub.write("b", key("b")+"\n")
	sub.git("add", "b")
	sub.wants(Request{What: Staged}, "b:stripe-access-token:1")
	f.wants(Request{What: Staged})
	f.wants(Request{What: Directory}, "inner/a:stripe-access-token:1", "inner/b:stripe-access-token:1")
}

func TestHistory(t *testing.T) {
	t.Parallel()
	f := newRepo(t)
	f.write("a", "x\n"+key("")+"\n")
	first := f.commit()
	f.write("a", "x\n")
	second := f.commit()
	f.git("checkout", "--quiet", "-b", "side")
	f.write("b", key("b")+"\n")
	side := f.commit()
	f.git("checkout", "--quiet", "main")

	out := f.scan(Request{What: History})
	if len(out.Findings) != 2 || out.Scanned != 3 || out.Shallow {
		t.Fatalf("%d findings, %d commits, shallow %t", len(out.Findings), out.Scanned, out.Shallow)
	}
	got := out.Findings[0]
	got.Value, got.Report = secret(""), secret("")
	want := Finding{
		Rule: "stripe-access-token", Description: got.Description, Provider: "stripe", File: "a", Line: 2, Column: 1, Commit: first,
		Since: time.Date(2026, 4, 1, 10, 0, 0, 0, time.UTC), Fingerprint: first + ":a:stripe-access-token:2",
	}
	if diff := cmp.Diff(want, got, cmp.Comparer(keyturn.Secret.Equal)); diff != "" {
		t.Errorf("finding (-want +got):\n%s", diff)
	}
	if got := out.Findings[1]; got.Commit != side || !got.Value.Equal(secret(key("b"))) {
		t.Errorf("another finding: %+v", got)
	}
	f.wants(Request{What: History, Range: first + "..main"})
	f.wants(Request{What: History, Range: "side ^" + second}, side+":b:stripe-access-token:1")
	f.wants(Request{What: History, Range: "main"}, first+":a:stripe-access-token:2")
}

// conflicting makes a repository in the middle of a merge that needs a person.
func conflicting(t *testing.T) folder {
	t.Helper()
	f := newRepo(t)
	f.write("a.txt", "base\n")
	f.commit()
	f.git("checkout", "--quiet", "-b", "side")
	f.write("a.txt", key("s")+"\n")
	f.commit()
	f.git("checkout", "--quiet", "main")
	f.write("a.txt", key("m")+"\n")
	f.commit()
	// It fails, as it should.
	f.git("-c", "merge.conflictStyle=merge", "-c", "alias.try=!git merge --quiet side || true", "try")
	return f
}

// TestHistoryMerge: what a merge adds that neither side had is found, with its line,
// and what a side had already is not told twice.
func TestHistoryMerge(t *testing.T) {
	t.Parallel()
	f := conflicting(t)
	f.write("a.txt", key("s")+"\nbetween\n"+key("new")+"\n"+key("m")+"\n")
	merge := f.commit()
	var of []Finding
	for _, found := range f.scan(Request{What: History}).Findings {
		if found.Commit == merge {
			of = append(of, found)
		}
	}
	if len(of) != 1 || of[0].Line != 3 || !of[0].Value.Equal(secret(key("new"))) {
		t.Errorf("the merge has %+v", of)
	}
	f.git("checkout", "--quiet", "-b", "plain", merge)
	f.write("b", "b\n")
	f.commit()
	f.git("checkout", "--quiet", "main")
	f.write("c", "c\n")
	f.commit()
	f.git("merge", "--quiet", "plain")
	f.wants(Request{What: History, Range: merge + "..main"})
}

// TestHistoryShallow: a clone without its past says so.
func TestHistoryShallow(t *testing.T) {
	t.Parallel()
	f, clone := newRepo(t), newFolder(t)
	f.write("a", key("")+"\n")
	f.commit()
	f.write("a", "\n")
	f.commit()
	clone.git("clone", "--quiet", "--depth=1", "file://"+f.dir, ".")
	if out := clone.scan(Request{What: History}); !out.Shallow || out.Scanned != 1 {
		t.Errorf("shallow %t, %d commits", out.Shallow, out.Scanned)
	}
	bare := newFolder(t)
	bare.git("clone", "--quiet", "--bare", f.dir, ".")
	if out := bare.scan(Request{What: History}); len(out.Findings) != 1 || out.Shallow {
		t.Errorf("in a bare clone: %+v", out.Findings)
	}
	refuses(t, Request{What: Staged, Path: bare.dir}, "is in no git repository")
}

// TestConfiguration: what a person configured for git does not change what is found.
func TestConfiguration(t *testing.T) {
	t.Parallel()
	f := newRepo(t)
	f.write(".gitattributes", "*.txt diff=upper\n")
	f.write("a b.txt", "1\n\n2\n"+key("")+"\n3\n"+key("b")+"\n")
	first := f.commit()
	for option, value := range map[string]string{
		"diff.noprefix": "true", "diff.mnemonicPrefix": "true", "color.ui": "always", "color.diff": "always", "core.quotePath": "true",
		"diff.external": "/bin/false", "diff.upper.textconv": "/bin/false", "diff.context": "5", "diff.interHunkContext": "9", "diff.relative": "true",
		"format.pretty": "oneline", "log.showRoot": "false", "log.decorate": "full", "log.showSignature": "true", "diff.renames": "false", "diff.submodule": "log",
		"diff.suppressBlankEmpty": "true", "core.pager": "/bin/false", "log.diffMerges": "off", "log.follow": "true", "diff.wordRegex": ".", "diff.ignoreSubmodules": "none",
	} {
		f.git("config", option, value)
	}
	f.wants(Request{What: History}, first+":a b.txt:stripe-access-token:4", first+":a b.txt:stripe-access-token:6")
	f.write("sub/new.txt", key("c")+"\n")
	f.git("add", "--all")
	f.wants(Request{What: Staged, Path: filepath.Join(f.dir, "sub")}, "sub/new.txt:stripe-access-token:1")
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	f, none := newRepo(t), newFolder(t)
	f.write("a", "\n")
	f.commit()
	for _, what := range []What{Tracked, History, Staged} {
		refuses(t, Request{What: what, Path: none.dir}, none.dir+" is in no git repository", "keyturn scan dir")
		refuses(t, Request{What: what, Path: filepath.Join(f.dir, "a")}, "is a file")
	}
	refuses(t, Request{What: Directory, Path: filepath.Join(none.dir, "x")}, "there is no ", "name what to scan")
	refuses(t, Request{What: History, Path: f.dir, Range: "nowhere..HEAD"}, "has no such revisions")
	refuses(t, Request{What: History, Path: f.dir, Range: strings.Repeat("1", 40)}, "has no such revisions")
	refuses(t, Request{What: History, Path: f.dir, Range: "--output=x"}, `"--output=x" is an option`)
	refuses(t, Request{What: "planet", Path: f.dir}, `"planet" cannot be scanned`)
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	f := newRepo(t)
	f.write("a", "\n")
	f.commit()
	ctx, stop := context.WithCancel(t.Context())
	stop()
	for _, what := range []What{Directory, Tracked, History, Staged} {
		if _, err := Scan(ctx, Request{What: what, Path: f.dir}); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestWithoutGit needs a PATH of its own, and so runs alone.
func TestWithoutGit(t *testing.T) {
	f := newRepo(t)
	f.write("a", key("")+"\n")
	t.Setenv("PATH", t.TempDir())
	refuses(t, Request{What: Staged, Path: f.dir}, "git is not on the PATH", "keyturn scan dir")
	f.wants(Request{What: Directory}, "a:stripe-access-token:1")
}

// TestBrokenGit: a git that fails in the middle is an error, not an empty scan.
func TestBrokenGit(t *testing.T) {
	f := newRepo(t)
	f.write("a", key("")+"\n")
	f.commit()
	fake := newFolder(t)
	for name, script := range map[string]string{
		"fails":       "case \"$*\" in *' log '*) printf 'fatal: cannot reach https://user:" + key("") + "@host\\n' >&2; exit 128;; esac\nexec /usr/bin/git \"$@\"",
		"is cut":      "case \"$*\" in *' log '*) /usr/bin/git \"$@\" | head -n 8; exit 0;; esac\nexec /usr/bin/git \"$@\"",
		"is mixed up": "case \"$*\" in *' log '*) /usr/bin/git \"$@\" | head -n 8;; esac\nexec /usr/bin/git \"$@\"",
		"is no count": "case \"$*\" in *rev-list*) echo many; exit 0;; esac\nexec /usr/bin/git \"$@\"",
	} {
		fake.write("git", "#!/bin/sh\n"+script+"\n")
		if err := os.Chmod(filepath.Join(fake.dir, "git"), 0o700); err != nil {
			t.Fatal(err)
		}
		t.Setenv("PATH", fake.dir+":/usr/bin:/bin")
		_, err := Scan(t.Context(), Request{What: History, Path: f.dir})
		if keyturn.KindOf(err) != keyturn.Unavailable || err == nil || strings.Contains(err.Error(), "sk_") {
			t.Errorf("git that %s: %v", name, err)
		}
	}
}
