package scan

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
)

// git runs the git command in a folder.
type git struct {
	dir   string
	named string // as the request calls it
}

// quiet keeps what a user configured from changing what git prints.
func quiet() []string {
	return []string{"-c", "core.quotePath=false", "-c", "core.fsmonitor=false", "-c", "log.showRoot=true", "-c", "log.showSignature=false", "-c", "diff.suppressBlankEmpty=false", "--no-pager", "--literal-pathspecs"}
}

// stream runs git and has what it prints read to the end.
func (g git) stream(ctx context.Context, args []string, read func(*bufio.Reader) error) error {
	running, stop := context.WithCancel(ctx)
	defer stop()
	cmd := exec.CommandContext(running, "git", append(append([]string{"-C", g.dir}, quiet()...), args...)...) //nolint:gosec // no argument is an option that was not written here
	cmd.Env = append(cmd.Environ(), "LC_ALL=C")                                                               // its words are looked at below
	cmd.WaitDelay = 5 * time.Second
	said := &head{}
	cmd.Stderr = said
	out, err := cmd.StdoutPipe()
	if err != nil {
		return g.failed(err, args[0], "")
	}
	if err := cmd.Start(); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return g.failed(err, args[0], "")
	}
	wrong := read(bufio.NewReaderSize(out, 1<<16))
	if wrong != nil {
		stop() // nobody reads the rest
	}
	err = cmd.Wait()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &exit) && exit.Exited():
		return g.failed(err, args[0], said.String()) // what was read is cut short because of it
	case wrong != nil:
		return wrong
	case err != nil:
		return g.failed(err, args[0], said.String())
	}
	return nil
}

// output is what git prints, without the line end.
func (g git) output(ctx context.Context, args ...string) (string, error) {
	var text []byte
	err := g.stream(ctx, args, func(r *bufio.Reader) (err error) {
		text, err = io.ReadAll(r)
		return err
	})
	return strings.TrimRight(string(text), "\r\n"), err
}

// failed says what went wrong. What git said is not repeated: it may hold an address
// with a password in it.
func (g git) failed(err error, command, said string) error {
	has := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(said, w) {
				return true
			}
		}
		return false
	}
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return invalid("git is not on the PATH; install it, or scan the files as they lie there: keyturn scan dir %s", g.named)
	case has("not a git repository", "must be run in a work tree"):
		return invalid("%s is in no git repository; name one, or scan the files as they lie there: keyturn scan dir %[1]s", g.named)
	case has("dubious ownership"):
		return invalid("%s belongs to somebody else, so git does not read it; if you trust it: git config --global --add safe.directory %s", g.named, g.dir)
	case has("unknown revision", "bad revision", "ambiguous argument", "Invalid revision range", "bad object"):
		return invalid("%s has no such revisions; fetch them, or look at their names: git -C %[1]s branch --all", g.named)
	}
	return keyturn.Errorf(keyturn.Unavailable, "scan", "git %s failed in %s: %v; run it there to see why", command, g.named, err)
}

// top is the root of the work tree; of a repository without one, the repository.
func (g git) top(ctx context.Context, worktree bool) (string, error) {
	bare, err := g.output(ctx, "rev-parse", "--is-bare-repository")
	if err != nil {
		return "", err
	}
	if bare == "true" && !worktree {
		dir, err := g.output(ctx, "rev-parse", "--absolute-git-dir")
		return filepath.FromSlash(dir), err
	}
	dir, err := g.output(ctx, "rev-parse", "--show-toplevel")
	return filepath.FromSlash(dir), err
}

// shallow reports whether the history begins in the middle.
func (g git) shallow(ctx context.Context) (bool, error) {
	answer, err := g.output(ctx, "rev-parse", "--is-shallow-repository")
	return answer == "true", err
}

// count is how many commits a range has.
func (g git) count(ctx context.Context, revisions string) (int, error) {
	answer, err := g.output(ctx, append([]string{"rev-list", "--count"}, commits(revisions)...)...)
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(answer)
	if err != nil {
		return 0, keyturn.Errorf(keyturn.Unavailable, "scan", "git rev-list says no number in %s; is this git?", g.named)
	}
	return n, nil
}

// tracked yields the files below path that are in the index, named from the root.
func (g git) tracked(ctx context.Context, path string, yield func(file string) error) error {
	return g.stream(ctx, []string{"ls-files", "-z", "--full-name", "--", path}, func(r *bufio.Reader) error {
		last := ""
		for {
			name, err := r.ReadString(0)
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			name = strings.TrimSuffix(name, "\x00")
			if name == last {
				continue // one line for each side of a conflict
			}
			last = name
			if err := yield(name); err != nil {
				return err
			}
		}
	})
}

// checkRange refuses what is no revision but an option, and a range of which one end is
// empty: git takes HEAD for it, and finds nothing.
func checkRange(revisions string) error {
	for _, r := range strings.Fields(revisions) {
		if strings.HasPrefix(r, "-") {
			return invalid("%q is an option, not a revision; write revisions such as origin/main..HEAD", r)
		}
		if strings.HasPrefix(r, "..") || strings.HasSuffix(r, "..") {
			return invalid("one end of the range %q is empty; is a variable of the CI unset? Write revisions such as origin/main..HEAD", r)
		}
	}
	return nil
}

// commits are the arguments that choose commits.
func commits(revisions string) []string {
	words := strings.Fields(revisions)
	if len(words) == 0 {
		words = []string{"--all"}
	}
	return append(words, "--")
}

// head keeps the beginning of what is written to it.
type head struct{ bytes.Buffer }

func (h *head) Write(b []byte) (int, error) {
	const most = 4096
	if room := most - h.Len(); room > 0 {
		h.Buffer.Write(b[:min(room, len(b))])
	}
	return len(b), nil
}
