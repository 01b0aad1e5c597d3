package scan

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/zricethezav/gitleaks/v8/config"
	"github.com/zricethezav/gitleaks/v8/detect"

	"github.com/keyturn/keyturn"
)

func invalid(format string, args ...any) error {
	return keyturn.Errorf(keyturn.Invalid, "scan", format, args...)
}

// setup finds the root, reads rules and baseline, and chooses the source.
func (s *scanner) setup(ctx context.Context) error {
	path, err := filepath.Abs(s.request.Path)
	if err != nil {
		return invalid("%s is no path: %v", s.request.Path, err)
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return invalid("there is no %s; name what to scan", s.request.Path)
	case err != nil:
		return invalid("%s cannot be read; run this as somebody who may", s.request.Path)
	case !info.IsDir() && s.request.What != Directory:
		return invalid("%s is a file; name a folder of the repository", s.request.Path)
	}
	// What a link names is scanned; links below it are left out.
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return invalid("%s cannot be read; run this as somebody who may", s.request.Path)
	}
	if s.request.What == Directory {
		s.root = rootOf(path)
	} else if s.root, err = s.open(ctx, path); err != nil {
		return err
	}
	cfg, err := s.config()
	if err != nil {
		return err
	}
	if s.baseline, err = readBaseline(s.request.Baseline); err != nil {
		return err
	}
	s.detector = detect.NewDetectorContext(ctx, cfg)
	s.detector.MaxDecodeDepth = depth
	if err := s.ignore(); err != nil {
		return err
	}
	return s.choose(ctx, path)
}

// open finds the repository and its root.
func (s *scanner) open(ctx context.Context, path string) (root string, err error) {
	if err := checkRange(s.request.Range); err != nil {
		return "", err
	}
	s.repo = git{dir: path, named: s.request.Path}
	root, err = s.repo.top(ctx, s.request.What != History)
	s.repo.dir = root
	return root, err
}

// choose makes the source that yields what is to be scanned.
func (s *scanner) choose(ctx context.Context, path string) (err error) {
	s.of = -1
	switch s.request.What {
	case Directory:
		s.source = &files{s, func(yield func(string) error) error { return s.walk(path, yield) }}
	case Tracked:
		s.source = &files{s, func(yield func(string) error) error { return s.repo.tracked(ctx, path, yield) }}
	case Staged:
		s.source = &patches{s, stagedArgs()}
	case History:
		if s.of, err = s.repo.count(ctx, s.request.Range); err != nil {
			return err
		}
		s.source = &patches{s, historyArgs(s.request.Range)}
	default:
		return invalid("%q cannot be scanned", s.request.What)
	}
	return nil
}

// ignore reads the fingerprints of what somebody said to be no secret.
func (s *scanner) ignore() error {
	err := s.detector.AddGitleaksIgnore(filepath.Join(s.root, ".gitleaksignore"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return invalid("%s cannot be read; run this as somebody who may", filepath.Join(s.root, ".gitleaksignore"))
	}
	return nil
}

// rootOf is the root of the repository that a path is in, so that files have the same
// names, and the same rules hold, wherever in it one is; outside every repository it is
// the folder itself. Git need not be installed.
func rootOf(path string) string {
	folder := path
	if info, err := os.Stat(path); err == nil && !info.IsDir() {
		folder = filepath.Dir(path)
	}
	for at := folder; ; at = filepath.Dir(at) {
		if _, err := os.Lstat(filepath.Join(at, ".git")); err == nil {
			return at
		}
		if at == filepath.Dir(at) {
			return folder
		}
	}
}

// rel names a path from the root, with slashes; empty if it is outside.
func (s *scanner) rel(path string) string {
	abs, err := filepath.Abs(path)
	if err != nil {
		return ""
	}
	if rel, err := filepath.Rel(s.root, abs); err == nil && filepath.IsLocal(rel) {
		return filepath.ToSlash(rel)
	}
	return ""
}

// named is rel of a file that a request names, which may be by a link.
func (s *scanner) named(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	return s.rel(path)
}

// allows reports whether a file is left alone as a whole.
func (s *scanner) allows(file string) bool {
	if s.request.Baseline != "" && file == s.named(s.request.Baseline) {
		return true
	}
	for _, a := range s.detector.Config.Allowlists {
		alone := a.MatchCondition == config.AllowlistMatchOr || len(a.Commits)+len(a.Regexes)+len(a.StopWords) == 0
		if alone && a.PathAllowed(file) {
			return true
		}
	}
	return false
}
