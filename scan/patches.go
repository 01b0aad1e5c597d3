package scan

import (
	"bufio"
	"context"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/zricethezav/gitleaks/v8/sources"
	"golang.org/x/sync/errgroup"
)

// patches is a source of what changes add, as git prints it.
type patches struct {
	*scanner
	args []string
}

// diffArgs make a diff that looks the same whatever a user configured. Submodules are
// repositories of their own.
func diffArgs() []string {
	return []string{
		"--patch", "--unified=0", "--inter-hunk-context=0", "--no-color", "--no-ext-diff", "--no-textconv", "--no-relative",
		"--find-renames", "--diff-filter=d", "--ignore-submodules=all", "--src-prefix=a/", "--dst-prefix=b/",
	}
}

func stagedArgs() []string { return append([]string{"diff", "--staged"}, diffArgs()...) }

// historyArgs also show what a merge adds that none of its parents has, which git leaves
// out by default.
func historyArgs(revisions string) []string {
	args := append([]string{"log"}, diffArgs()...)
	args = append(args, "--cc", "--full-history", "--format="+commitFormat)
	return append(args, commits(revisions)...)
}

// Fragments implements sources.Source. It calls yield from several goroutines.
func (p *patches) Fragments(ctx context.Context, yield sources.FragmentsFunc) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	err := p.repo.stream(ctx, p.args, func(r *bufio.Reader) error {
		patch := patch{r: r, commit: func() { p.step() }, file: func() {
			if p.request.What == Staged {
				p.step()
			}
		}}
		return patch.read(func(a addition) error {
			switch {
			case p.allows(a.file):
				return ctx.Err()
			case p.tooLarge(int64(len(a.text))):
				p.leave(a.file, fmt.Sprintf("%d bytes are added to it", len(a.text)))
				return ctx.Err()
			}
			group.Go(func() error { return yield(whole(a.fragment()), nil) })
			return ctx.Err()
		})
	})
	if broken := group.Wait(); broken != nil {
		return broken
	}
	return err
}

func (a addition) fragment() sources.Fragment {
	out := sources.Fragment{FilePath: a.file, Raw: a.text, StartLine: a.line, CommitSHA: a.commit}
	if a.commit != "" {
		out.CommitInfo = &sources.CommitInfo{SHA: a.commit, Remote: &sources.RemoteInfo{}}
		if at, err := time.Parse(time.RFC3339, a.date); err == nil {
			out.CommitInfo.Date = at.UTC().Format(time.RFC3339)
		}
	}
	return out
}

// whole ends the last line. Of one without an end the engine takes everything before it
// for a part, and so a gitleaks:allow anywhere in the text for one on this line.
func whole(f sources.Fragment) sources.Fragment {
	if !strings.HasSuffix(f.Raw, "\n") {
		f.Raw += "\n"
	}
	return f
}
